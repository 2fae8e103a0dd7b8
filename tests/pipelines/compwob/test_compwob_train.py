from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import compwob_small as small
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand import shards
from measurand.errors import InputError
from pipelines.compwob import policy
from pipelines.compwob import train as module
from pipelines.compwob.train import batched, share_out, train
from schemas.compwob.params import Params
from schemas.compwob.tables import TRAINING


@given(st.dictionaries(st.text("abcdef", min_size=1), st.floats(0.01, 100), min_size=1),
       st.integers(0, 500))  # fmt: skip
def test_episodes_are_shared_out_whole_and_in_proportion(
    weights: dict[str, float], total: int
) -> None:
    found = share_out(weights, total)
    assert sum(found.values()) == total
    whole = sum(weights.values())
    assert all(abs(found[k] - total * w / whole) <= 1 for k, w in weights.items())


def test_batches_hold_every_example_once_and_pages_of_like_size() -> None:
    rng = np.random.default_rng(1)
    sizes = [int(n) for n in rng.choice([5, 6, 90, 100], 200)]
    found = batched(sizes, 10, np.random.default_rng(2))
    assert sorted(i for some in found for i in some) == list(range(200))
    small = [some for some in found if max(sizes[i] for i in some) <= 6]
    assert len(small) >= 4
    assert found != batched(sizes, 10, np.random.default_rng(3))


def test_every_mixture_is_shown_the_same_number_of_episodes(tmp_path: Path) -> None:
    data = small.write(tmp_path / "dataset", 12)
    train(
        small.params(mixtures=["uniform", "natural"], seeds=2),
        data,
        tmp_path / "out",
        journal=tmp_path,
    )
    rows = shards.read_table(tmp_path / "out" / "training").to_pylist()
    TRAINING.validate(shards.read_table(tmp_path / "out" / "training"))
    for mixture in ("uniform", "natural"):
        for seed in (0, 1):
            mine = {r["task"]: r["episodes"] for r in rows
                    if (r["mixture"], r["seed"]) == (mixture, seed)}  # fmt: skip
            assert sum(mine.values()) == 24
            assert (mine["click-button"] == 12) == (mixture == "uniform")
            assert (tmp_path / "out" / f"{mixture}-{seed}" / "model.safetensors").is_file()


def test_training_again_gives_the_same_bytes_and_the_loss_falls(tmp_path: Path) -> None:
    data = small.write(tmp_path / "dataset", 12)
    for name in ("one", "two"):
        train(small.params(epochs=6), data, tmp_path / name, journal=tmp_path / f"journal-{name}")
    files = [tmp_path / name / "uniform-0" / "model.safetensors" for name in ("one", "two")]
    assert files[0].read_bytes() == files[1].read_bytes()
    losses = json.loads((tmp_path / "one" / "manifest.json").read_text())["loss_nats"]["uniform-0"]
    assert losses[-1] < losses[0]


def test_interrupted_training_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = small.write(tmp_path / "dataset", 12)
    whole = small.params(mixtures=["uniform", "natural"], batch_size=5)
    train(whole, data, tmp_path / "whole", journal=tmp_path / "one")
    loss, calls = policy.loss_of, []

    def killed(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 23:  # five updates an epoch, three epochs: in the second model's second
            raise KeyboardInterrupt
        return loss(*args)

    monkeypatch.setattr(policy, "loss_of", killed)
    with pytest.raises(KeyboardInterrupt):
        train(whole, data, tmp_path / "again", journal=tmp_path / "two")
    train(whole, data, tmp_path / "again", journal=tmp_path / "two")
    assert len(calls) == 23 + 10
    for path in sorted(p for p in (tmp_path / "whole").rglob("*") if p.is_file()):
        again = tmp_path / "again" / path.relative_to(tmp_path / "whole")
        assert again.read_bytes() == path.read_bytes()


def test_other_code_does_not_go_on_from_a_state(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    other_code: Callable[[ModuleType], None],
) -> None:
    data = small.write(tmp_path / "dataset", 12)
    loss, calls = policy.loss_of, []

    def counted(*args: Any) -> Any:
        calls.append(1)
        return loss(*args)

    monkeypatch.setattr(policy, "loss_of", counted)
    for times in (1, 1, 2):
        if times == 2:
            other_code(module)
        train(small.params(batch_size=5), data, tmp_path / "out", journal=tmp_path / "journal")
        assert len(calls) == times * 15


def test_nothing_to_train_says_so(tmp_path: Path) -> None:
    train(Params(), tmp_path, tmp_path, journal=tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text())["trained"] is False


def test_demonstrations_that_show_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no demonstration"):
        train(
            small.params(), small.write(tmp_path / "dataset", 0), tmp_path / "out", journal=tmp_path
        )
