from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.stats.icc import intraclass
from measurand.stats.unbalanced import agreement, one_way


def ratings(n: int = 30, k: int = 5, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 1)) + rng.normal(size=(1, k)) / 2 + 0.7 * rng.normal(size=(n, k))


def with_gaps(x: np.ndarray, share: float, seed: int = 1) -> np.ndarray:
    gaps = np.random.default_rng(seed).random(x.shape) < share
    return np.where(gaps, np.nan, x)


def test_without_gaps_these_are_the_forms_of_the_mean_squares() -> None:
    x = ratings()
    found, known = agreement(x, resamples=0), intraclass(x)
    assert found.one_way.value == pytest.approx(known.icc1.value, abs=1e-12)
    assert found.absolute.value == pytest.approx(known.icc2.value, abs=1e-12)
    assert found.consistency.value == pytest.approx(known.icc3.value, abs=1e-12)


def test_one_degree_of_freedom_is_enough() -> None:
    x = np.array([[1.0, 2.0], [4.0, 7.0]])
    found, known = agreement(x, resamples=0), intraclass(x)
    assert found.absolute.value == pytest.approx(known.icc2.value, abs=1e-12)
    assert found.consistency.value == pytest.approx(known.icc3.value, abs=1e-12)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.6])
def test_constants_fitted_by_dummies(share: float) -> None:
    """Henderson's method III written out: sums of squares of regressions on dummies."""
    x = with_gaps(ratings(), share)
    x = x[(~np.isnan(x)).any(axis=1)]
    i, j = np.nonzero(~np.isnan(x))
    y, n = x[i, j], len(i)
    a, b = np.eye(len(x))[i], np.eye(x.shape[1])[j]

    def left(design: np.ndarray) -> tuple[float, int]:
        beta, _, rank, _ = np.linalg.lstsq(design, y)
        return float(((y - design @ beta) ** 2).sum()), int(rank)

    (both, r), (targets, ra), (raters, rb) = left(np.hstack([a, b])), left(a), left(b)
    noise = both / (n - r)
    spread = (raters - both - (r - rb) * noise) / (n - rb)
    severity = (targets - both - (r - ra) * noise) / (n - ra)
    found = agreement(x, resamples=0)
    assert found.absolute.value == pytest.approx(spread / (spread + severity + noise))
    assert found.consistency.value == pytest.approx(spread / (spread + noise))
    assert found.one_way.n == len(x)


def test_unequal_numbers_of_repeats_by_the_textbook() -> None:
    """One-way analysis of variance with n0 (Searle, Casella & McCulloch, section 3.6)."""
    groups = [[1.0, 2.0], [4.0, 5.0, 6.0], [7.0], [2.0, 2.5]]
    x = np.full((4, 3), np.nan)
    for row, values in enumerate(groups):
        x[row, : len(values)] = values
    flat = np.concatenate(groups)
    sizes = np.array([len(g) for g in groups])
    between = sum(len(g) * (np.mean(g) - flat.mean()) ** 2 for g in groups) / 3
    within = sum(((g - np.mean(g)) ** 2).sum() for g in groups) / (len(flat) - 4)
    size = (len(flat) - (sizes**2).sum() / len(flat)) / 3
    assert one_way(x).value == pytest.approx((between - within) / (between + (size - 1) * within))
    assert agreement(x, resamples=0).one_way.value == pytest.approx(one_way(x).value)


def test_order_of_raters_and_targets_changes_nothing() -> None:
    x = with_gaps(ratings(), 0.5)
    moved = x[np.random.default_rng(2).permutation(len(x))][:, ::-1]
    one, two = agreement(x, resamples=0), agreement(moved, resamples=0)
    for name in ("one_way", "absolute", "consistency"):
        assert getattr(one, name).value == pytest.approx(getattr(two, name).value)


@pytest.mark.integration
def test_the_interval_covers_the_truth() -> None:
    """Components 1, 1/4 and 1/2, half of the ratings missing: ICC(C,1) is 2/3."""
    hits = 0
    for seed in range(60):
        x = with_gaps(ratings(60, seed=seed), 0.5, seed + 100)
        found = agreement(x, resamples=200, seed_words=("cover", seed)).consistency
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        hits += found.ci_lo <= 1 / 1.49 <= found.ci_hi
    assert hits >= 51


def test_what_is_undefined_says_why() -> None:
    nan = float("nan")
    for x, why in (
        ([[1.0, nan], [nan, 2.0]], "no target has two"),
        ([[1.0, 1.0], [1.0, 1.0]], "no rating varies"),
        ([[1.0, 2.0], [nan, nan]], "fewer than two"),
        ([[1.0, 2.0], [3.0, nan]], "cannot be told apart"),
    ):
        found = agreement(np.array(x), resamples=0)
        assert found.absolute.value is None
        assert why in str(found.absolute.reason)
    assert "no item has two" in str(one_way(np.array([[1.0, nan], [2.0, nan]])).reason)
    with pytest.raises(InputError):
        agreement(np.array([[np.inf, 1.0], [1.0, 2.0]]))
