from __future__ import annotations

from pathlib import Path

from compwob_handmade import params, write

from evaluators.compwob.context import View, subjects
from evaluators.compwob.opening import opening
from evaluators.compwob.report import HEADLINES, statistics
from measurand.reporting.document import Opening
from measurand.reporting.lookup import Figures

AGENTS = {
    "oracle": lambda s: True,
    "zero_shot@m": lambda s: s.order == "single" or s.seed % 6 == 0,
    "forward_only": lambda s: s.order != "reverse",
}


def opened(folder: Path, agents: dict) -> tuple[Opening | None, Figures]:
    given = params(agents)
    results = write(folder, given, agents)
    everyone, figures = subjects(results, given), Figures(statistics(results, results, given))
    return opening(View(everyone, figures)), figures


def test_what_composing_costs_the_agent_that_is_measured_comes_first(tmp_path: Path) -> None:
    found, figures = opened(tmp_path, AGENTS)
    assert found is not None
    assert found.findings[0].startswith("zero_shot@m solves 1.00 [")
    assert "on the same problems composing lowers the share by 0." in found.findings[0]
    assert "script oracle solves 1.00" in found.findings[-1]
    assert found.figure is not None
    assert found.figure["metric"] in HEADLINES
    row = figures.get("zero_shot@m", "gap_base", order="forward")
    assert row is not None
    assert found.figure["slice"] == row["slice"]


def test_the_picture_shows_what_is_measured_between_the_controls(tmp_path: Path) -> None:
    found, _ = opened(tmp_path, AGENTS)
    assert found is not None
    assert found.picture is not None
    rows = found.picture.data["rows"]
    assert [row["group"] for row in rows] == ["oracle"] * 3 + ["zero_shot@m"] * 3
    assert [row["label"] for row in rows[:3]] == ["base tasks", "compositions", "reversed"]
    assert all(row["lower"] is not None for row in rows)


def test_scripts_alone_open_a_report_as_what_is_measured(tmp_path: Path) -> None:
    found, _ = opened(tmp_path, {"oracle": lambda s: True})
    assert found is not None
    assert found.findings[0].startswith("oracle solves")
    assert opening(View([])) is None
