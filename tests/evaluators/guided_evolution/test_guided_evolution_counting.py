from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from guided_evolution_world import params, times, write

from evaluators.guided_evolution.context import material
from evaluators.guided_evolution.counting import counting_rows
from measurand.reporting.lookup import Figures


def _found(folder: Path, **fault: Any) -> dict[tuple[str, str, str], float | None]:
    write(folder, times(), **fault)
    rows = counting_rows(material(folder, folder / "results", params()))
    return {(r["model"], r["metric"], r["slice"]): r["estimate"] for r in rows}


def test_shares_are_of_all_that_was_drawn(figures: Figures) -> None:
    assert figures.value("pam_rt", "duplicates", task="cora") == 0.5
    assert figures.value("pam_rt", "failed", task="cora") == 0
    assert figures.value("pam_rt", "judged", task="cora") == pytest.approx(27 / 40)
    assert figures.get("evolution", "judged", task="cora") is None


def test_honest_searches_have_no_fault(tmp_path: Path) -> None:
    found = _found(tmp_path)
    wrong = [v for (_, metric, _), v in found.items() if metric in ("repeated", "miscounted")]
    assert set(wrong) == {0}
    assert {v for (_, metric, _), v in found.items() if metric == "uncounted"} == {0}


def test_searches_that_come_out_otherwise_are_counted(tmp_path: Path) -> None:
    for differ in (0, 2):
        found = _found(tmp_path / str(differ), differ=differ)
        mine = {m: v for (m, metric, part), v in found.items() if metric == "unreplayed"}
        assert mine == dict.fromkeys(("evolution", "pam_rt"), float(differ > 0))


@pytest.mark.parametrize(
    ("fault", "metric", "wanted"),
    [
        ({"twice": True}, "repeated", 1),
        ({"miscounted": True}, "miscounted", 24),
        ({"calls": 1}, "uncounted", 12),
        ({"calls": -1}, "uncounted", 12),
        ({"timed": False}, "uncounted", None),
    ],
)
def test_faults_are_counted(
    fault: dict[str, Any], metric: str, wanted: int | None, tmp_path: Path
) -> None:
    found = _found(tmp_path, **fault)
    assert found["random", metric, "task=cora"] == wanted
