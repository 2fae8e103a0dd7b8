"""The how-to page, run as printed on small pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from webagent_pages import rows, write_pages

from pipelines.webagent.html import PageError
from schemas.webagent.corpus_tables import CUT, EXAMPLES, MASKS, PAGES, PARTS, REPEATS, TOKENIZER

PAGE = Path(__file__).parents[3] / "docs/how-to/make-a-corpus-of-pages.md"


@pytest.mark.integration
def test_the_page_s_code_runs_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_pages(Path("my/pages"), 60)
    names: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        exec(code, names)
    history = rows(Path("html-t5"), "pretraining")
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]


def test_the_page_names_every_table_and_reason() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for table in (PAGES, PARTS, REPEATS, TOKENIZER, CUT, EXAMPLES, MASKS):
        assert f"| `{table.name.removeprefix('webagent.')}` |" in text
    folder = Path(__file__).parents[3] / "pipelines/webagent"
    written = "".join((folder / f"{n}.py").read_text(encoding="utf-8")
                      for n in ("html", "sources", "warc", "cleaning"))  # fmt: skip
    # Codes of errors of the user's own parameters stop a build and are no rows.
    stops = {"no_folder", "no_file", "no_site", "not_a_warc"}
    reasons = set(re.findall(r'(?:code|reason)="(\w+)"', written)) - stops
    reasons |= set(re.findall(r'Response\(address, offset, "(\w+)"', written))
    assert len(reasons) > 8
    assert not {reason for reason in reasons if f"`{reason}`" not in text}
    assert PageError.code not in reasons
