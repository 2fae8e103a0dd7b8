from __future__ import annotations

from evaluators.driving_sim import sections
from measurand.reporting.document import Table
from measurand.reporting.view import View


def tables(section: object) -> list[Table]:
    return [b for b in section.blocks if isinstance(b, Table)]  # type: ignore[attr-defined]


def test_every_world_has_a_table_of_all_drivers_with_its_floor(seen: View) -> None:
    found = tables(sections.planner_section(seen))
    assert len(found) == 2
    replay, reacting = found
    assert [row[0] for row in reacting.rows] == seen.found.planners
    assert "0.050" in reacting.notes[0]
    assert "0.000" in replay.notes[0]
    floor = reacting.columns.index("crash over the floor")
    expert = next(row for row in reacting.rows if row[0] == "expert")
    assert expert[floor] == {"value": None, "reason": "not asked"}


def test_routes_by_place_and_world(seen: View) -> None:
    section = sections.route_section(seen)
    assert section is not None
    first = tables(section)[0]
    assert [row[0] for row in first.rows] == [
        "all", "where there is a choice", "cross", "curve", "fork", "tee",
    ]  # fmt: skip


def test_controls_have_three_tables(seen: View) -> None:
    section = sections.control_section(seen)
    assert section is not None
    assert len(tables(section)) == 3


def test_the_matrix_has_a_contrast_beside_it(seen: View) -> None:
    section = sections.transfer_section(seen)
    assert section is not None
    [matrix] = tables(section)
    assert len(matrix.rows) == 2
    assert len(matrix.columns) == 7
    [figure] = [b for b in section.blocks if not isinstance(b, Table)]
    assert len(figure.data["rows"]) == 3  # type: ignore[union-attr]


def test_spaces_and_traffic(seen: View) -> None:
    section = sections.space_section(seen)
    assert section is not None
    assert len(tables(section)[0].rows) == 2
    [agents] = tables(sections.agent_section(seen))
    assert len(agents.rows) == 2
