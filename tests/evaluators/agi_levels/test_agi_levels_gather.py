from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from evaluators.agi_levels.gather import NO_NORM, NO_RUN, calibrations, horizons, placements
from evaluators.agi_levels.placing import Result
from pipelines.agi_levels import shipped
from schemas.agi_levels.norms import Norm, Task
from schemas.agi_levels.params import Rules

NORM: TypeAdapter[Norm] = TypeAdapter(Norm)
Made = Callable[..., dict[str, Any]]


def result(task: str, values: list[float], items: list[str] | None = None) -> Result:
    names = tuple(items or map(str, range(len(values))))
    return Result("m", Task(id=task), names, np.array(values), names)


def test_what_is_missing_on_either_side_is_a_row(norms_file: Made) -> None:
    norm = NORM.validate_python(norms_file(task="with people", counts={0.5: 30}))
    found = placements([result("without", [1.0, 0.0])], [norm], Rules(), 200, ())
    rows = {(p.model, p.task, p.norm): p for p in found}
    assert rows["m", "without", "-"].words == NO_NORM
    assert rows["m", "without", "-"].score == 0.5
    assert rows["-", "with people", "n"].words == NO_RUN
    assert all(p.level is None for p in found)


def test_neither_order_nor_company_changes_a_place() -> None:
    norms, _ = shipped.read("psych")
    own = result("lsat_section_6", [1.0, 1.0, 0.0, 1.0, 1.0], ["Q1", "Q2", "Q3", "Q4", "Q5"])
    other = result("lsat_section_7", [1.0, 0.0, 0.0, 1.0, 1.0], ["Q1", "Q2", "Q3", "Q4", "Q5"])
    both = placements([own, other], norms, Rules(), 200, ("w",))
    turned = placements([other, own], norms[::-1], Rules(), 200, ("w",))
    assert both == turned
    alone = placements([own], norms, Rules(), 200, ("w",))
    assert [p for p in both if p.task == own.task] == [p for p in alone if p.task == own.task]


def test_items_of_people_are_calibrated_and_models_compared() -> None:
    norms, _ = shipped.read("psych")
    own = result("lsat_section_6", [1.0, 1.0, 1.0, 1.0, 0.0], ["Q1", "Q2", "Q3", "Q4", "Q5"])
    first, second = calibrations(norms, [own])
    assert first.models == ("m",)
    assert first.bias is not None
    assert first.bias.observed.tolist() == [1, 1, 1, 1, 0]
    assert min(p for p in first.bias.adjusted if p is not None) > 0.05
    assert second.bias is None
    assert first.items.slope == pytest.approx([0.825, 0.723, 0.890, 0.689, 0.657], abs=2e-3)


def test_horizons_stand_beside_levels(norms_file: Made) -> None:
    rng = np.random.default_rng(0)
    items = [f"i{k}" for k in range(120)]
    minutes = np.exp2(rng.uniform(0, 8, 120))
    p = 1 / (1 + np.exp(np.log2(minutes) - 4))
    own = result("t", (rng.random(120) < p).astype(float).tolist(), items)
    norm = NORM.validate_python(
        norms_file(kind="time", minutes=dict(zip(items, minutes.tolist(), strict=True)))
    )
    found = horizons([own], [norm], 200, ("h",))
    half, most = found["m", "n", 0.5], found["m", "n", 0.8]
    assert half.ci_lo < 16 < half.ci_hi
    assert most.value < half.value
    nothing = horizons([result("t", [1.0], ["z"])], [norm], 200, ("h",))["m", "n", 0.5]
    assert nothing.reason == "none of the items has minutes of people"
