from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evaluators.personality.evaluate.context import Subject, View, subjects
from evaluators.personality.report import statistics
from evaluators.personality.validity_sections import (
    bands_of,
    construct_section,
    criterion_section,
    reliability_section,
)
from measurand.reporting.document import Figure, Table
from measurand.reporting.lookup import Figures
from measurand.stats.bands import band
from schemas.personality.params import Params


@pytest.fixture(scope="module")
def found(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> tuple[list[Subject], Figures]:
    results = administer("synthetic:factor")
    return subjects(data, results, small), Figures(statistics(data, results, small))


def test_the_lowest_band_is_open_downwards(small: Params) -> None:
    table = bands_of(small.report.reliability_bands)
    assert band(-0.9, table) == "unacceptable"
    assert band(0.7, table) == "acceptable"


def test_every_asked_scale_has_a_row_with_its_reliability(
    found: tuple[list[Subject], Figures],
) -> None:
    section = reliability_section(View(*found))
    [table] = [b for b in section.blocks if isinstance(b, Table)]
    assert len(table.rows) == 5 + 5 + 7


def test_the_validity_diagonal_is_framed(found: tuple[list[Subject], Figures]) -> None:
    heat, _ = [b for b in construct_section(View(*found)).blocks if isinstance(b, Figure)]
    assert heat.data["outlined"] == [[i, i] for i in range(5)]
    assert all(value is not None for line in heat.data["values"] for value in line)


def test_criteria_show_expected_sign_and_anchors(found: tuple[list[Subject], Figures]) -> None:
    section = criterion_section(View(*found))
    assert section is not None
    bars, _ = [b for b in section.blocks if isinstance(b, Figure)]
    row = next(
        r for r in bars.data["rows"] if (r["label"], r["group"]) == ("Anxiety", "Neuroticism")
    )
    assert row["expected"] == 1
    assert row["anchors"]["people, PANAS"] == 0.58
