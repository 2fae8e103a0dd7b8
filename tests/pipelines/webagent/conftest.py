from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import webagent_planners
from webagent_pages import corpus_of, write_hard, write_pages

from pipelines.webagent import corpus
from schemas.webagent.params import Params


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


@pytest.fixture(scope="session")
def planners(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Params]:
    """A folder with ``dataset`` and ``checkpoint``, and their parameters."""
    folder = tmp_path_factory.mktemp("webagent_planners")
    shutil.copytree(built, folder / "dataset")
    return folder, webagent_planners.made(folder)
