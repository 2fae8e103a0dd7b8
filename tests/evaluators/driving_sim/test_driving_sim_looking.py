from __future__ import annotations

import polars as pl
import pytest

from evaluators.driving_sim import looking
from measurand.reporting.document import Figure, Table
from measurand.reporting.view import View


def test_films_show_every_place_and_the_first_failure_of_everybody(seen: View) -> None:
    section = looking.film_section(seen)
    assert section is not None
    assert section.folded
    titles = [block.title for block in section.blocks if isinstance(block, Figure)]
    assert titles[:2] == [
        "curve: bc_route among reacting cars (curve-1)",
        "fork: bc_route among reacting cars (fork-2)",
    ]
    assert any(title.startswith("First failure of bc_none") for title in titles)
    assert all(len(block.data["rows"]) == 5 for block in section.blocks)  # type: ignore[union-attr]


def test_failures_add_up_over_time() -> None:
    steps = {
        "collision_step": [20, None, None, 90],
        "off_road_step": [None, 60, None, None],
        "off_route_step": [15, None, None, None],
    }
    found = list(looking.failed_by(pl.DataFrame(steps)))
    assert len(found) == 8
    assert found[0] == (pytest.approx(1.0), 0.25)
    assert found[4] == (pytest.approx(5.0), 0.5)
    assert found[-1] == (pytest.approx(8.0), 0.75)
    assert list(looking.failed_by(None)) == []


def test_times_training_and_speed_are_pictures(seen: View) -> None:
    [times] = looking.time_section(seen).blocks
    assert isinstance(times, Figure)
    assert {row["series"] for row in times.data["rows"]} >= {"expert", "idm", "bc_route"}
    training = looking.training_section(seen)
    assert training is not None
    assert len(training.blocks) == 2
    speed = looking.speed_section(seen)
    assert speed is not None


def test_data_and_methods(seen: View) -> None:
    [table] = looking.data_section(seen).blocks
    assert isinstance(table, Table)
    assert [row[1] for row in table.rows] == ["cross", "curve", "fork", "tee"]
    assert all(row[2] == "Apache-2.0" for row in table.rows)
    assert table.notes == ["No scenario was left out."]
    assert "2 times" in looking.method_section(seen).blocks[0].text  # type: ignore[union-attr]
