from __future__ import annotations

from pathlib import Path
from typing import Any

import driving_sim_small as small
import pyarrow as pa
import pytest

from evaluators.driving_sim.context import material
from evaluators.driving_sim.counted import count_rows, expert_rows
from measurand.reporting.lookup import Figures
from schemas.driving_sim.params import Params


@pytest.mark.integration
def test_counts_of_a_sound_instrument(table: pa.Table) -> None:
    figures = Figures(table)
    for metric in ("log_overlap", "rebuilt_unequal", "missing_share", "rejected_share"):
        row = figures.get("data", metric)
        assert row is not None
        assert (row["estimate"], row["ci_lo"]) == (0, None)
    assert figures.value("expert", "collision_here", others="idm") == pytest.approx(0.05)
    ratio = figures.value("brake", "collision_ratio_here", others="idm", over="playback")
    assert ratio == pytest.approx(0.05 / 0.7)


def test_what_was_not_tried_is_null_with_a_reason(params: Params, tmp_path: Path) -> None:
    def never(table: str, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "rebuilt": None} if table == "checks" else row

    folder = small.write(tmp_path, params, never)
    rows = {r["metric"]: r for r in count_rows(material(folder, folder, params))}
    assert rows["rebuilt_unequal"]["estimate"] is None
    assert rows["rebuilt_unequal"]["reason"] == "no made scenario was made again"


def test_a_drive_that_is_missing_is_counted(params: Params, results: Path) -> None:
    from dataclasses import replace

    found = material(results, results, params)
    fewer = replace(found, drives=found.drives[: found.drives.height - 2])
    rows = {r["metric"]: r for r in count_rows(fewer)}
    wanted = len(found.planners) * 2 * 80
    assert rows["missing_share"]["estimate"] == pytest.approx(2 / wanted)
    assert len(list(expert_rows(found))) == 10
