from __future__ import annotations

from pathlib import Path

import pytest
from guided_evolution_world import params, times, write

from evaluators.guided_evolution.context import View
from evaluators.guided_evolution.opening import main_method, opening
from evaluators.guided_evolution.report import statistics, view


def _opening(folder: Path, **changed: int) -> str:
    write(folder, times(**changed))
    table = statistics(folder, folder / "results", params())
    found = opening(view(folder, folder / "results", table, params()))
    assert found is not None
    return "\n".join(found.findings)


def test_savings_are_told_with_their_price_and_controls(seen: View) -> None:
    found = opening(seen)
    assert found is not None
    first, time, knows, controls = found.findings
    assert "Times fewer: fewer on cora 2.1" in first
    assert "pays from a cost of an evaluation of: cora" in time
    assert "cora 0.7" in knows
    assert "with shuffled labels cora" in controls
    assert "right in 100% cora" in controls
    assert found.figure is not None
    assert found.figure["model"] == "pam_rt"
    method = main_method(seen.found)
    assert method is not None
    assert method.id == "pam_rt"


@pytest.mark.parametrize(("mean", "words"), [(32, "more on cora 0.7"), (24, "undecided on cora")])
def test_what_does_not_save_is_told_as_plainly(mean: int, words: str, tmp_path: Path) -> None:
    assert words in _opening(tmp_path, pam_rt=mean)
