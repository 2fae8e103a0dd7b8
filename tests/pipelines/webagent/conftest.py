from __future__ import annotations

from pathlib import Path

import pytest
from webagent_pages import corpus_of, write_hard, write_pages

from pipelines.webagent import corpus


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four pages, four that are hard to read, four that are none."""
    folder = tmp_path_factory.mktemp("webagent") / "pages"
    write_pages(folder, 24)
    write_hard(folder)
    return folder


@pytest.fixture(scope="session")
def built(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their corpus, built in this process."""
    out = tmp_path_factory.mktemp("webagent") / "dataset"
    corpus.write(corpus_of(pages), out, "FnApiRunner", kept=out.parent)
    return out
