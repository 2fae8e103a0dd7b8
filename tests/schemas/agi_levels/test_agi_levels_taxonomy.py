from __future__ import annotations

from schemas.agi_levels.taxonomy import AUTONOMY, CUTS, FIRST_CUT, LEVELS, PRINCIPLES


def test_levels_are_those_of_the_paper() -> None:
    assert [level.name for level in LEVELS] == [
        "No AI", "Emerging", "Competent", "Expert", "Virtuoso", "Superhuman",
    ]  # fmt: skip
    assert tuple(level.cut for level in LEVELS[FIRST_CUT:5]) == CUTS == (0.5, 0.9, 0.99)
    assert LEVELS[4].aliases == ("Exceptional",)
    assert {level.reference for level in LEVELS[2:5]} == {"skilled adults"}
    assert LEVELS[1].reference == "unskilled adults"
    assert LEVELS[5].reference == "all humans"
    assert LEVELS[5].cut is None


def test_autonomy_is_another_axis() -> None:
    assert [level.name for level in AUTONOMY] == [
        "No AI", "Tool", "Consultant", "Collaborator", "Expert", "Agent",
    ]  # fmt: skip
    assert [level.number for level in AUTONOMY] == list(range(6))
    assert all(level.risks for level in AUTONOMY)
    assert len(PRINCIPLES) == 6
