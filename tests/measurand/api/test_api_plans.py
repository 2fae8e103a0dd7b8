from __future__ import annotations

from pathlib import Path

import pytest

import measurand

SCORES = {"item_id": [*"abcdef"], "value": [0.2, 0.9, 0.4, 0.7, 0.6, 0.5], "metric": ["score"] * 6}


def gates(folder: Path, head: str = "results: none") -> Path:
    path = folder / "gates.yaml"
    gate = "{id: a, metric: score, test: threshold, limit: .4, min_n: 2, min_clusters: 2}"
    path.write_text(f"version: 1\n{head}\ngates: [{gate}]\n", encoding="utf-8")
    return path


def test_a_frame_and_the_rows_that_were_kept_of_it_give_one_plan(tmp_path: Path) -> None:
    measurand.analyse(SCORES, save=tmp_path / "rows")
    of_frame = measurand.plan(gates(tmp_path), SCORES, truth=0.6)
    of_rows = measurand.plan(gates(tmp_path), tmp_path / "rows", truth=0.6)
    assert of_frame.record["gates"] == of_rows.record["gates"]
    [row] = of_frame.rows()
    assert row["clusters"] == row["items"] == row["calls"]
    assert of_frame.to_arrow().num_rows == 1


def test_another_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(measurand.MeasurandError) as error:
        measurand.plan(gates(tmp_path, "system: chess"), SCORES)
    assert error.value.code == "other_system"
