"""Means that a judge and people give together: against ppi-python, identities and simulation."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm, t

from measurand.errors import InputError
from measurand.stats import corrected
from measurand.stats.corrected import Corrected, corrected_mean, labels_needed
from measurand.stats.means import (
    cluster_mean,
    proportion,
    rate_of_effective,
    student,
    within_unit,
)

PPI = json.loads((Path(__file__).parents[2] / "oracles/corrected_ppi.json").read_text())["cases"]


def _data(case: dict) -> tuple[np.ndarray, np.ndarray]:
    """(judge's scores, labels with NaN where there is none) as the oracle's were made."""
    rng, n, total = np.random.default_rng(case["seed"]), case["n"], case["n"] + case["N"]
    if case["kind"] == "binary":
        y = (rng.random(total) < 0.7).astype(float)
        f = np.where(rng.random(total) < 0.8, y, 1 - y)
    else:
        y = np.round(rng.normal(3, 1, total), 2)
        f = np.round(0.8 * y + 0.5 + rng.normal(0, 0.6, total), 2)
    labels = np.full(total, np.nan)
    labels[:n] = y[:n]
    return f, labels


@pytest.mark.parametrize("case", [c for c in PPI if c["lam"] is None], ids=lambda c: str(c["seed"]))
def test_mean_weight_and_error_are_those_of_ppi_python(case: dict) -> None:
    f, y = _data(case)
    found = corrected_mean(f, y)
    assert found.mean.value == pytest.approx(case["estimate"], abs=1e-9)
    # Its error divides by n, ours takes two degrees: the judge's part is too small to separate.
    known = ~np.isnan(y)
    w = found.weight
    plain = (y[known] - w * f[known]).var() / known.sum() + w**2 * f[~known].var() / (~known).sum()
    theirs = (case["high"] - case["low"]) / 2 / norm.ppf(0.975)
    assert math.sqrt(plain) == pytest.approx(theirs, rel=1e-9)
    assert found.mean.se == pytest.approx(theirs * math.sqrt(case["n"] / (case["n"] - 2)), rel=1e-9)


def test_a_useless_judge_leaves_the_labels() -> None:
    rng = np.random.default_rng(1)
    y = np.full(400, np.nan)
    y[:50] = rng.normal(size=50)
    found = corrected_mean(np.full(400, 3.0), y)
    assert found.weight == 0
    assert found.mean.value == pytest.approx(found.labels.value)
    assert found.labels.value == pytest.approx(cluster_mean(y[:50]).value)
    assert found.effective == pytest.approx(50 * 48 / 49)


def test_a_perfect_judge_stands_for_the_labels_that_are_missing() -> None:
    y = np.random.default_rng(2).normal(size=1_000)
    labels = np.where(np.arange(1_000) < 100, y, np.nan)
    found = corrected_mean(y, labels)
    assert found.mean.value == pytest.approx(y.mean(), abs=0.05)
    assert found.effective > 700
    assert found.bias.value == 0


def test_the_judges_constant_bias_does_not_move_the_mean() -> None:
    f, y = _data(PPI[8])
    here, there = corrected_mean(f, y), corrected_mean(f + 7, y)
    assert there.mean.value == pytest.approx(here.mean.value, abs=1e-9)
    assert there.mean.se == pytest.approx(here.mean.se)
    assert there.bias.value == pytest.approx(here.bias.value + 7)


def test_equal_labels_get_the_interval_of_a_rate() -> None:
    y = np.full(200, np.nan)
    y[:30] = 1.0
    f = (np.arange(200) % 3 > 0).astype(float)
    assert corrected_mean(f, y).mean == proportion(30, 30)


def test_clusters_of_one_are_rows_up_to_the_weights_denominator() -> None:
    f, y = _data(PPI[8])
    rows = np.arange(len(f))
    whole, single = corrected_mean(f, y, rows), corrected_mean(f, y)
    assert whole.mean.value == pytest.approx(single.mean.value, abs=0.05)
    assert whole.mean.n_clusters == 40
    doubled = corrected_mean(np.tile(f, 2), np.tile(y, 2), np.tile(rows, 2))
    assert doubled.mean.value == pytest.approx(whole.mean.value)
    assert doubled.mean.se == pytest.approx(whole.mean.se)


def test_strata_are_weighted_by_their_share_of_all_rows() -> None:
    rng = np.random.default_rng(3)
    part = np.repeat([0, 1], [900, 100])
    truth = np.where(part == 0, 1.0, 5.0)
    f = truth + rng.normal(0, 0.5, 1_000)
    y = np.full(1_000, np.nan)
    drawn = np.r_[rng.choice(900, 40, replace=False), 900 + rng.choice(100, 40, replace=False)]
    y[drawn] = truth[drawn] + rng.normal(0, 0.1, 80)
    found = corrected_mean(f, y, strata=part)
    assert found.mean.value == pytest.approx(1.4, abs=0.1)
    assert found.labels.value == pytest.approx(1.4, abs=0.1)
    assert corrected_mean(f, y).mean.value == pytest.approx(1.4, abs=0.3)
    own = [corrected_mean(f, np.where(part == h, y, np.nan)) for h in (0, 1)]
    assert own[0].labelled == own[1].labelled == 40


def test_everything_labelled_is_the_mean_of_labels() -> None:
    y = np.random.default_rng(4).normal(size=60)
    found = corrected_mean(y * 0.5 + 2, y)
    assert (found.mean.value, found.weight) == (pytest.approx(y.mean()), 0)


@pytest.mark.parametrize(
    ("labels", "strata", "why"),
    [
        ([np.nan] * 8, None, "no row has a label"),
        ([1, 0, 1] + [np.nan] * 5, None, "fewer than 4 labelled units"),
        ([1, 0, 1, 0, 1, 1] + [np.nan] * 2, [0, 0, 0, 0, 0, 1, 1, 1], "fewer than two labels"),
    ],
)
def test_too_few_labels_are_no_mean(labels: list, strata: list | None, why: str) -> None:
    found = corrected_mean(
        np.arange(8.0), np.array(labels), None, None if strata is None else np.array(strata)
    )
    assert found.mean.value is None
    assert why in found.mean.reason


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="judged holds NaN"):
        corrected_mean(np.array([1.0, np.nan]), np.array([1.0, 0.0]))


def test_a_share_stays_a_share() -> None:
    y = np.full(300, np.nan)
    y[:20] = [1, *[0] * 19]
    f = np.zeros(300)
    f[:3] = 1
    found = corrected_mean(f, y).mean
    assert 0 <= found.ci_lo <= found.value <= found.ci_hi <= 1


def test_a_rate_counts_its_effective_labels() -> None:
    """By hand: residuals over one minus their leverage, and the judge's part of the rest."""
    rng = np.random.default_rng(8)
    truth = (rng.random(500) < 0.7) * 1.0
    f = np.where(rng.random(500) < 0.85, truth, 1 - truth)
    y = np.where(np.arange(500) < 50, truth, np.nan)
    found = corrected_mean(f, y)
    own, seen, w = truth[:50], f[:50], found.weight
    x = seen - seen.mean()
    left = (own - own.mean() - w * x) / (1 - x**2 / (x**2).sum())
    error = (left**2).sum() / 50 / 49 + w**2 * f[50:].var() / 450
    assert found.effective == pytest.approx(own.var(ddof=1) / error)
    assert 50 < found.effective < 500
    assert f"at {found.effective:.0f} effective labels" in found.mean.method
    ends = rate_of_effective(found.mean, found.effective)
    assert (found.mean.ci_lo, found.mean.ci_hi) == (ends.ci_lo, ends.ci_hi)


@pytest.mark.parametrize("right", [0.6, 0.9])
def test_a_judge_that_knows_nothing_costs_a_rate_nothing(right: float) -> None:
    """200 draws of 30 labels: the mean width is no more than that of the labels alone."""
    rng, ours, alone = np.random.default_rng(9), [], []
    for _ in range(200):
        truth = (rng.random(400) < right) * 1.0
        found = corrected_mean(
            (rng.random(400) < 0.5) * 1.0, np.where(np.arange(400) < 30, truth, np.nan)
        )
        assert found.effective >= 30
        ours.append(found.mean.ci_hi - found.mean.ci_lo)
        alone.append(found.labels.ci_hi - found.labels.ci_lo)
    assert np.mean(ours) <= 1.002 * np.mean(alone)


def test_the_width_that_was_asked_for_is_reached_by_the_labels_said() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(size=4_000)
    f = 0.8 * truth + rng.normal(0, 0.6, 4_000)
    order = rng.permutation(4_000)

    def at(n: int) -> Corrected:
        y = np.full(4_000, np.nan)
        y[order[:n]] = truth[order[:n]]
        return corrected_mean(f, y)

    pilot = at(300)
    need = labels_needed(pilot, 0.1)
    width = at(need).mean.ci_hi - at(need).mean.ci_lo
    assert need > 300

    def halved(n: int) -> float:
        """Width at so many labels, by the variance that the docstring states."""
        left = [(1 - pilot.correlation**2 * (4_000 - k) / 4_000) / k for k in (n, 300)]
        return 2 * t.ppf(0.975, n - 2) * pilot.mean.se * math.sqrt(left[0] / left[1])

    assert halved(need) <= 0.1 < halved(need - 1)
    assert width == pytest.approx(0.1, rel=0.06)
    assert labels_needed(pilot, 5.0) == 300
    assert labels_needed(pilot, 0.01) is None
    with pytest.raises(InputError):
        labels_needed(pilot, 0)


@pytest.mark.parametrize("clustered", [False, True])
def test_the_interval_covers_the_mean_that_people_would_give(clustered: bool) -> None:
    """A judge with a bias, 60 labels of 1,060 rows, 600 draws: 95% within sampling error."""
    rng, covered, ratio = np.random.default_rng(6), 0, []
    size = 5 if clustered else 1
    for _ in range(600):
        group = np.repeat(np.arange(1_060 // size), size)
        truth = 0.6 * rng.normal(size=1_060 // size)[group] + 0.8 * rng.normal(size=1_060)
        f = 0.7 * truth + 0.5 * rng.normal(size=1_060) + 0.4
        drawn = np.isin(group, rng.choice(1_060 // size, 60 // size, replace=False))
        found = corrected_mean(f, np.where(drawn, truth, np.nan), group if clustered else None)
        covered += found.mean.ci_lo <= 0 <= found.mean.ci_hi
        ratio.append(
            (found.mean.ci_hi - found.mean.ci_lo) / (found.labels.ci_hi - found.labels.ci_lo)
        )
    assert 0.925 <= covered / 600 <= 0.975
    assert np.mean(ratio) < 0.8


def test_four_labels_and_two_a_stratum_are_enough() -> None:
    f = np.arange(8.0)
    y = np.array([1, 0, 1, 3] + [np.nan] * 4)
    assert corrected_mean(f, y).mean.value is not None
    y = np.array([1, 0, 1, np.nan, np.nan, 3, 2, np.nan])
    found = corrected_mean(f, y, strata=np.repeat([0, 1], [5, 3]))
    assert found.mean.ci_lo is not None
    assert (found.mean.n, found.labels.n) == (8, 5)


def test_where_a_stratum_is_labelled_whole_the_judge_tells_nothing() -> None:
    """By hand: the gap and what moves it are those of the other stratum alone."""
    rng = np.random.default_rng(10)
    f = 5 + rng.normal(size=24)
    part = np.repeat([0, 1], [16, 8])
    truth = f + rng.normal(0, 0.3, 24)
    known = (part == 1) | (np.arange(24) < 6)
    found = corrected_mean(f, np.where(known, truth, np.nan), strata=part)
    own, other = f[:6], f[6:16]
    a = np.r_[(truth[:6] - truth[:6].mean()) / 6 * 16, truth[16:] - truth[16:].mean()] / 24
    b = np.r_[(own - own.mean()) / 6, -(other - other.mean()) / 10] * 16 / 24
    weight = (a[:6] @ b[:6]) / (b @ b)
    people = (16 * truth[:6].mean() + 8 * truth[16:].mean()) / 24
    assert 0.2 < weight < 1
    assert found.weight == pytest.approx(weight)
    assert found.mean.value == pytest.approx(people - weight * (own.mean() - other.mean()) * 2 / 3)
    left = np.r_[a[:6] - weight * b[:6], a[6:], weight * b[6:]]
    # Fourteen labels less two strata and the weight.
    assert found.mean.se == pytest.approx(math.sqrt(left @ left * 14 / 11))


def test_labels_alone_have_the_interval_that_suits_them() -> None:
    f, group = np.linspace(0, 1, 40), np.arange(40) // 4
    known = np.arange(40) < 20

    def alone(y: np.ndarray, clusters: np.ndarray | None = group) -> object:
        return corrected_mean(f, np.where(known, y, np.nan), clusters).labels

    half = alone(np.full(40, 0.5))
    assert half == cluster_mean(np.full(20, 0.5), group[:20])
    for value in (0.0, 1.0):
        found, rate = alone(np.full(40, value)), proportion(5 * int(value), 5)
        assert (found.ci_lo, found.ci_hi) == (rate.ci_lo, rate.ci_hi)
        assert (found.n, found.n_clusters, found.value) == (20, 5, value)
    between = np.tile([0.0, 0.5, 1.0, 1.0], 10)
    assert alone(between, None) == within_unit(cluster_mean(between[:20]))


def test_shares_by_stratum_are_cut_or_on_the_logit_scale() -> None:
    plain = student(0.5, 0.1, 5, 0.95, "m", 10, 3, None)
    found = corrected._interval(0.5, 0.1, 5, 0.95, 10, 3, "m", True)
    scaled = within_unit(student(0.5, 0.1, 5, 0.95, "m", 10, 6, None))
    assert (found.ci_lo, found.upper) == (scaled.ci_lo, scaled.upper) != (plain.ci_lo, plain.upper)
    assert found.n_clusters == 3
    beyond = corrected._interval(1.125, 0.25, 5, 0.95, 10, None, "m", True)
    assert (beyond.value, beyond.ci_hi, beyond.upper, beyond.least, beyond.most) == (1, 1, 1, 0, 1)
    assert beyond.ci_lo == pytest.approx(1.125 - t.ppf(0.975, 5) * 0.25)
