from __future__ import annotations

import dataclasses

import pytest

from evaluators.soft_labels.bandit_sections import bandit_section
from evaluators.soft_labels.context import Material, View
from measurand.reporting.document import Figure
from measurand.reporting.lookup import Figures


@pytest.mark.integration
def test_both_temperatures_and_the_axis_of_steps(everything: Material, figures: Figures) -> None:
    section = bandit_section(View(everything, figures))
    assert section is not None
    rewards, _, policies = (b for b in section.blocks if isinstance(b, Figure))
    rows = rewards.data["rows"]
    assert list(dict.fromkeys(r["panel"] for r in rows)) == [
        "T = 1, beta = 0.3",
        "T = 0.25, beta = 0.1",
    ]
    assert sorted({r["x"] for r in rows}) == [0, 5, 10]
    drawn = [r for r in policies.data["rows"] if r["panel"] == "T = 1, beta = 0.3"]
    for name in ("dpo", "cdpo", "gdpo", "data"):
        line = [r["estimate"] for r in drawn if r["series"] == name]
        assert len(line) == 100
        assert sum(line) == pytest.approx(1)
    bare = dataclasses.replace(everything, bandit=everything.bandit.clear())
    assert bandit_section(View(bare, figures)) is None
