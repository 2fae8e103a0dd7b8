from __future__ import annotations

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pytest

from evaluators.compwob.repeats import over_models, over_seeds
from measurand.stats.estimate import Estimate

RNG = np.random.default_rng(11)


def _seeds(x: np.ndarray, tasks: np.ndarray) -> Estimate:
    return over_seeds(x, tasks, resamples=400, seed_words=("t",))


def _table(n: int, k: int, spread: float) -> np.ndarray:
    rates = np.clip(0.5 + spread * RNG.normal(size=n), 0.02, 0.98)
    return (RNG.random((n, k)) < rates[:, None]).astype(float)


@pytest.mark.parametrize(("n", "k", "spread"), [(8, 2, 0.4), (50, 4, 0.2), (30, 20, 0.1)])
def test_with_equal_seeds_it_is_pingouins_icc_1k(n: int, k: int, spread: float) -> None:
    table = _table(n, k, spread)
    tasks = np.repeat([f"t{i:02d}" for i in range(n)], k)
    frame = pd.DataFrame({"task": tasks, "seed": np.tile(np.arange(k), n), "y": table.ravel()})
    icc = pingouin.intraclass_corr(frame, targets="task", raters="seed", ratings="y")
    # ICC(1,k) of Shrout and Fleiss: one-way, mean of k.
    wanted = float(icc.loc[icc["Type"].isin(["ICC1k", "ICC(1,k)"]), "ICC"].iloc[0])
    found = _seeds(table.ravel(), tasks)
    assert found.value == pytest.approx(wanted, abs=1e-6)
    assert found.ci_lo < found.value < found.ci_hi
    assert (found.n, found.n_clusters) == (n * k, n)


def test_unequal_numbers_of_seeds_are_a_one_way_analysis_of_variance() -> None:
    from scipy.stats import f_oneway

    groups = [RNG.normal(i % 3, 1, 2 + i % 4) for i in range(12)]
    tasks = np.repeat(np.arange(12), [len(g) for g in groups])
    order = RNG.permutation(len(tasks))
    found = _seeds(np.concatenate(groups)[order], tasks[order])
    # F is the ratio of the mean squares.
    assert found.value == pytest.approx(1 - 1 / f_oneway(*groups).statistic)


def test_seeds_of_other_tasks_tell_nothing_apart() -> None:
    table = _table(40, 6, 0.4)
    tasks = np.repeat(np.arange(40), 6)
    assert _seeds(table.ravel(), tasks).value > 0.8
    shuffled = [
        over_seeds(RNG.permutation(table.ravel()), tasks, resamples=0, seed_words=()).value
        for _ in range(200)
    ]
    # 1 - 1/F with F around 1: near 0, and a little below since 1/F is skewed.
    assert -0.15 < np.mean(shuffled) < 0.05


def test_the_interval_covers_the_true_reliability() -> None:
    """Normal scores of true ICC(1,4) = 4 * .5 / (1 + 3 * .5) = .8."""
    held = 0
    for i in range(60):
        rng = np.random.default_rng(i)
        table = rng.normal(size=(50, 1)) + rng.normal(size=(50, 4))
        found = _seeds(table.ravel(), np.repeat(np.arange(50), 4))
        held += found.ci_lo < 0.8 < found.ci_hi
    assert held >= 51  # .85; a percentile bootstrap of a ratio covers a little less than .95


@pytest.mark.parametrize(
    ("x", "tasks", "reason"),
    [
        ([0.0, 1.0], [0, 0], "fewer than two tasks"),
        ([0.0, 1.0, 1.0], [0, 1, 2], "one seed a task: nothing is repeated"),
        ([1.0] * 4, [0, 0, 1, 1], "every episode scores alike"),
        ([0.0, 1.0, 0.0, 1.0], [0, 0, 1, 1], "no task's mean differs from another's"),
    ],
)
def test_what_is_undefined_says_why(x: list[float], tasks: list[int], reason: str) -> None:
    found = _seeds(np.array(x), np.array(tasks))
    assert (found.value, found.reason) == (None, reason)


def test_few_tasks_have_no_interval() -> None:
    found = _seeds(np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0]), np.repeat(np.arange(3), 2))
    assert found.value is not None
    assert found.ci_lo is None
    assert "3 clusters" in str(found.reason)


def test_over_models_it_is_the_alpha_of_pingouin() -> None:
    ease = RNG.normal(size=20)
    table = ease[:, None] + RNG.normal(0, 0.8, (20, 3))
    episodes = pl.DataFrame(
        {
            "task": np.repeat([f"t{i:02d}" for i in range(20)], 6),
            "model": np.tile(np.repeat(["0", "1", "2"], 2), 20),
            "x": (table[:, :, None] + [-0.3, 0.3]).ravel(),
        }
    )
    found = over_models(episodes, "x", resamples=400, seed_words=("m",))
    assert found.value == pytest.approx(pingouin.cronbach_alpha(pd.DataFrame(table))[0])
    assert found.n == 20
    one = over_models(episodes.filter(pl.col("model") == "0"), "x", resamples=0, seed_words=())
    assert (one.value, one.reason) == (None, "fewer than two tasks, or one model")
