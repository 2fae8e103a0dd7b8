from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evaluators.personality.evaluate.context import View, subjects
from evaluators.personality.quality_sections import (
    instrument_section,
    method_section,
    quality_section,
)
from evaluators.personality.report import statistics
from measurand.reporting.costs import cost_section
from measurand.reporting.document import Figure, Table, Text
from measurand.reporting.lookup import Figures
from schemas.personality.params import Params


def test_quality_instruments_cost_and_methods(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> None:
    results = administer("synthetic:factor")
    everyone = subjects(data, results, small)
    quality = quality_section(View(everyone, Figures(statistics(data, results, small))))
    [histogram] = [b for b in quality.blocks if isinstance(b, Figure)]
    assert sum(histogram.data["counts"]) == everyone[0].responses.height

    [listed] = [b for b in instrument_section(View(everyone)).blocks if isinstance(b, Table)]
    assert {row[3] == "asked" for row in listed.rows} == {True, False}

    [cost] = [b for b in cost_section(View([], results=results)).blocks if isinstance(b, Table)]
    asked = everyone[0].responses.height + 32  # and the retest
    assert sum(int(str(row[1])) for row in cost.rows) == asked

    [methods] = [b for b in method_section(View(everyone)).blocks if isinstance(b, Text)]
    assert "2307.00184" in methods.text
