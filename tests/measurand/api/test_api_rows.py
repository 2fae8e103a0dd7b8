from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from api_inputs import items

import measurand
from measurand import cli


def test_rows_keep_what_was_understood_and_every_row() -> None:
    rows = measurand.read(items(5))
    assert rows.items.table.num_rows == len(rows.rows()) == 60
    assert rows.rows()[0]["item_id"] == "q0"
    assert rows.to_dict()["account"]["read"][0]["rows"] == 60
    assert rows.to_polars().columns == rows.to_arrow().column_names


@pytest.mark.parametrize("seed", range(10))
def test_the_functions_json_is_the_commands(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    pl.DataFrame(items(seed), strict=False).write_csv(path)
    words = ["analyse", str(path), "--dry-run", "--cluster", "passage", "--format", "json"]
    assert cli.main(words) == 0
    printed = capsys.readouterr().out
    assert measurand.read(path, cluster="passage").to_json() == printed
    assert capsys.readouterr() == ("", "")
