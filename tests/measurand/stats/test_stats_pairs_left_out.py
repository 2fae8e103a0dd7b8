from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.stats import dyads
from measurand.stats.dyads import dyadic_mean
from measurand.stats.estimate import Estimate
from measurand.stats.jackknife import FISHER, PLAIN, REST, leaving_out, student_t
from measurand.stats.pairs_left_out import (
    PairsLeftOut,
    drawn_by,
    pairs_left_out,
    percentile_by,
    student_of_pairs,
    undefined_by,
)
from measurand.stats.resample import plan


def sample(n: int, items: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    pairs = np.array([rng.choice(items, 2, replace=False) for _ in range(n)])
    own = rng.normal(size=items)
    return own[pairs].sum(axis=1) + rng.normal(size=n), pairs


def means(x: np.ndarray, pairs: np.ndarray) -> Estimate:
    left = pairs_left_out(pairs)
    sums = left.resampled_sums(np.vstack([x, np.ones(len(x))]))
    return student_of_pairs(float(x.mean()), sums[:, 0] / sums[:, 1], left, method="mean")


@pytest.mark.parametrize(("n", "items"), [(120, 40), (30, 60), (80, 12)])
def test_a_mean_has_the_interval_of_the_dyadic_mean(n: int, items: int) -> None:
    x, pairs = sample(n, items)
    found, wanted = means(x, pairs), dyadic_mean(x, pairs)
    for name in ("value", "se", "ci_lo", "ci_hi", "lower", "upper"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), rel=1e-9), name
    assert found.n == n


def test_where_no_item_is_shared_it_is_the_jackknife_of_rows() -> None:
    rng = np.random.default_rng(2)
    n = 40
    x = rng.normal(size=(2, n))
    x[1] += x[0]
    pairs = np.arange(2 * n).reshape(n, 2)
    left = pairs_left_out(pairs)
    kept = np.ones((n, n), bool)
    np.fill_diagonal(kept, False)
    replicates = np.array([np.corrcoef(x[:, rows])[0, 1] for rows in kept])
    value = float(np.corrcoef(x)[0, 1])
    drawn = leaving_out(plan(n, None, 2000, ()))
    for scale in (FISHER, REST):
        wanted = student_t(value, replicates, drawn, method="r", scale=scale)
        found = student_of_pairs(value, replicates, left, method="r", scale=scale)
        for name in ("se", "ci_lo", "ci_hi", "lower", "upper"):
            assert getattr(found, name) == pytest.approx(getattr(wanted, name), rel=1e-9), name


def test_the_same_pair_twice_is_one_pair() -> None:
    """Copies of all rows tell nothing new: as many pairs, and the interval all but stays."""
    x, pairs = sample(40, 80, 3)
    once = means(x, pairs)
    twice = means(np.tile(x, 2), np.vstack([pairs, pairs[:, ::-1]]))
    assert once.se is not None
    assert twice.se == pytest.approx(once.se, rel=1e-9)


def test_ninety_five_in_a_hundred_hold_a_correlation_of_pairs_that_share_items() -> None:
    """Differences of the items' values correlate as these do: .5."""
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(200):
        own = rng.normal(size=(2, 200))
        own[1] = own[0] / 2 + own[1] * 0.75**0.5
        pairs = np.array([rng.choice(200, 2, replace=False) for _ in range(90)])
        x, y = own[:, pairs[:, 0]] - own[:, pairs[:, 1]]
        left = pairs_left_out(pairs)
        ones = np.ones(90)
        sums = left.resampled_sums(np.vstack([ones, x, y, x * x, y * y, x * y]))
        n, sx, sy, xx, yy, xy = sums.T
        r = (xy - sx * sy / n) / np.sqrt((xx - sx**2 / n) * (yy - sy**2 / n))
        value = float(np.corrcoef(x, y)[0, 1])
        found = student_of_pairs(value, r, left, method="r", scale=FISHER)
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        held += found.ci_lo <= 0.5 <= found.ci_hi
    assert 0.91 <= held / 200 <= 0.985


@pytest.mark.parametrize(
    ("value", "replicates", "pairs", "reason"),
    [
        (0.5, np.full(9, 0.5), [[0, 1]] * 9, "2 items in 1 pairs, at least 5 of each needed"),
        (1.0, np.full(6, 1.0), [[2 * i, 2 * i + 1] for i in range(6)], "at the end of its range"),
        (0.5, np.r_[np.nan, np.full(5, 0.4)], [[2 * i, 2 * i + 1] for i in range(6)],
         "undefined or at its end with 1 of 6 pairs left out"),
        (0.5, np.full(6, 0.5), [[2 * i, 2 * i + 1] for i in range(6)], "the same without any"),
        (1e6, 1e6 + 1e-7 * (np.arange(6) % 2), [[2 * i, 2 * i + 1] for i in range(6)],
         "the same without any"),
    ],
)  # fmt: skip
def test_without_an_interval_the_reason_is_given(
    value: float, replicates: np.ndarray, pairs: list[list[int]], reason: str
) -> None:
    left = pairs_left_out(np.array(pairs))
    scale = FISHER if value <= 1 else PLAIN
    found = student_of_pairs(value, replicates, left, method="r", scale=scale)
    assert found.value == value
    assert (found.ci_lo, found.se, found.upper) == (None, None, None)
    assert found.reason is not None
    assert reason in found.reason


def test_an_item_with_itself_is_refused() -> None:
    with pytest.raises(InputError, match="with itself"):
        pairs_left_out(np.array([[0, 1], [2, 2]]))


def test_many_pairs_come_in_batches_that_leave_each_out_once() -> None:
    _, pairs = sample(600, 50, 5)
    batches = list(pairs_left_out(pairs).row_batches())
    assert len(batches) > 1
    whole = np.concatenate(batches)
    assert np.array_equal(whole, 1 - np.eye(600))
    assert list(pairs_left_out(np.empty((0, 2), int)).row_batches()) == []


def test_pairs_are_left_out_where_something_is_drawn_and_others_are_drawn() -> None:
    x, pairs = sample(30, 60)
    left = drawn_by(30, pairs, 100, ("w",))
    assert isinstance(left, PairsLeftOut)
    assert np.array_equal(left.pairs, pairs_left_out(pairs).pairs)
    sums = left.resampled_sums(np.vstack([x, np.ones(30)]))
    figures = sums[:, 0] / sums[:, 1]
    found = percentile_by(float(x.mean()), figures, left, method="m", scale=REST)
    assert found == student_of_pairs(float(x.mean()), figures, left, method="m", scale=REST)
    nothing = undefined_by("why", left, method="m")
    assert (nothing.n, nothing.n_clusters, nothing.reason) == (30, left.n_items, "why")
    for by, resamples in ((None, 100), (np.arange(30) // 3, 100), (pairs, 0)):
        drawn = drawn_by(30, by, resamples, ("w",))
        assert not isinstance(drawn, PairsLeftOut)
        many = np.linspace(0, 1, resamples)
        wanted = dyads.percentile_by(0.5, many, drawn, method="m")
        assert percentile_by(0.5, many, drawn, method="m") == wanted
    with pytest.raises(InputError):
        drawn_by(29, pairs, 100, ())
