from __future__ import annotations

from pathlib import Path

from evaluators.agi_levels.rater_sections import (
    item_section,
    method_section,
    quality_section,
    rater_section,
)
from evaluators.agi_levels.report import statistics, view
from measurand.reporting.document import Document
from measurand.reporting.render import to_markdown
from schemas.agi_levels.params import Params


def test_raters_items_and_methods(results: Path, data: Path, small: Params) -> None:
    shown = view(data, results, statistics(data, results, small), small)
    raters, items = rater_section(shown), item_section(shown)
    assert raters is not None
    assert items is not None
    assert len(raters.blocks[0].rows) == 8  # type: ignore[union-attr]
    assert quality_section(shown) is None  # nobody but controls was asked
    text = to_markdown(Document("t", "", None, (raters, items, method_section(shown))))
    assert "oracle:consensus" in text
    assert "lsat/section_7" in text
    assert "Limits" in text
    assert "{" not in text
