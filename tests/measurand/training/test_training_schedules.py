from __future__ import annotations

import pytest
import torch

from measurand.training.schedules import one_cycle, warm_then


def test_rates_rise_and_fall() -> None:
    asked = {"peak": 1.0, "steps": 100, "warmup": 10}
    found = [warm_then(s, shape="cosine", **asked)["lr"] for s in (0, 9, 10, 55, 99)]  # type: ignore[arg-type]
    assert found == pytest.approx([0.1, 1.0, 1.0, 0.5, 0.0003], abs=1e-3)
    assert warm_then(99, **asked) == {"lr": 1.0}  # type: ignore[arg-type]
    assert warm_then(0, peak=0.5, steps=3) == {"lr": 0.5}


@pytest.mark.parametrize("steps", [7, 20, 333])
def test_one_cycle_is_that_of_pytorch(steps: int) -> None:
    optimiser = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=1e-3)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-3, total_steps=steps)
    for step in range(steps):
        [group] = optimiser.param_groups
        found = one_cycle(step, peak=1e-3, steps=steps)
        assert (found["lr"], found["betas"]) == (group["lr"], tuple(group["betas"]))
        optimiser.step()
        if step + 1 < steps:
            theirs.step()
