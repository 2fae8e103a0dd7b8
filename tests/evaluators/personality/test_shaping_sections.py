from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evaluators.personality.context import View, subjects
from evaluators.personality.report import statistics
from evaluators.personality.shaping_sections import concurrent_section, single_section
from measurand.report.document import Figure
from measurand.report.lookup import Figures
from schemas.personality.params import Params


def test_pictures_hold_every_frame(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> None:
    results = administer("synthetic:shaped")
    everyone = subjects(data, results, small)
    figures = Figures(statistics(data, results, small))
    single, concurrent = (
        single_section(View(everyone, figures)),
        concurrent_section(View(everyone, figures)),
    )
    assert single is not None
    assert concurrent is not None
    drawn = {b.kind: b.data for b in (*single.blocks, *concurrent.blocks) if isinstance(b, Figure)}
    # 5 traits prompted x 5 measured x levels 1, 5, 9, two biographies each.
    assert len(drawn["ridges"]["cells"]) == 75
    assert all(len(cell["values"]) == 2 for cell in drawn["ridges"]["cells"])
    assert len(drawn["levels"]["rows"]) == 75
    for row in drawn["densities"]["rows"]:
        assert len(row["values"]["low"]) == len(row["values"]["high"]) == 4
