from __future__ import annotations

import json
from pathlib import Path

import pytest

from measurand.errors import InputError
from measurand.outputs import as_json, drawn, refuse_existing, write
from measurand.reporting.document import Document, Section, Text


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    out = tmp_path / "page.txt"
    refuse_existing(out)
    write("first", out)
    for act in (lambda: refuse_existing(out), lambda: write("second", out)):
        with pytest.raises(InputError, match="exists") as refused:
            act()
        assert refused.value.code == "file_exists"
    assert out.read_text() == "first"
    with pytest.raises(InputError, match="no folder"):
        refuse_existing(tmp_path / "none" / "page.txt")
    refuse_existing(tmp_path / "none" / "page.txt", folder_too=False)
    with pytest.raises(InputError) as refused:
        write("x", tmp_path / "none" / "page.txt")
    assert refused.value.code == "no_file"


def test_without_a_file_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    write("shown\n", None)
    refuse_existing(None)
    assert capsys.readouterr().out == "shown\n"


def test_a_record_is_json_or_nothing() -> None:
    assert json.loads(as_json({"ä": 0.1, "none": None})) == {"ä": 0.1, "none": None}
    with pytest.raises(ValueError, match="JSON"):
        as_json({"x": float("nan")})


def test_every_form_is_drawn_from_one_document() -> None:
    made = Document("Title", "about", None, (Section("Part", (Text("words"),)),))
    for form in ("text", "md", "html"):
        assert "words" in drawn(made, form)
