"""Results that are made up, with known effects, so that every figure has a known answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from value_functions_small import BREAKOUT, CHAIN, CHESS, DIGITS, WORDLE, small

from measurand import runs, shards
from schemas.value_functions.params import Params
from schemas.value_functions.tables import (
    LEARNING,
    RELIABILITY,
    REPRESENTATIONS,
    TRAINING,
    TUNING,
)

LOSSES = ("mse", "two_hot", "hl_gauss")
GAIN = {"mse": 0.0, "two_hot": 0.0, "hl_gauss": 0.3, "constant": -0.5, "material": -0.2,
        "random": -0.5, "script": 0.5, "consistent": 0.5}  # fmt: skip
"""What each model adds to the score of an item."""
NOISE_COSTS_MSE = 0.2
SEEDS = 3
SAID = (0.1, 0.4, 0.8)
"""Win probabilities: squared error says them of moves that are all even, the others rightly."""
Row = dict[str, Any]


def run(name: str, source: str, **more: Any) -> Row:
    return {"id": name, "source": source, "steps": 10, "losses": list(LOSSES), **more}


@pytest.fixture(scope="session")
def params() -> Params:
    runs_ = [
        run("chain", "chain"),
        run("digits", "digits", shifts=[0, 8], bins=101),
        run("chess", "chess"),
        run("chess_noisy", "chess", noise=1.0),
        run("chess_narrow", "chess", width=16),
        run("chess_shuffled", "chess", shuffled=True),
        run("breakout", "breakout"),
        run("wordle", "wordle"),
    ]
    return small([CHAIN, DIGITS, CHESS, BREAKOUT, WORDLE], runs_, seeds=SEEDS, rates=[0.001, 0.003])


def item(model: str, metric: str, run_: str, at: int, seed: int, value: float | None,
         phase: str = "") -> Row:  # fmt: skip
    parts = f"phase={phase},run={run_}" if phase else f"run={run_}"
    return {
        "run_id": "r", "system": "value_functions", "model": model, "metric": metric,
        "item_id": f"{run_}|i{at}{phase}", "repeat": seed, "cluster_id": f"c{at // 2}",
        "value": value, "status": "skipped" if value is None else "ok",
        "reason": "no order" if value is None else None, "slice": parts, "seed": None,
        "prompt_tokens": None, "prompt_sha256": "0" * 64,
    }  # fmt: skip


def made_items(params: Params) -> list[Row]:
    rng = np.random.default_rng(7)
    found: list[Row] = []
    for run_ in params.train.runs:
        base, seeds = rng.normal(0, 0.1, 40), rng.normal(0, 0.02, SEEDS)
        kind = params.build.source(run_.source).kind
        controls = {"chess": ("constant", "material"), "digits": ("constant",),
                    "minatar": ("random", "script"),
                    "wordle": ("random", "consistent")}  # fmt: skip
        for model in (*LOSSES, *controls.get(kind, ())):
            repeats = 1 if model in ("constant", "material") else SEEDS
            for seed in range(repeats):
                for at in range(40):
                    score = 0.5 + GAIN[model] + base[at] + seeds[seed] + rng.normal(0, 0.02)
                    score -= NOISE_COSTS_MSE * (run_.noise > 0 and model == "mse")
                    score = 0.0 if run_.shuffled else score
                    found.append(item(model, "score", run_.id, at, seed, float(score)))
                    if kind == "chess":
                        tau = None if model == "constant" or at == 3 else float(score)
                        tau = (
                            float(rng.normal(0, 0.05)) if run_.shuffled and tau is not None else tau
                        )
                        found.append(item(model, "tau", run_.id, at, seed, tau))
                        found.append(item(model, "regret", run_.id, at, seed, 1 - float(score)))
                    if run_.id == "chess" and model in ("mse", "hl_gauss") and at < 8:
                        won = 0.0 if model == "mse" else float(at % 4 == 0)
                        found.append(item(model, "won", run_.id, at, seed, won))
                    if kind == "minatar":
                        found.append(item(model, "return", run_.id, at, seed, 10 * float(score)))
                    for phase in range(len(run_.shifts)):
                        value = 1 - float(score) + phase / 10
                        found.append(item(model, "squared_error", run_.id, at, seed, value,
                                          str(phase)))  # fmt: skip
        if kind == "chain":
            found += [
                item(loss, "worst_error", run_.id, 99, seed, 0.01 + 0.001 * seed)
                for loss in LOSSES for seed in range(SEEDS)
            ]  # fmt: skip
    return found


@pytest.fixture(scope="session")
def write(params: Params) -> Callable[..., Path]:
    def made(folder: Path, change: Callable[[Row], Row] = lambda row: row) -> Path:
        items = [change(row) for row in made_items(params)]
        training, tuning, learning, inner, bins = [], [], [], [], []
        for run_ in params.train.runs:
            for loss in LOSSES:
                about = {"run": run_.id, "loss": loss}
                for rate, score in (("0.001", 0.2), ("0.003", 0.4)):
                    training += [{**about, "rate": rate, "step": step, "value": value,
                                  "clipped": 0.25, "grad_norm": 1.0}
                                 for step, value in ((10, 2.0), (20, 0.5))]  # fmt: skip
                    tuning += [
                        {**about, "rate": rate, "seed": seed, "score": score + seed,
                         "chosen": rate == "0.003", "low": -1.0, "high": 1.0}
                        for seed in range(SEEDS)
                    ]  # fmt: skip
                learning += [
                    {**about, "seed": seed, "step": step,
                     "score": lost if run_.source == "wordle" else -lost - seed}
                    for seed in range(SEEDS) for step, lost in ((5, 0.4), (10, 0.1))
                ]  # fmt: skip
                inner += [
                    {**about, "seed": seed, "rank": 10 + seed, "dead": 0.1,
                     "entropy": None if loss == "mse" else 1.0 + seed / 10, "probe": 0.5,
                     "covered": None, "calibration": None}
                    for seed in range(SEEDS)
                ]  # fmt: skip
                if run_.source == "chess":
                    bins += [
                        {**about, "seed": seed, "bin": at, "said": said, "moves": 50,
                         "true": 0.5 if loss == "mse" else said + 0.01 * (seed - 1)}
                        for seed in range(SEEDS) for at, said in enumerate(SAID)
                    ]  # fmt: skip
        tables = ((TRAINING, training), (TUNING, tuning), (LEARNING, learning),
                  (REPRESENTATIONS, inner), (RELIABILITY, bins))  # fmt: skip
        shards.write_dataset(folder / "items", *_results(items))
        for table, rows in tables:
            name = table.name.rpartition(".")[2]
            shards.write_dataset(folder / name, table, runs.table(table, rows))
        return folder

    return made


def _results(items: list[Row]) -> tuple[Any, Any]:
    from measurand.results import RESULTS

    return RESULTS, runs.results_table(items)


@pytest.fixture(scope="session")
def results(write: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("value_functions_results"))
