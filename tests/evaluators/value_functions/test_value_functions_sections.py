from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evaluators.value_functions import claims, sections
from evaluators.value_functions.report import statistics, view
from measurand.reporting.document import Figure, Table
from measurand.reporting.figures import draw
from measurand.reporting.view import View
from schemas.value_functions.params import Params


@pytest.fixture(scope="module")
def seen(results: Path, params: Params) -> View:
    return view(results, results, statistics(results, results, params), params)


def test_every_run_has_a_table_of_losses_and_controls(seen: View) -> None:
    section = sections.run_section(seen)
    assert len(section.blocks) == 8
    chess = next(b for b in section.blocks if isinstance(b, Table) and "chess:" in b.caption)
    assert chess.columns == ("loss", "score", "regret", "tau", "won", "elo")
    heads = [row[0]["text"] for row in chess.rows if isinstance(row[0], dict)]
    assert heads == ["mse", "two_hot", "hl_gauss", "constant", "material"]
    assert any("3 items have no tau" in note for note in chess.notes)


def test_curves_over_noise_width_and_shifts(seen: View) -> None:
    section = sections.curve_section(seen)
    assert section is not None
    noise, width, shifts = (block for block in section.blocks if isinstance(block, Figure))
    assert {row["x"] for row in noise.data["rows"]} == {0.0, 1.0}
    assert {row["x"] for row in width.data["rows"]} == {16, 64}
    assert {row["x"] for row in shifts.data["rows"]} == {0.0, 8.0}


def test_a_curve_over_weights_of_the_penalty(seen: View) -> None:
    base = next(run for run in seen.found.params.train.runs if run.id == "wordle")
    more = base.model_copy(update={"id": "breakout", "conservative": 1.0})
    free = base.model_copy(update={"id": "chess", "conservative": 0.0})
    train = seen.found.params.train.model_copy(update={"runs": (base, more, free)})
    given = seen.found.params.model_copy(update={"train": train})
    found = replace(seen.found, params=given)
    [block] = sections.curve_section(replace(seen, found=found)).blocks  # type: ignore[union-attr]
    assert isinstance(block, Figure)
    assert {row["x"] for row in block.data["rows"]} == {0.0, 0.1, 1.0}
    assert "<svg" in draw(block, "x", 720.0)
    # The one that is named first is what is said of Wordle; the others say what the weight does.
    assert [run.id for run in claims.plain_runs(found)] == ["wordle"]


def test_the_grid_is_shown_with_what_was_picked(seen: View) -> None:
    table, score, loss = sections.tuning_section(seen).blocks
    assert isinstance(score, Figure)
    assert isinstance(loss, Figure)
    assert isinstance(table, Table)
    assert table.columns[1:] == ["0.001", "0.003"]
    assert all(str(row[2]).endswith("*") and not str(row[1]).endswith("*") for row in table.rows)
    assert table.rows[0][1] == "1.2"
    assert "end of the grid" in table.notes[1]
    assert "chess hl_gauss" in table.notes[1]


def test_insides_and_methods(seen: View) -> None:
    table, _ = sections.representation_section(seen).blocks
    assert isinstance(table, Table)
    assert len(table.rows) == 8 * 3
    assert len(sections.method_section(seen).blocks) == 2
    assert "raises the score" in sections.summary_section(seen).blocks[0].text  # type: ignore[union-attr]
