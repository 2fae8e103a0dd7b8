"""The decision rules: bounds in, pass, fail or inconclusive out. No files, no clocks.

Everything is oriented so that larger is better. L and U are the one-sided bounds at level
1 - alpha of the metric (threshold) or of the difference candidate - baseline (non-inferiority):

- threshold: pass if L >= limit, fail if U < limit, else inconclusive;
- non_inferiority: pass if L > -margin, fail if U < -margin, else inconclusive.

So a limit may be met exactly, a margin must be kept strictly: a difference of exactly -margin is no
pass. Non-inferiority as in Piaggio et al. (2012), JAMA 308, 2594-2604; inconclusive is a result.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from measurand.gates.bounds import Bounds
from measurand.gates.verdict import State

Direction = Literal["higher", "lower"]

#: Means of decimal fractions miss their decimal value by some 1e-16; equality is judged wider.
EQUAL = 1e-12
#: Larger answers to "how many more" are no answers.
MAX_NEEDED = 10**9
#: Beyond (few clusters, tiny alpha) scipy's noncentral t does not return; nothing is detectable.
MAX_QUANTILE = 1e3


@dataclass(frozen=True)
class Decision:
    """What a rule says.

    Attributes:
        state: pass, fail or inconclusive.
        reason_code: why.
        mde: smallest true effect that the sample would show with the stated power.
        n_needed: units that would decide, were the truth as measured; None if no number would.
        clusters_needed: the same in clusters.
    """

    state: State
    reason_code: str
    mde: float | None = None
    n_needed: int | None = None
    clusters_needed: int | None = None


@dataclass(frozen=True)
class Rules:
    """What a gate demands beside its bound."""

    alpha: float = 0.05
    power: float = 0.8
    min_n: int = 200
    min_clusters: int = 10
    undefined: Literal["fail", "inconclusive"] = "inconclusive"


def threshold(lower: float | None, upper: float | None, bound: float) -> tuple[State, str]:
    """At least ``bound``: equality passes."""
    slack = EQUAL * max(1.0, abs(bound))
    if lower is not None and lower >= bound - slack:
        return "pass", "limit_met"
    if upper is not None and upper < bound - slack:
        return "fail", "limit_not_met"
    return "inconclusive", "undecided"


def non_inferiority(lower: float | None, upper: float | None, bound: float) -> tuple[State, str]:
    """Above ``bound`` = -margin: equality does not pass."""
    slack = EQUAL * max(1.0, abs(bound))
    if lower is not None and lower > bound + slack:
        return "pass", "not_worse"
    if upper is not None and upper < bound - slack:
        return "fail", "worse"
    return "inconclusive", "undecided"


#: Decision rule of each test that a gate file may name.
TESTS: dict[str, Callable[[float | None, float | None, float], tuple[State, str]]] = {
    "threshold": threshold,
    "non_inferiority": non_inferiority,
}


@np.errstate(all="ignore")
def decide(test: str, found: Bounds, bound: float, direction: Direction, rules: Rules) -> Decision:
    """Decide one gate.

    Args:
        test: key of :data:`TESTS`.
        found: the figure with its bounds, in its own orientation.
        bound: the limit, or for non-inferiority the largest acceptable difference, in the same
            orientation: -margin where higher is better, +margin where lower is better.
        direction: which way is better.
        rules: error rate, power and least sample.
    """
    if found.estimate is None:
        state: State = "fail" if rules.undefined == "fail" else "inconclusive"
        return Decision(state, "undefined")
    lower, upper, limit = found.lower, found.upper, bound
    if direction == "lower":
        lower, upper, limit = _negative(upper), _negative(lower), -bound
    needed, clusters = _needed(found, bound, rules)
    mde = _detectable(found, rules)
    if _too_small(found, rules):
        return Decision("inconclusive", "underpowered", mde, needed, clusters)
    state, code = TESTS[test](lower, upper, limit)
    if state != "inconclusive":
        return Decision(state, code, mde)
    if lower is None or upper is None:
        return Decision(state, "no_interval", mde)
    return Decision(state, code, mde, needed, clusters)


def _negative(x: float | None) -> float | None:
    return None if x is None else -x


def _too_small(found: Bounds, rules: Rules) -> bool:
    """Whether the sample is below the stated least size; an unknown size is below any."""
    if found.n is None and found.clusters is None and "exact" in found.flags:
        return False
    few_units = rules.min_n > (found.n or 0)
    # A row without a cluster count took its rows as independent: each is its own cluster.
    clusters = found.clusters if found.clusters is not None else found.n
    return few_units or rules.min_clusters > (clusters or 0)


def _needed(found: Bounds, bound: float, rules: Rules) -> tuple[int | None, int | None]:
    """Units and clusters that would decide with the stated power, were the truth as measured.

    (z_alpha + z_power)^2 sd^2 / gap^2 (Chow, Shao & Wang 2008, section 3.1), sd with design
    effect, gap from the estimate to the bound; for a difference of 0 the gap is the margin.
    """
    from measurand.stats.means import required_n

    assert found.estimate is not None
    n, clusters = found.n, found.clusters if found.clusters is not None else found.n
    by_size = rules.min_n
    gap = min(abs(found.estimate - bound), sys.float_info.max)
    if found.sd is not None and math.isfinite(found.sd) and found.sd > 0:
        if gap <= 1e-4 * found.sd:
            return None, None
        by_size = max(
            by_size, required_n(found.sd, gap, power=rules.power, alpha=rules.alpha, sides=1)
        )
    if by_size > MAX_NEEDED:
        return None, None
    if not n or not clusters:
        return by_size, rules.min_clusters
    by_clusters = max(rules.min_clusters, math.ceil(by_size * clusters / n))
    return max(by_size, math.ceil(by_clusters * n / clusters)), by_clusters


def _detectable(found: Bounds, rules: Rules) -> float | None:
    """Smallest effect with the stated power; None without a standard error to speak of."""
    from scipy.special import stdtrit

    from measurand.stats.means import smallest_detectable

    if found.se is None or not 0 < found.se < math.inf:
        return None
    if found.df and stdtrit(found.df, 1 - rules.alpha) > MAX_QUANTILE:
        return None
    return smallest_detectable(
        found.se, df=found.df or None, power=rules.power, alpha=rules.alpha, sides=1
    )
