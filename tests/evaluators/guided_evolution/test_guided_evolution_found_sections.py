from __future__ import annotations

from evaluators.guided_evolution.context import View
from evaluators.guided_evolution.found_sections import judge_section, winner_section
from measurand.reporting.document import Document, Figure, Table, to_json


def test_what_the_network_knew_is_told_by_whom_it_compared(seen: View) -> None:
    section = judge_section(seen)
    assert section is not None
    assert to_json(Document("t", "s", None, (section,)))
    right, rich, curve = section.blocks
    assert isinstance(right, Table)
    assert len(right.rows) == 2 * 4 * 3
    assert isinstance(rich, Table)
    assert len(rich.rows) == 8
    assert isinstance(curve, Figure)
    rows = [r for r in curve.data["rows"] if r["panel"] == "cora" and r["series"] == "pam_rt"]
    assert len(rows) == 7
    assert all(0.4 < r["estimate"] <= 1 for r in rows)


def test_winners_stand_beside_what_they_are_worth_elsewhere(seen: View) -> None:
    section = winner_section(seen)
    assert to_json(Document("t", "s", None, (section,)))
    winners, best, drawn = section.blocks
    assert isinstance(drawn, Figure)
    assert [row["label"] for row in drawn.data["rows"]] == ["input", "gcn"]
    assert isinstance(winners, Table)
    assert isinstance(best, Table)
    assert best.rows[0][0] == "cora, 1"
    assert best.rows[0][3] == "gcn(input)"
