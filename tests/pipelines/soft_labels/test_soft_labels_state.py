from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pipelines.soft_labels.state import Place


def _trained(
    steps: int, weight: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.optim.AdamW]:
    weight = torch.ones(3, requires_grad=True) if weight is None else weight
    optimiser = torch.optim.AdamW([weight], lr=0.1)
    _go(weight, optimiser, steps)
    return weight, optimiser


def _go(weight: torch.Tensor, optimiser: torch.optim.AdamW, steps: int) -> None:
    for _ in range(steps):
        (weight**2 * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
        optimiser.step()
        optimiser.zero_grad()


def test_going_on_from_a_state_is_never_having_stopped(tmp_path: Path) -> None:
    whole, _ = _trained(7)
    weight, optimiser = _trained(4)
    place = Place(tmp_path / "deep" / "s.safetensors", "me")
    place.save({"w": weight}, optimiser, [{"step": at} for at in range(4)])
    other, its = _trained(0)
    assert place.load({"w": other}, its) == [{"step": at} for at in range(4)]
    _go(other, its, 3)
    assert torch.equal(other, whole)
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["s.safetensors"]


@pytest.mark.parametrize("damage", ["other", "missing", "half", "garbage"])
def test_a_state_that_is_not_its_own_is_not_used(tmp_path: Path, damage: str) -> None:
    weight, optimiser = _trained(2)
    path = tmp_path / "s.safetensors"
    Place(path, "me").save({"w": weight}, optimiser, [{}, {}])
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "half":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "garbage":
        path.write_bytes(b"\xff" * 100)
    fresh, its = _trained(0)
    assert Place(path, "you" if damage == "other" else "me").load({"w": fresh}, its) == []
    assert torch.equal(fresh, torch.ones(3))
