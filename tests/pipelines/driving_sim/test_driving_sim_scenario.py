from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pipelines.driving_sim.scenario import Scenario, fault


def changed(scenario: Scenario, name: str, index: object, value: float) -> Scenario:
    part = getattr(scenario, name).copy()
    part[index] = value
    return dataclasses.replace(scenario, **{name: part})


@pytest.mark.parametrize(
    ("name", "index", "value", "reason"),
    [
        ("valid", (0, 10), False, "not there at step 10"),
        ("track", (0, 20, 1), np.nan, "not a number"),
        ("track", (0, 20, 3), np.inf, "not a number"),
        ("track", (0, 20, 0), 1e4, "faster than 60"),
        ("size", (0, 1), 0.0, "size"),
        ("size", (0, 2), np.nan, "size"),
        ("path", (0, 3, 0), np.nan, "path"),
        ("z", (0, 3), np.nan, "not a number"),
    ],
)
def test_what_cannot_be_driven_is_named(
    scenarios: list[Scenario], name: str, index: object, value: float, reason: str
) -> None:
    found = fault(changed(scenarios[0], name, index, value))
    assert found is not None
    assert reason in found


def test_what_is_not_valid_may_be_anything(scenarios: list[Scenario]) -> None:
    scenario = next(s for s in scenarios if not s.valid.all())
    gone = np.argwhere(~scenario.valid)[0]
    assert fault(changed(scenario, "track", tuple(gone), np.nan)) is None


def test_steps_are_counted(scenarios: list[Scenario]) -> None:
    short = dataclasses.replace(scenarios[0], valid=scenarios[0].valid[:, :-1])
    assert "steps" in str(fault(short))
