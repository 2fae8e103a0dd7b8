from __future__ import annotations

from evaluators.agi_levels.pictures import breadth, family_map, ladder
from evaluators.agi_levels.placing import Placement
from evaluators.agi_levels.profile import profile
from measurand.reporting.document import Document, Section
from measurand.reporting.render import to_html
from measurand.stats.estimate import Estimate
from schemas.agi_levels.norms import Task
from schemas.agi_levels.params import Rules

PLACED = Placement(
    *("m", "t", "n", "adults", "skilled", "raw"),
    place=Estimate(0.7, ci_lo=0.6, ci_hi=0.8),
    p=(0.99, 0.01, 0.0),
    level=2,
)
KNOWN = {"t": Task(id="t", families=("linguistic", "social"))}


def test_pictures_show_what_they_are_given() -> None:
    found = profile("m", [PLACED], KNOWN, Rules())
    figures = (ladder([PLACED]), family_map(found), breadth([found]))
    page = to_html(Document("t", "", None, (Section("s", figures),)))
    assert "Competent" in page
    assert "linguistic (1)" in page
    assert figures[0].data["rows"][0]["estimate"] == 0.7
    assert figures[1].data["values"] == [[0.99, 0.01, 0.0]] * 2


def test_nothing_to_show_is_said() -> None:
    assert "no score" in ladder([Placement("m", "t")]).data["reason"]
    assert "no task" in breadth([profile("m", [], {}, Rules())]).data["reason"]
