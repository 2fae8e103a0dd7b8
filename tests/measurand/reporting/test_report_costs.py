from __future__ import annotations

from pathlib import Path

from measurand import servers, shards
from measurand.costs import COSTS
from measurand.reporting.costs import cost_section
from measurand.reporting.document import Table
from measurand.reporting.view import View

ROW = {
    "model": "m", "part": "p", "calls": 10, "prompt_tokens": 100, "cached_tokens": 40,
    "seconds": 4.0, "fingerprint": "f", "dtype": "float32", "chat_template": True, "retries": 0,
}  # fmt: skip


def _table(folder: Path, *changes: dict[str, object]) -> Table:
    rows = [ROW | change for change in changes]
    table = COSTS.from_columns({name: [row[name] for row in rows] for name in ROW})
    shards.write_dataset(folder / "costs", COSTS, table)
    section = cost_section(View(None, results=folder))
    assert section is not None
    [found] = section.blocks
    assert isinstance(found, Table)
    return found


def test_a_part_a_line_without_those_that_computed_no_token(tmp_path: Path) -> None:
    table = _table(tmp_path, {}, {"part": "script", "prompt_tokens": 0})
    [row] = table.rows
    assert list(row[1:5]) == [10, 100, 40, 4.0]
    assert row[5] == {"value": 2.5, "reason": "no time was measured"}
    assert list(row[6:]) == ["float32", "yes"]


def test_scripts_alone_are_shown(tmp_path: Path) -> None:
    table = _table(tmp_path, {"prompt_tokens": 0, "seconds": 0.0, "chat_template": False})
    assert [row[0]["text"] for row in table.rows] == ["p"]  # type: ignore[index, call-overload]
    assert table.rows[0][5] == {"value": None, "reason": "no time was measured"}
    assert table.rows[0][7] == "no"


def test_retries_are_shown_where_there_were_some(tmp_path: Path) -> None:
    assert "tried again" not in _table(tmp_path / "calm", {}).columns
    table = _table(tmp_path / "trouble", {"retries": 3}, {"part": "q", "retries": None})
    assert table.columns[-1] == "tried again"
    assert [row[-1] for row in table.rows] == [3, None]


def test_without_calls_there_is_no_section(tmp_path: Path) -> None:
    assert cost_section(View(None, results=tmp_path)) is None


def test_what_each_of_several_servers_did_has_a_table(tmp_path: Path) -> None:
    _table(tmp_path, {})
    row = {"model": "m", "calls": 7, "prompt_tokens": 70, "cached_tokens": 30, "retries": 2}
    rows = [{**row, "server": "a", "left_out": None}, {**row, "server": "b", "left_out": "gone"}]
    servers.write(tmp_path, rows, parents={}, params={})
    section = cost_section(View(None, results=tmp_path))
    assert section is not None
    table = section.blocks[1]
    assert isinstance(table, Table)
    assert [row[1:] for row in table.rows] == [[7, 70, 30, 2, "no"], [7, 70, 30, 2, "gone"]]
