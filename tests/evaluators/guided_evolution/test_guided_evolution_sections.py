from __future__ import annotations

from evaluators.guided_evolution.context import View
from evaluators.guided_evolution.sections import (
    curve_section,
    health_section,
    method_section,
    oracle_section,
    price_section,
    reached_section,
    setting_section,
)
from measurand.report.document import Document, Figure, Section, Table, to_json


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


def test_methods_name_the_resamples(seen: View) -> None:
    section = method_section(seen)
    _tables(section)
    assert "B = 400" in section.blocks[0].text  # type: ignore[union-attr]
