from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from value_functions_small import BREAKOUT, CHAIN, DIGITS, small, table

from measurand import shards
from measurand.errors import InputError
from pipelines.value_functions import train
from schemas.value_functions.params import LOSSES, Loss, Params

RUNS: list[dict[str, Any]] = [
    {"id": "mine", "source": "mine", "steps": 60, "batch": 16, "width": 16,
     "losses": ["mse", "hl_gauss"]},
    {"id": "digits", "source": "digits", "steps": 20, "shifts": [0, 8], "bins": 101,
     "losses": ["mse", "two_hot"]},
    {"id": "breakout", "source": "breakout", "steps": 20, "width": 16, "losses": ["mse", "c51"]},
]  # fmt: skip


def world(built: Path, **train_: Any) -> Params:
    sources = [CHAIN, {**DIGITS, "pictures": 60}, BREAKOUT, table(built / "mine.csv")]
    return small(sources, RUNS, rates=[0.001, 0.01], **train_)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file()}  # fmt: skip


@pytest.fixture(scope="module")
def once(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train.train(world(built), built / "dataset", folder / "out", journal=folder / "journal")
    return folder


@pytest.mark.integration
def test_every_loss_tries_every_rate_and_validation_picks(once: Path) -> None:
    tuning = shards.read_table(once / "out" / "tuning").to_pylist()
    assert len(tuning) == 6 * 2 * 2
    for run in ("mine", "digits", "breakout"):
        for loss in {row["loss"] for row in tuning if row["run"] == run}:
            own = [row for row in tuning if row["run"] == run and row["loss"] == loss]
            mean = {rate: sum(r["score"] for r in own if r["rate"] == rate)
                    for rate in ("0.001", "0.01")}  # fmt: skip
            [chosen] = {row["rate"] for row in own if row["chosen"]}
            assert mean[chosen] == max(mean.values())
    assert sorted(p.stem for p in (once / "out").glob("*.safetensors")) == [
        "breakout-c51", "breakout-mse", "digits-mse", "digits-two_hot", "mine-hl_gauss",
        "mine-mse",
    ]  # fmt: skip


def test_a_learning_curve_ends_at_the_score_that_was_picked(once: Path) -> None:
    curve = shards.read_table(once / "out" / "learning").to_pylist()
    tuning = shards.read_table(once / "out" / "tuning").to_pylist()
    picked = {(r["run"], r["loss"], r["seed"]): r["score"] for r in tuning if r["chosen"]}
    points = {"mine": [12, 24, 36, 48, 60], "breakout": [4, 8, 12, 16, 20],
              "digits": list(range(4, 41, 4))}  # fmt: skip
    for (run, loss, seed), score in picked.items():
        own = [(r["step"], r["score"]) for r in curve
               if (r["run"], r["loss"], r["seed"]) == (run, loss, seed)]  # fmt: skip
        assert [step for step, _ in own] == points[run]
        # Where targets move, the score that picks is the mean over the ends of shifts.
        ends = (
            [value for step, value in own if step in (20, 40)] if run == "digits" else [own[-1][1]]
        )
        assert sum(ends) / len(ends) == pytest.approx(score, rel=1e-12)
    rises = [r for r in curve if (r["run"], r["loss"], r["seed"]) == ("mine", "hl_gauss", 0)]
    assert rises[-1]["score"] > rises[0]["score"] + 1


def test_something_is_learned_of_a_table(once: Path) -> None:
    tuning = shards.read_table(once / "out" / "tuning").to_pylist()
    best = [row["score"] for row in tuning if row["run"] == "mine" and row["chosen"]]
    # The targets' variance is about 5.
    assert min(best) > -1.5


@pytest.mark.integration
@pytest.mark.parametrize("at", [1, 3])
def test_killed_anywhere_it_ends_in_the_same_bytes(
    built: Path, once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    from pipelines.value_functions import trials

    params = world(built, save_every=10)
    calls, real = 0, trials.totals

    def killed(*words: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls % (37 * at) == 0:
            raise KeyboardInterrupt
        return real(*words)

    for module in ("regression", "bootstrapped"):
        monkeypatch.setattr(f"pipelines.value_functions.{module}.totals", killed)
    deaths = 0
    while True:
        try:
            train.train(params, built / "dataset", tmp_path / "out", journal=tmp_path / "journal")
            break
        except KeyboardInterrupt:
            deaths += 1
            assert deaths < 60
    assert deaths >= 2
    again, first = files(tmp_path / "out"), files(once / "out")
    names = [name for name in first if name.endswith((".safetensors", ".parquet"))]
    assert [name for name in names if again[name] != first[name]] == []


@pytest.mark.integration
@pytest.mark.usefixtures("warm_processes")
def test_two_processes_end_in_the_same_bytes(built: Path, once: Path, tmp_path: Path) -> None:
    params = world(built, processes=2)
    short = params.model_copy(
        update={"train": params.train.model_copy(update={"runs": params.train.runs[:1]})}
    )
    train.train(short, built / "dataset", tmp_path / "out", journal=tmp_path / "journal")
    for name in ("mine-mse", "mine-hl_gauss"):
        path = f"{name}.safetensors"
        assert (tmp_path / "out" / path).read_bytes() == (once / "out" / path).read_bytes()


@pytest.mark.integration
@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss != "one_hot"])
def test_unbiased_losses_find_the_known_values(built: Path, tmp_path: Path, loss: Loss) -> None:
    run = {
        "id": "chain", "source": "chain", "steps": 1500, "batch": 16, "width": 32,
        "conservative": 0, "target_every": 20,
    }  # fmt: skip
    # Rounding to a bin makes a target of its own at every step: one-hot keeps an error.
    params = small([CHAIN], [run], rates=[0.01], log_every=500)
    dataset, own = built / "dataset", params.train.runs[0]
    rate = 0.003 if loss == "mse_softmax" else 0.01  # a saturated softmax has no gradient
    done = train.job(params, dataset, tmp_path, train.parents_of(dataset), own, loss, rate)
    assert min(done["scores"]) > -0.02


def test_what_was_not_trained_is_named(built: Path, tmp_path: Path) -> None:
    run = world(built).train.runs[0]
    with pytest.raises(InputError, match="is not there"):
        train.networks_of(tmp_path, run, "mse", 1)
