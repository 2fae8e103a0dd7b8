from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml

from evaluators.personality.evaluate.context import View, subjects
from evaluators.personality.report import statistics
from evaluators.personality.shaping_sections import ASKED, concurrent_section, single_section
from measurand.reporting.document import Figure
from measurand.reporting.lookup import Figures
from schemas.personality.params import Params

ROOT = Path(__file__).parents[3]


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
    # Fisher's z: ((1.645 + .842) / (atanh .8 - atanh .4))^2 1.06 + 3 = 17.4.
    assert "18 where it is 0.8" in single.intro
    assert "Here are 2 biographies." in single.intro
    gates = yaml.safe_load((ROOT / "gates" / "personality.yaml").read_text(encoding="utf-8"))
    [gate] = [g for g in gates["gates"] if g["id"] == "follows-the-prompt"]
    assert gate["limit"] == ASKED
    drawn = {b.kind: b.data for b in (*single.blocks, *concurrent.blocks) if isinstance(b, Figure)}
    # 5 traits prompted x 5 measured x levels 1, 5, 9, two biographies each.
    assert len(drawn["ridges"]["cells"]) == 75
    assert all(len(cell["values"]) == 2 for cell in drawn["ridges"]["cells"])
    assert len(drawn["levels"]["rows"]) == 75
    for row in drawn["densities"]["rows"]:
        assert len(row["values"]["low"]) == len(row["values"]["high"]) == 4
