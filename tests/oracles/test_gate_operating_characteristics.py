"""How often the non-inferiority gate passes: at the margin (false pass) and at no change (power).

Reference: simulation of the paired t test on 0/1 scores of which 10% differ between two runs, made
apart from this code (4,000 runs a cell, notes of the statistics). Here each cell is simulated anew
through the gate's own bounds and decision; both have Monte-Carlo error.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from measurand.gates.deciding.decisions import Rules, decide
from measurand.gates.figures.bounds import Items, from_items

DISCORDANT = 0.10
RUNS = 2000
REFERENCE_RUNS = 4000
#: (n, margin): (share passed where the truth is -margin, share passed where nothing changed)
REFERENCE = {
    (100, 0.02): (0.059, 0.17),
    (100, 0.03): (0.061, 0.26),
    (100, 0.05): (0.067, 0.48),
    (300, 0.02): (0.052, 0.30),
    (300, 0.03): (0.053, 0.50),
    (300, 0.05): (0.059, 0.86),
    (1000, 0.02): (0.052, 0.64),
    (1000, 0.03): (0.054, 0.91),
    (1000, 0.05): (0.054, 1.00),
    (3000, 0.02): (0.051, 0.97),
    (3000, 0.03): (0.050, 1.00),
    (3000, 0.05): (0.052, 1.00),
}
RULES = Rules(alpha=0.05, min_n=0, min_clusters=0)


def passed(n: int, margin: float, truth: float, runs: int = RUNS, look: int = 1) -> float:
    """Share of simulated releases that the gate lets through.

    The differences enter the bounds by their counts of -1, 0 and 1 alone, so equal counts are
    decided once.
    """
    rng = np.random.default_rng([n, round(1000 * margin), round(1000 * truth) + 1000, look])
    share = [(DISCORDANT - truth) / 2, 1 - DISCORDANT, (DISCORDANT + truth) / 2]
    drawn, times = np.unique(rng.multinomial(n, share, size=runs), axis=0, return_counts=True)
    clusters = np.arange(n).astype(str)
    total = 0
    for counts, k in zip(drawn, times, strict=True):
        sample = Items(np.repeat([-1.0, 0.0, 1.0], counts), clusters, paired=True)
        found = from_items(
            sample,
            alpha=0.05 / look,
            confidence=0.95,
            interval="auto",
            null=-margin,
            better="higher",
        )
        total += int(k) * (
            decide("non_inferiority", found, -margin, "higher", RULES).state == "pass"
        )
    return total / runs


def tolerance(p: float, digits: float) -> float:
    """Four standard errors of the difference of two simulations, and the reference's rounding."""
    p = min(max(p, 0.005), 0.995)
    return 4 * math.sqrt(p * (1 - p) * (1 / RUNS + 1 / REFERENCE_RUNS)) + digits


@pytest.mark.integration
@pytest.mark.parametrize(("n", "margin"), sorted(REFERENCE))
def test_false_pass_and_power(n: int, margin: float) -> None:
    false_pass, power = REFERENCE[n, margin]
    assert passed(n, margin, -margin) == pytest.approx(
        false_pass, abs=tolerance(false_pass, 0.0005)
    )
    assert passed(n, margin, 0.0) == pytest.approx(power, abs=tolerance(power, 0.005))


def test_the_least_sample_shuts_out_the_liberal_sizes() -> None:
    assert Rules().min_n == 200
    small = Items(np.zeros(100), np.arange(100).astype(str), paired=True)
    found = from_items(
        small, alpha=0.05, confidence=0.95, interval="auto", null=-0.05, better="higher"
    )
    assert decide("non_inferiority", found, -0.05, "higher", Rules()).state == "inconclusive"


@pytest.mark.integration
def test_ten_looks_at_alpha_over_k_keep_the_error_rate() -> None:
    """A bad change tried ten times: plain looks let about 18% through, looks at alpha / k do not.

    Independent candidates make the plain rate 1 - .95^10 = .40, worse than the correlated looks of
    the reference (.184); the divided levels sum to alpha (1 + 1/2 + ... + 1/10) = .146 at most.
    """
    plain = 1 - math.prod(1 - passed(1000, 0.03, -0.03, 500, 1) for _ in range(10))
    divided = 1 - math.prod(1 - passed(1000, 0.03, -0.03, 500, k) for k in range(1, 11))
    assert plain > 0.3
    assert divided < 0.05 * sum(1 / k for k in range(1, 11)) + 0.03


def test_five_small_losses_pass_one_by_one_and_fail_against_the_anchor() -> None:
    rng = np.random.default_rng(5)
    n, clusters = 20_000, np.arange(20_000).astype(str)
    anchor = rng.random(n) < 0.9
    scores, previous = anchor.copy(), anchor
    states = []
    for _ in range(5):
        scores = previous & (rng.random(n) > 0.014 / previous.mean())
        found = from_items(
            Items(scores - previous.astype(float), clusters, paired=True),
            alpha=0.05, confidence=0.95, interval="auto", null=-0.02, better="higher",
        )  # fmt: skip
        states.append(decide("non_inferiority", found, -0.02, "higher", Rules()).state)
        previous = scores
    assert states == ["pass"] * 5
    total = from_items(
        Items(scores - anchor.astype(float), clusters, paired=True),
        alpha=0.05, confidence=0.95, interval="auto", null=-0.02, better="higher",
    )  # fmt: skip
    assert decide("non_inferiority", total, -0.02, "higher", Rules()).state == "fail"


def test_power_follows_from_the_normal_formula() -> None:
    """At the n that the gate asks for, the stated power is reached (Chow, Shao & Wang 2008)."""
    for margin, n in ((0.02, 1546), (0.03, 687), (0.05, 248)):
        expected = stats.norm.cdf(margin / math.sqrt(DISCORDANT / n) - stats.norm.ppf(0.95))
        assert expected == pytest.approx(0.8, abs=0.002)
        assert passed(n, margin, 0.0) == pytest.approx(expected, abs=0.035)
