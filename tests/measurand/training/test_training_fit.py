from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from measurand.errors import InputError
from measurand.stats.resample import rng_for
from measurand.training import tensors
from measurand.training.fit import Fitted, Plan, State, fit
from measurand.training.schedules import one_cycle, warm_then

STEPS = 12


class Killed(Exception):
    pass


class Small:
    """Dropout, an expert that every third step leaves out, one that takes no part, an average."""

    def __init__(self) -> None:
        torch.manual_seed(3)
        self.net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 1))
        self.expert, self.idle = nn.Linear(4, 1), nn.Linear(4, 1)
        modules = {"net": self.net, "expert": self.expert, "idle": self.idle}
        self.weights = {
            f"{name}.{key}": w for name, m in modules.items() for key, w in m.named_parameters()
        }
        self.mean = torch.zeros(1)
        self.dies_at: int | None = None

    def batch(self, step: int) -> tuple[Tensor, Tensor, int]:
        if step == self.dies_at:
            raise Killed
        x = torch.from_numpy(rng_for("fit", step).normal(size=(6, 4))).float()
        return x, x.sum(1, keepdim=True), step

    def loss(self, batch: tuple[Tensor, Tensor, int]) -> tuple[Tensor, dict[str, Any]]:
        x, y, step = batch
        out = self.net(x) + (self.expert(x) if step % 3 == 1 else 0)
        with torch.no_grad():
            self.mean += 0.1 * (out.mean() - self.mean)
        error = (out - y).square().mean()
        return error, {"out": out.detach().mean()}

    def fit(self, path: Path | None = None, plan: Plan | None = None, **more: Any) -> Fitted:
        rates = partial(one_cycle, peak=1e-2, steps=STEPS)
        plan = plan or Plan(STEPS, rates, clip=0.5, log_every=2, save_every=4)
        state = None if path is None else State(path, "me")
        return fit(
            self.weights, self.batch, self.loss, plan, state, beside={"mean": self.mean}, seed=5,
            **more,
        )  # fmt: skip


def equal(one: Small, other: Small) -> bool:
    same = all(torch.equal(w, other.weights[name]) for name, w in one.weights.items())
    return same and torch.equal(one.mean, other.mean)


@pytest.mark.parametrize("dies_at", range(1, STEPS))
def test_a_killed_training_ends_in_the_same_bytes(tmp_path: Path, dies_at: int) -> None:
    whole, killed, again = Small(), Small(), Small()
    expected = whole.fit(tmp_path / "whole")
    killed.dies_at = dies_at
    with pytest.raises(Killed):
        killed.fit(tmp_path / "deep" / "s")
    torch.rand(7)  # whatever else draws between
    found = again.fit(tmp_path / "deep" / "s")
    assert equal(whole, again)
    assert found.rows == expected.rows
    for name, moment in expected.moments.items():
        assert torch.equal(moment, found.moments[name])
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["s"]
    about = [tensors.about(p) for p in (tmp_path / "whole", tmp_path / "deep" / "s")]
    for one in about:
        assert one is not None
        one.pop("seconds")
    assert about[0] == about[1]


@pytest.mark.parametrize("fused", [True, False])
def test_it_is_what_a_plain_loop_gives(*, fused: bool) -> None:
    mine, plain = Small(), Small()
    mine.net.eval(), plain.net.eval()
    found = mine.fit()
    optimiser = torch.optim.AdamW(plain.weights.values(), lr=1.0, fused=fused)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=STEPS)
    losses = []
    for step in range(STEPS):
        loss, _ = plain.loss(plain.batch(step))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(plain.weights.values(), 0.5)
        optimiser.step()
        if step + 1 < STEPS:
            schedule.step()
        losses.append(float(loss.detach()))
    # The same kernel gives the same bits; PyTorch's operation by operation rounds otherwise.
    assert equal(mine, plain) == fused
    for name, w in mine.weights.items():
        torch.testing.assert_close(w, plain.weights[name], rtol=1e-6, atol=1e-7)
    assert [row["step"] for row in found.rows] == [2, 4, 6, 8, 10, 12]
    assert found.rows[1]["loss"] == pytest.approx((losses[2] + losses[3]) / 2)
    assert not found.moments["exp_avg.idle.weight"].any()


def test_a_finished_training_is_only_read_and_seconds_add_up(tmp_path: Path) -> None:
    first, again = Small(), Small()
    done = first.fit(tmp_path / "s")
    assert done.seconds > 0
    assert (done.timed_steps, done.timed_s > 0) == (2, True)
    again.dies_at = 0
    begun = time.perf_counter()
    read = again.fit(tmp_path / "s")
    spent = time.perf_counter() - begun
    assert equal(first, again)
    assert read.rows == done.rows
    stored = float(tensors.load(tmp_path / "s")[1]["seconds"])
    assert 0 < stored <= read.seconds < stored + spent
    assert read.timed_steps == 0


@pytest.mark.parametrize("damage", ["identity", "torch", "missing", "half", "garbage"])
def test_a_state_that_is_not_its_own_is_not_used(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "s"
    Small().fit(path, Plan(4, partial(warm_then, peak=1.0, steps=4), save_every=1))
    content = path.read_bytes()
    named, about = tensors.load(path)
    changes: dict[str, Callable[[], object]] = {
        "identity": lambda: tensors.save(path, named, about | {"identity": "you"}),
        "torch": lambda: tensors.save(path, named, about | {"torch": "1.0"}),
        "missing": path.unlink,
        "half": lambda: path.write_bytes(content[: len(content) // 2]),
        "garbage": lambda: path.write_bytes(b"\xff" * 100),
    }
    changes[damage]()
    fresh, expected = Small(), Small()
    fresh.fit(path)
    expected.fit()
    assert equal(fresh, expected)


def test_parts_of_a_batch_add_up(tmp_path: Path) -> None:
    def parts(w: Tensor, x: Tensor) -> Iterator[Tensor]:
        for some in x.split(2):
            yield ((some * w).sum(1) ** 2).sum() / len(x)
        return {"loss": 1.5, "tokens": 6}  # type: ignore[return-value]

    x = torch.arange(12.0).view(6, 2) / 10
    plan = Plan(3, partial(warm_then, peak=0.1, steps=3))
    found = []
    for whole in (True, False):
        w = torch.ones(2, requires_grad=True)
        one = (lambda b, w=w: ((b * w).sum(1) ** 2).mean()) if whole else partial(parts, w)
        done = fit({"w": w}, lambda step: x, one, plan)
        found.append((w.detach(), done.rows[-1]))
    torch.testing.assert_close(found[0][0], found[1][0])
    assert found[0][1]["grad_norm"] == pytest.approx(found[1][1]["grad_norm"], rel=1e-5)
    assert (found[1][1]["loss"], found[1][1]["tokens"]) == (1.5, 6)


def test_what_is_measured_stands_in_the_next_row_and_takes_no_time() -> None:
    def measure(step: int) -> dict[str, Any]:
        time.sleep(0.05)
        return {"at": step} if step % 4 == 0 else {}

    begun = time.perf_counter()
    done = Small().fit(measure=measure)
    spent = time.perf_counter() - begun
    assert [row.get("at") for row in done.rows] == [0, None, 4, None, 8, None]
    assert done.seconds < spent - 0.99 * 0.05 * STEPS


def test_a_loss_that_is_no_number_is_told_and_the_last_state_stays(tmp_path: Path) -> None:
    w = torch.ones(2, requires_grad=True)
    plan = Plan(9, partial(warm_then, peak=0.1, steps=9), save_every=1)

    def loss(step: int) -> Tensor:
        return (w * (float("nan") if step == 5 else 1.0)).sum()

    with pytest.raises(InputError, match="the loss is nan") as told:
        fit({"w": w}, lambda step: step, loss, plan, State(tmp_path / "s", "me"))
    assert told.value.code == "diverged"
    named, about = tensors.load(tmp_path / "s")
    assert about["rows"][-1]["step"] == 5
    assert torch.isfinite(named["weight.w"]).all()


def test_a_gradient_that_is_no_number_is_told_and_the_last_state_stays(tmp_path: Path) -> None:
    w = torch.ones(2, requires_grad=True)
    plan = Plan(9, partial(warm_then, peak=0.1, steps=9), save_every=1)

    def loss(step: int) -> Tensor:
        # The root is 0 at 0, but its slope is not finite; times 0 that is no number.
        return w.sum() + (0.0 * w if step == 5 else w.square()).sqrt().sum()

    with pytest.raises(InputError, match="gradient is nan") as told:
        fit({"w": w}, lambda step: step, loss, plan, State(tmp_path / "s", "me"))
    assert told.value.code == "diverged"
    assert torch.isfinite(tensors.load(tmp_path / "s")[0]["weight.w"]).all()


def test_random_numbers_of_others_are_left_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    small = Small()
    torch.manual_seed(1)
    small.fit()
    assert torch.equal(torch.rand(3), expected)
