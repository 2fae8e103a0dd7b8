from __future__ import annotations

from pathlib import Path

from evaluators.agi_levels.opening import opening, strip
from evaluators.agi_levels.placing import Placement
from evaluators.agi_levels.report import HEADLINES, statistics, view
from measurand.stats.estimate import Estimate
from schemas.agi_levels.params import Params


def test_the_first_screen_says_where_models_and_controls_stand(
    results: Path, data: Path, small: Params
) -> None:
    shown = view(data, results, statistics(data, results, small), small)
    found = opening(shown)
    assert found is not None
    assert found.findings[0].startswith("film: synthetic:uniform is ahead of")
    assert any("lies above" in line and "without a group" in line for line in found.findings)
    assert any(line.startswith("No general level") for line in found.findings)
    assert any("rater 0." in line for line in found.findings)
    assert found.figure is not None
    assert found.figure["metric"] in HEADLINES
    assert shown.figures.get("synthetic:uniform", "ahead", corpus="film", reading="rating")


def test_one_group_makes_no_strip() -> None:
    one = Placement("m", "t", "n", "adults", p=(1.0, 0.0, 0.0), place=Estimate(0.7))
    assert strip([one]) == ""
    two = Placement("m", "t", "o", "others", p=(1.0, 0.0, 0.0), place=Estimate(0.4))
    assert strip([one, two]).startswith("One score of m on t lies above 70% of adults; 40%")
