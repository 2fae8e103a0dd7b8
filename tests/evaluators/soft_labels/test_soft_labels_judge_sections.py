from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from evaluators.soft_labels.context import Material, View
from evaluators.soft_labels.judge_sections import judge_section, label_section
from evaluators.soft_labels.report import statistics
from measurand.reporting.document import Figure, Table
from measurand.reporting.lookup import Figures
from schemas.soft_labels.params import Params


def test_every_judge_is_shown_with_what_is_allowed(everything: Material, figures: Figures) -> None:
    section = judge_section(View(everything, figures))
    assert section is not None
    forest, orders = section.blocks[:2]
    assert isinstance(forest, Figure)
    assert forest.data["bands"] == [{"low": -0.3, "high": 0.3, "label": "allowed"}]
    assert len(forest.data["rows"]) == 6  # two judges; two wordings each, and both together
    assert isinstance(orders, Table)
    assert [row[0] for row in orders.rows] == ["fair, film", "leaning, film"]
    agreement = next(b for b in section.blocks if isinstance(b, Table) and "labels" in b.caption)
    assert [row[0] for row in agreement.rows][-1] == "learned, film"


def test_exchange_of_places_counts_every_pair(everything: Material, figures: Figures) -> None:
    section = judge_section(View(everything, figures))
    assert section is not None
    shown = [b for b in section.blocks if isinstance(b, Figure) and b.kind == "histogram"]
    assert [sum(b.data["counts"]) for b in shown] == [60, 60]


def test_without_judges_and_people_there_is_no_section(
    everything: Material, params: Params, tmp_path: Path
) -> None:
    nobody = dataclasses.replace(
        everything,
        judgements=everything.judgements.clear(),
        instruments=everything.instruments.clear(),
    )
    empty = Figures(statistics(tmp_path, tmp_path, params))
    assert judge_section(View(nobody, empty)) is None


def test_labels_show_what_was_asked_for(everything: Material, figures: Figures) -> None:
    picture, table = label_section(View(everything, figures)).blocks
    assert isinstance(picture, Figure)
    shares = [r["estimate"] for r in picture.data["rows"] if r["series"] == "asked for"]
    assert shares == pytest.approx([5 / 15, 4 / 15, 3 / 15, 2 / 15, 1 / 15], abs=0.01)
    assert isinstance(table, Table)
    assert len(table.rows) == 6
    assert table.rows[3][1] == "10 (10)"
