from __future__ import annotations

from pathlib import Path

import pytest

from measurand import times


def test_the_last_run_of_each_stage_is_kept(tmp_path: Path) -> None:
    assert times.last(tmp_path) == {}
    times.note(tmp_path, "build@a", 12.34)
    times.note(tmp_path, "report@a", 2)
    times.note(tmp_path, "build@a", 7.0)
    assert times.last(tmp_path) == {"build@a": 7.0, "report@a": 2.0}
    assert [p.name for p in (tmp_path / "journal").iterdir()] == ["times.json"]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"build@a": "long"}', '{"build@a": null}'])
def test_what_is_no_table_of_times_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / times.FILE).write_text(text)
    assert times.last(tmp_path) == {}
    times.note(tmp_path, "build@b", 1.0)
    assert times.last(tmp_path) == {"build@b": 1.0}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (425.4, "7 min 05 s"), (3599.7, "1 h 00 min"),
     (3725, "1 h 02 min")],
)  # fmt: skip
def test_durations_in_words(seconds: float, words: str) -> None:
    assert times.in_words(seconds) == words
