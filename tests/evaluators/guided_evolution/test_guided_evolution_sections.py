from __future__ import annotations

from dataclasses import replace

import polars as pl

from evaluators.guided_evolution.context import View
from evaluators.guided_evolution.sections import (
    curve_section,
    failures,
    health_section,
    method_section,
    oracle_section,
    price_section,
    reached_section,
    setting_section,
)
from measurand.reporting.document import Document, Figure, Section, Table, to_json


def _tables(section: Section | None) -> list[Table]:
    assert section is not None
    assert to_json(Document("t", "s", None, (section,)))
    return [block for block in section.blocks if isinstance(block, Table)]


def test_a_table_a_task_names_every_method(seen: View) -> None:
    first, second = _tables(reached_section(seen))
    assert [row[0] for row in first.rows] == [m.id for m in seen.found.params.build.methods]
    assert first.rows[0][1] == "11 of 12"
    assert first.caption.startswith("cora: reaching top")
    assert second.caption.startswith("physics")


def test_curves_are_drawn_against_evaluations_and_seconds(seen: View) -> None:
    section = curve_section(seen)
    _tables(section)
    kinds = [block for block in section.blocks if isinstance(block, Figure)]
    assert len(kinds) == 3
    assert all(len(figure.data["rows"]) > 50 for figure in kinds)


def test_prices_are_of_methods_with_a_network(seen: View) -> None:
    [table] = _tables(price_section(seen))
    assert [row[0] for row in table.rows][:2] == ["cora, pam_rt", "cora, pam"]


def test_the_network_stands_on_the_oracles_curve(seen: View) -> None:
    section = oracle_section(seen)
    _tables(section)
    assert section is not None
    [figure] = section.blocks
    assert isinstance(figure, Figure)
    series = {row["series"] for row in figure.data["rows"]}
    assert series == {"oracle", "pam_rt", "shuffled"}


def test_settings_and_counts_are_whole(seen: View) -> None:
    [settings] = _tables(setting_section(seen))
    assert settings.rows[0][-1] == "yes"
    [counts] = _tables(health_section(seen))
    assert len(counts.rows) == 18
    assert failures(seen.found) is None


def test_reasons_of_failures_are_counted(seen: View) -> None:
    steps = seen.found.steps.with_columns(
        status=pl.when(pl.col("step") < 3).then(pl.lit("failed")).otherwise("status"),
        failure=pl.when(pl.col("step") == 0).then(pl.lit("slow")).otherwise(pl.lit("wrong")),
    )
    table = failures(replace(seen.found, steps=steps))
    assert table is not None
    n = 9 * 12
    assert [row[1:] for row in table.rows] == [["wrong", 2 * n], ["slow", n]] * 2


def test_methods_name_the_resamples(seen: View) -> None:
    section = method_section(seen)
    _tables(section)
    assert "B = 400" in section.blocks[0].text  # type: ignore[union-attr]
