from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as reference_log_loss

from measurand.errors import InputError
from measurand.stats.calibration import (
    _bias,
    brier,
    calibration_error,
    log_loss,
    recalibration,
    reliability_curve,
)
from measurand.stats.dyads import dyadic_mean
from measurand.stats.folded import folded_bias
from measurand.stats.pairs_left_out import pairs_left_out, student_of_pairs
from measurand.stats.resample import cluster_counts, plan


def forecasts(n: int, seed: int, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-odds, soft labels and hard ones that follow s(slope h)."""
    rng = np.random.default_rng(seed)
    h = rng.normal(scale=1.5, size=n)
    p = rng.binomial(20, expit(slope * h)) / 20
    return h, p, (rng.random(n) < p).astype(float)


def test_scores_are_those_of_scikit_learn_for_hard_labels() -> None:
    h, _, y = forecasts(200, 0)
    assert brier(expit(h), y).value == pytest.approx(brier_score_loss(y, expit(h)))
    assert log_loss(h, y).value == pytest.approx(reference_log_loss(y, expit(h)))
    assert log_loss(h, y, excess=True).value == pytest.approx(log_loss(h, y).value)


def test_scores_of_soft_labels() -> None:
    h, p, _ = forecasts(50, 1)
    q = expit(h)
    hard = p * (q - 1) ** 2 + (1 - p) * q**2  # expected score over hard labels drawn from p
    assert brier(q, p).value == pytest.approx(np.mean(hard - p * (1 - p)))
    both = np.concatenate([np.ones(50), np.zeros(50)])
    weighted = reference_log_loss(
        both, np.concatenate([q, q]), sample_weight=np.concatenate([p, 1 - p])
    )
    assert log_loss(h, p).value == pytest.approx(weighted)
    exact = log_loss(logit(np.clip(p, 0.05, 0.95)), np.clip(p, 0.05, 0.95), excess=True)
    assert exact.value == pytest.approx(0, abs=1e-12)
    assert log_loss(np.array([1000.0]), np.array([0.0])).value == 1000


def test_scores_over_pairs_have_the_error_of_pairs() -> None:
    h, p, _ = forecasts(30, 2)
    items = np.array([(i % 7, 7 + i % 5) for i in range(30)])
    found, plain = brier(expit(h), p, items), dyadic_mean((expit(h) - p) ** 2, items)
    assert (found.value, found.se, found.ci_lo) == (plain.value, plain.se, plain.ci_lo)
    assert found.method.startswith("Brier score; mean over pairs")


def by_hand(q: np.ndarray, p: np.ndarray, edges: np.ndarray, weights: np.ndarray) -> float:
    total = 0.0
    for k in range(len(edges) - 1):
        last = k == len(edges) - 2
        inside = (q >= edges[k]) & ((q <= edges[k + 1]) if last else (q < edges[k + 1]))
        total += abs(float((weights * (q - p))[inside].sum()))
    return total / float(weights.sum())


def test_one_bin_tells_how_far_the_means_are_apart() -> None:
    q, p = np.array([0.125, 0.5, 0.75]), np.array([0.0, 1.0, 1.0])
    for binning in ("width", "mass"):
        found = calibration_error(q, p, bins=1, binning=binning, resamples=0)
        assert found.value == pytest.approx(abs(q.mean() - p.mean()))


def test_the_bias_of_a_plain_error_by_hand() -> None:
    """Two bins of three rows and one, in three resamples, of which one lacks the second bin."""
    point = np.array([3.0, 1.0, 0.6, -0.2, 0.0, 0.0])
    sums = np.array(
        [
            [1.0, 3.0, 0.15, -0.6, 0.0, 0.0],
            [4.0, 0.0, 1.0, 0.0, 0.0, 0.0],
            [3.0, 1.0, 0.6, -0.2, 0.0, 0.0],
        ]
    )
    first = np.std([0.15, 0.25, 0.2], ddof=1) * math.sqrt(3 / 2)
    # Of one row the error is its distance.
    wanted = folded_bias(np.array([0.2, -0.2]), np.array([first, 0.2]))
    assert _bias(point, sums, plan(4, None, 40, ())) == pytest.approx(
        float(0.75 * wanted[0] + 0.25 * wanted[1])
    )


def test_the_error_and_its_resamples_by_hand() -> None:
    h, p, _ = forecasts(60, 3, slope=0.5)
    q, ids = expit(h), np.arange(60) // 3
    for binning, edges in (
        ("width", np.linspace(0, 1, 6)),
        ("mass", np.array([*np.sort(q)[[0, 12, 24, 36, 48]], q.max()])),
    ):
        found = calibration_error(
            q, p, bins=5, binning=binning, by=ids, resamples=50, seed_words=("e",)
        )
        assert found.value == pytest.approx(by_hand(q, p, edges, np.ones(60)))
        again = [by_hand(q, p, edges, w) for w in cluster_counts(ids, 50, found.seed or 0)]
        assert found.se == pytest.approx(np.std(again, ddof=1), rel=1e-5)


def test_plain_error_is_biased_and_the_debiased_one_is_not() -> None:
    plain, debiased = [], []
    for seed in range(300):
        h, _, y = forecasts(150, seed)
        for out, flag in ((plain, False), (debiased, True)):
            out.append(calibration_error(expit(h), y, debiased=flag, resamples=0).value or 0.0)
    # In truth the label follows p, not s(h), but p has mean s(h): the forecast is calibrated.
    error = np.std(debiased, ddof=1) / math.sqrt(300)
    assert abs(np.mean(debiased)) < 3 * error
    assert np.mean(plain) > 0.05


def test_curve_is_that_of_scikit_learn_for_equal_widths() -> None:
    h, _, y = forecasts(300, 4)
    q = expit(h)
    found = reliability_curve(q, y, bins=8, binning="width")
    true, predicted = calibration_curve(y, q, n_bins=8)
    assert [b.predicted for b in found] == pytest.approx(predicted.tolist())
    assert [b.label.value for b in found] == pytest.approx(true.tolist())
    assert sum(b.n for b in found) == 300
    mass = reliability_curve(q, y, bins=8)
    assert [b.n for b in mass] == [37, 38, 37, 38, 37, 38, 37, 38]
    assert all(b.low <= b.predicted <= b.high for b in mass)


@given(st.lists(st.sampled_from([0.0, 0.2, 0.5, 1.0]), min_size=1, max_size=20))
def test_equal_predictions_stay_in_one_bin(values: list[float]) -> None:
    q = np.array(values)
    found = reliability_curve(q, np.zeros(len(q)), bins=10)
    assert sum(b.n for b in found) == len(q)
    assert len(found) <= len(set(values))
    for value in set(values):
        holding = [b for b in found if b.low <= value < b.high or value == b.low == b.high]
        last = found[-1] if value == q.max() else holding[0]
        assert last.n >= values.count(value)


def test_recalibration_is_the_glm_of_statsmodels() -> None:
    import statsmodels.api as sm

    h, p, y = forecasts(120, 5, slope=0.6)
    for label in (p, y):
        glm = sm.GLM(label, sm.add_constant(h), family=sm.families.Binomial()).fit(tol=1e-12)
        found = recalibration(h, label, resamples=0)
        assert found.intercept.value == pytest.approx(glm.params[0], abs=1e-7)
        assert found.slope.value == pytest.approx(glm.params[1], abs=1e-7)
        assert found.slope.method.startswith("calibration slope")
        assert found.intercept.method.startswith("calibration intercept")
    assert recalibration(h * 1e-6, p, resamples=0).slope.value == pytest.approx(
        1e6 * (recalibration(h, p, resamples=0).slope.value or 0), rel=1e-6
    )


def test_recalibration_of_resampled_pairs() -> None:
    h, p, _ = forecasts(40, 6)
    items = np.array([(i % 9, 9 + i % 4) for i in range(40)])
    found = recalibration(h, p, by=items, resamples=40)
    left, each = pairs_left_out(items), np.arange(40)
    again = [recalibration(h[each != i], p[each != i], resamples=0) for i in each]
    for part in ("slope", "intercept"):
        values = np.array([getattr(one, part).value for one in again])
        whole = getattr(found, part)
        wanted = student_of_pairs(whole.value, values, left, method="")
        assert whole.se == pytest.approx(wanted.se, rel=1e-5)
        assert whole.ci_lo == pytest.approx(wanted.ci_lo, rel=1e-5)


def test_order_of_rows_does_not_matter() -> None:
    h, p, _ = forecasts(80, 7)
    order = np.random.default_rng(8).permutation(80)
    for debiased in (False, True):
        one, two = (
            calibration_error(expit(a), b, debiased=debiased, resamples=0).value
            for a, b in ((h, p), (h[order], p[order]))
        )
        assert two == pytest.approx(one, abs=1e-12)
    a, b = recalibration(h, p, resamples=0), recalibration(h[order], p[order], resamples=0)
    assert b.slope.value == pytest.approx(a.slope.value, abs=1e-9)


def test_what_is_undefined() -> None:
    empty = np.array([])
    assert calibration_error(empty, empty, resamples=0).reason == "no rows"
    assert brier(empty, empty).reason == "no rows"
    assert reliability_curve(empty, empty) == ()
    one = calibration_error(np.array([0.2, 0.9]), np.ones(2), debiased=True, resamples=0)
    assert (one.value, one.reason) == (None, "no bin has two rows")
    for h, p, why in (
        (np.ones(5), np.linspace(0, 1, 5), "the predictions do not vary"),
        (np.arange(5.0) - 2, np.array([0, 0, 1, 1, 1.0]), "the labels are separated"),
        (np.arange(5.0), np.ones(5), "the labels are separated"),
        (np.ones(1), np.ones(1), "fewer than two rows"),
    ):
        found = recalibration(h, p, resamples=0)
        assert found.slope.value is None
        assert why in (found.slope.reason or "")
        assert found.intercept.reason == found.slope.reason


def test_what_is_refused() -> None:
    half = np.array([0.5])
    for call, match in (
        (lambda: brier(half, np.array([1.5])), "outside 0..1"),
        (lambda: brier(np.array([0.5, 0.5]), half), "label has 1"),
        (lambda: calibration_error(half, half, bins=0), "0 bins"),
        (lambda: calibration_error(half, half, binning="log"), "unknown binning"),
        (lambda: log_loss(half, -half), "outside 0..1"),
    ):
        with pytest.raises(InputError, match=match):
            call()


def test_clusters_that_do_not_fit_the_rows_are_refused() -> None:
    with pytest.raises(InputError, match="by has 2 entries for 3 rows"):
        reliability_curve(np.array([0.1, 0.5, 0.9]), np.ones(3), by=np.arange(2))


def test_the_debiased_error_by_hand() -> None:
    """Kumar, Liang & Ma (2019), definition 5.2: each bin's squared distance less its variance."""
    q = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9])
    p = np.array([0.0, 0.5, 0.1, 1.0, 0.2, 0.4])
    expected = 0.0
    for rows in (slice(0, 3), slice(3, 6)):
        apart = q[rows] - p[rows]
        n = len(apart)
        expected += n / 6 * (apart.mean() ** 2 - apart.var(ddof=1) / n)
    found = calibration_error(q, p, bins=2, debiased=True, resamples=0)
    assert found.value == pytest.approx(expected)
    assert found.method == "squared calibration error, debiased, 2 bins of equal mass"
    plain = calibration_error(q, p, bins=2, resamples=0)
    assert plain.method == "expected calibration error, 2 bins of equal mass"
