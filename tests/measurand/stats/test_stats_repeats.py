"""Reliability over repeats: nested ones as one-way analysis of variance, crossed ones as alpha."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy.stats import t

from measurand.errors import InputError
from measurand.stats.estimate import Estimate
from measurand.stats.icc import intraclass
from measurand.stats.intraclass_kappa import kappa_ends
from measurand.stats.repeats import (
    alpha_over_repeats,
    nested_correlation,
    nested_reliability,
    unit_table,
)

RNG = np.random.default_rng(11)


def _seeds(x: np.ndarray, tasks: np.ndarray) -> Estimate:
    return nested_reliability(
        x, tasks, resamples=400, seed_words=("t",), names=("task", "seed", "run")
    )


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
        nested_reliability(RNG.permutation(table.ravel()), tasks, resamples=0).value
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
        ([1.0] * 4, [0, 0, 1, 1], "every run scores alike"),
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


def _long(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n, k = table.shape
    units = np.repeat(np.array([f"u{i:03d}" for i in range(n)], object), k)
    return table.ravel(), units, np.tile(np.arange(k), n)


def _noisy(n: int, k: int, noise: float) -> np.ndarray:
    rng = np.random.default_rng(n + k)
    found: np.ndarray = rng.normal(size=(n, 1)) + noise * rng.normal(size=(n, k))
    return found


def test_crossed_repeats_are_the_alpha_of_pingouin_in_any_order() -> None:
    table = _noisy(20, 3, 0.8)
    columns = _long(table)
    shuffled = RNG.permutation(60)
    found = alpha_over_repeats(*(c[shuffled] for c in columns), resamples=400, seed_words=("m",))
    assert found.value == pytest.approx(pingouin.cronbach_alpha(pd.DataFrame(table))[0])
    assert found.n == 20
    assert found.ci_lo < found.value < found.ci_hi


def test_a_place_that_was_measured_several_times_counts_with_its_mean() -> None:
    table = _noisy(20, 3, 0.8)
    values, units, repeats = _long(table)
    twice = [np.concatenate([a, b]) for a, b in (
        (values - 0.3, values + 0.3), (units, units), (repeats, repeats)
    )]  # fmt: skip
    once = alpha_over_repeats(values, units, repeats, resamples=0)
    assert alpha_over_repeats(*twice, resamples=0).value == pytest.approx(once.value)


def test_a_shift_that_all_units_share_is_no_error() -> None:
    table = _noisy(15, 4, 0.8)
    plain, leaning = (
        alpha_over_repeats(*_long(table + shift), resamples=0).value
        for shift in (0.0, np.array([3.0, -3.0, 3.0, -3.0]))
    )
    assert leaning == pytest.approx(plain)


def test_repeats_that_share_nothing_have_none() -> None:
    table = _noisy(600, 4, 0.2)
    shuffled = np.column_stack([RNG.permutation(column) for column in table.T])
    kept, lost = (alpha_over_repeats(*_long(one), resamples=0).value for one in (table, shuffled))
    assert kept is not None
    assert kept > 0.95
    assert lost == pytest.approx(0, abs=0.15)


def test_clusters_of_units_are_drawn_whole() -> None:
    table = np.repeat(_noisy(12, 3, 0.8), 5, axis=0)  # five copies of each unit
    values, units, repeats = _long(table)
    clusters = np.repeat(np.arange(12), 15)
    wide = alpha_over_repeats(values, units, repeats, clusters=clusters, seed_words=("c",))
    narrow = alpha_over_repeats(values, units, repeats, seed_words=("c",))
    assert (wide.n, wide.n_clusters) == (60, 12)
    assert wide.ci_hi - wide.ci_lo > 1.5 * (narrow.ci_hi - narrow.ci_lo)


def test_what_is_measured_once_has_none_and_says_so() -> None:
    for table in (_noisy(3, 1, 0.5), np.empty((0, 1)), _noisy(1, 3, 0.5)):
        found = alpha_over_repeats(*_long(table))
        assert (found.value, found.reason) == (None, "measured once: no repeats")
    assert alpha_over_repeats(*_long(_noisy(3, 1, 0.5)), few="one model").reason == "one model"
    still = _noisy(6, 4, 0.5)
    still[:, 1] = 1.0
    found = alpha_over_repeats(*_long(still), resamples=0)
    assert (found.value, found.reason) == (None, "1 of 4 items never vary")


def test_a_missing_score_is_a_gap_and_units_keep_their_order() -> None:
    units, repeats = np.array(["b", "b", "a", "a", "a"], object), np.array([1, 0, 1, 0, 0])
    table, first = unit_table(np.array([1.0, 2.0, np.nan, 4.0, 6.0]), units, repeats)
    assert table == pytest.approx(np.array([[2.0, 1.0], [5.0, np.nan]]), nan_ok=True)
    assert first.tolist() == [0, 2]


@pytest.mark.parametrize(("n", "k"), [(8, 2), (50, 4), (92, 3)])
def test_one_repeat_for_the_next_is_pingouins_icc_1(n: int, k: int) -> None:
    table = _table(n, k, 0.3)
    tall = pd.DataFrame(table).melt(ignore_index=False).reset_index()
    icc = pingouin.intraclass_corr(tall, targets="index", raters="variable", ratings="value")
    wanted = float(icc.loc[icc["Type"].isin(["ICC1", "ICC(1,1)"]), "ICC"].iloc[0])
    assert nested_correlation(table).value == pytest.approx(wanted, abs=1e-6)


def test_its_interval_is_the_jackknife_of_the_icc_on_fishers_z() -> None:
    table = _table(20, 3, 0.4)
    found = nested_correlation(table, confidence=0.9)
    z = np.arctanh([intraclass(np.delete(table, i, axis=0)).icc1.value for i in range(20)])
    error = np.sqrt(19 / 20 * ((z - z.mean()) ** 2).sum())
    at = np.arctanh(intraclass(table).icc1.value)
    ends = np.tanh(at + t.ppf([0.05, 0.95], 19) * error)
    assert (found.ci_lo, found.ci_hi) == pytest.approx(tuple(ends))
    assert (found.lower, found.upper) == pytest.approx((found.ci_lo, found.ci_hi))
    assert found.se == pytest.approx(error * (1 - found.value**2))
    assert found.method == "ICC(1,1); t(19) interval on Fisher's z, jackknife over rows"


@pytest.mark.integration
def test_of_failures_it_is_covered_where_f_is_not() -> None:
    """Rates of a beta law, as those of scenarios that one in four drives fails."""
    rng = np.random.default_rng(7)
    truth, ours, normal = 0.6, [], []
    for _ in range(600):
        rates = rng.beta(0.25 * 2 / 3, 0.75 * 2 / 3, (92, 1))
        table = (rng.random((92, 2)) < rates).astype(float)
        for found, held in ((nested_correlation(table), ours), (intraclass(table).icc1, normal)):
            assert found.ci_lo is not None
            assert found.ci_hi is not None
            held.append(found.ci_lo <= truth <= found.ci_hi)
    assert 0.93 <= np.mean(ours) <= 0.98
    assert np.mean(normal) < 0.9


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (np.ones((1, 2)), "1 units by 2 repeats"),
        (np.ones((5, 1)), "5 units by 1 repeats"),
        (np.ones((5, 2)), "no score varies"),
    ],
)
def test_what_has_no_correlation_says_why(table: np.ndarray, reason: str) -> None:
    found = nested_correlation(table)
    assert found.value is None
    assert reason in (found.reason or "")
    with pytest.raises(InputError):
        nested_correlation(table[0])


@pytest.mark.parametrize("repeats", [2, 3])
def test_scores_that_always_come_again_have_the_largest_correlation(repeats: int) -> None:
    once = np.array([[0.0], [1.0], [1.0], [0.0], [1.0], [0.0]])
    found = nested_correlation(np.repeat(once, repeats, axis=1))
    assert found.value == 1.0
    assert found.ci_hi == (1.0 if repeats == 2 else None)
    if repeats == 3:
        assert "end of its range" in (found.reason or "")


def test_two_scores_of_0_and_1_have_the_interval_of_intraclass_kappa() -> None:
    table = np.array([[0, 0]] * 80 + [[0, 1]] * 2 + [[1, 0]] * 4 + [[1, 1]] * 6, float)
    for scores in (table, 1 - table):
        found = nested_correlation(scores, confidence=0.8)
        assert found.value == pytest.approx(intraclass(table).icc1.value)
        assert (found.ci_lo, found.ci_hi) == pytest.approx(kappa_ends(80, 6, 6, 0.8))
        assert (found.lower, found.upper) == pytest.approx(kappa_ends(80, 6, 6, 0.9))
        assert (found.n, found.confidence) == (92, 0.8)
    # Other scores than 0 and 1, and four units, leave units out or say why they do not.
    assert "jackknife" in nested_correlation(table + 1).method
    assert "4 rows" in (nested_correlation(table[[0, 1, 80, 91]]).reason or "")


@pytest.mark.parametrize(("ones", "has"), [(24, False), (25, True)])
def test_of_three_scores_of_which_one_is_rare_there_is_no_interval(ones: int, has: bool) -> None:
    table = np.zeros((100, 3))
    table.ravel()[np.arange(3 * ones) * 4] = 1  # of every four scores one
    for scores in (table, 1 - table):
        found = nested_correlation(scores)
        assert found.value is not None
        assert (found.ci_lo is not None) == has
        assert has or "one of two scores is rare" in (found.reason or "")


@pytest.mark.integration
@pytest.mark.parametrize(("ones", "alike"), [(0.1, 0.1), (0.1, 0.6), (0.05, 0.5)])
def test_rare_failures_are_covered(ones: float, alike: float) -> None:
    rng = np.random.default_rng(3)
    more = 1 / alike - 1
    held = []
    for _ in range(400):
        rates = rng.beta(more * ones, more * (1 - ones), (92, 1))
        found = nested_correlation((rng.random((92, 2)) < rates).astype(float))
        if found.ci_lo is not None and found.ci_hi is not None:
            held.append(found.ci_lo <= alike <= found.ci_hi)
    assert len(held) > 390
    assert 0.93 <= np.mean(held) <= 0.985
