from __future__ import annotations

from pathlib import Path

import pytest
from toy_sides import items

from measurand.comparison.command import main
from measurand.errors import InputError
from measurand.results import LOGGED
from measurand.shards import write_dataset


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / "a", LOGGED, items())
    write_dataset(tmp_path / "b", LOGGED, items(0.3))
    return tmp_path


def test_every_format_twice_with_equal_bytes(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ("text", "json", "md", "html"):
        assert main(["a", "b", "--format", form]) == 0
        first = capsys.readouterr().out
        assert main(["a", "b", "--format", form]) == 0
        assert capsys.readouterr().out == first
        assert "toy, acc" in first
    assert main(["a", "b", "--format", "md", "--out", "c.md"]) == 0
    assert Path("c.md").read_text().startswith("# Comparison")
    with pytest.raises(InputError, match="exists"):
        main(["a", "b", "--out", "c.md"])
    with pytest.raises(InputError, match="a folder that exists"):
        main(["a", "b", "--out", "nowhere/c.md"])


def test_the_other_side_is_the_working_tree(folders: Path) -> None:
    with pytest.raises(InputError, match="no project here"):
        main(["a"])
