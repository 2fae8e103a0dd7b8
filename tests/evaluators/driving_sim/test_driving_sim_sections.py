from __future__ import annotations

import pytest

from evaluators.driving_sim import sections
from measurand.reporting.document import Table
from measurand.reporting.view import View


def tables(section: object) -> list[Table]:
    return [b for b in section.blocks if isinstance(b, Table)]  # type: ignore[attr-defined]


@pytest.mark.integration
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
    beside = reacting.columns.index("floor of the world")
    assert [row[beside]["value"] for row in reacting.rows] == pytest.approx(
        [0.05] * len(reacting.rows), abs=1e-3
    )


def test_routes_by_place_and_world(seen: View) -> None:
    section = sections.route_section(seen)
    assert section is not None
    first = tables(section)[0]
    assert [row[0] for row in first.rows] == [
        "all", "where there is a choice", "cross", "curve", "fork", "tee",
    ]  # fmt: skip


def test_what_a_sample_would_show_stands_beside_every_comparison(seen: View) -> None:
    """Of a rate's difference 2.8 standard errors, a little more where scenarios are few."""
    for made, metric in (
        (sections.planner_section(seen), "collision_difference"),
        (sections.route_section(seen), "off_route_difference"),
        (sections.space_section(seen), "collision_difference"),
    ):
        assert made is not None
        table = tables(made)[0]
        at = table.columns.index("would show")
        known = [row[at]["value"] for row in table.rows if row[at]["value"] is not None]
        rows = [r for m in seen.figures.models for r in seen.figures.metrics(m, metric) if r["se"]]
        assert known
        for value in known:
            assert any(2.79 * r["se"] < value < 3.2 * r["se"] for r in rows)
    matrix = sections.transfer_section(seen)
    assert matrix is not None
    assert "Would show" in matrix.blocks[-1].description  # type: ignore[union-attr]


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
