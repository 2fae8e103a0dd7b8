"""The decision rules: bounds in, pass, fail or inconclusive out. No files, no clocks.

Everything is oriented so that larger is better. L and U are the one-sided bounds at level
1 - alpha of the metric (threshold) or of the difference candidate - baseline (all others):

- threshold: pass if L >= limit, fail if U < limit, else inconclusive;
- non_inferiority: pass if L > -margin, fail if U < -margin, else inconclusive;
- equivalence: pass if -margin < L and U < margin, fail if U < -margin or L > margin;
- superiority: pass if L > 0, fail if U < 0, else inconclusive;
- regression: fail if U < 0, else a weak pass: that nothing was shown shows nothing;
- exact_equal: pass if nothing differs, else fail; there is no error to be made.

So a limit may be met exactly, a margin must be kept strictly: a difference of exactly -margin is no
pass. Non-inferiority as in Piaggio et al. (2012), JAMA 308, 2594-2604; equivalence by two one-sided
tests (Schuirmann 1987); inconclusive is a result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from measurand.gates.deciding.samples import Rules, detectable, needed, trainings_needed
from measurand.gates.figures.bounds import EQUAL, Bounds, Direction

State = Literal["pass", "fail", "inconclusive", "error"]


@dataclass(frozen=True)
class Level:
    """At which level a gate is decided.

    Attributes:
        alpha: level in force: the gate's own or the family's, divided by the number of the look
            and by what the correction asks.
        plain: level before the correction over gates.
        p_adjusted: p of the gate's finding after looks and the correction.
        correction: which, over how many gates, in words.
    """

    alpha: float
    plain: float
    p_adjusted: float | None = None
    correction: str | None = None


@dataclass(frozen=True)
class Decision:
    """What a rule says.

    Attributes:
        state: pass, fail or inconclusive; error where no rule could be asked.
        reason_code: why.
        mde: smallest true effect that the sample would show with the stated power.
        n_needed: units that would decide, were the truth as measured (of a weak pass: that would
            show the loss); None if no number would.
        clusters_needed: the same in clusters.
        trainings_needed: trainings whose mean would decide, over ``n_needed`` units or, where that
            is None, over today's; None where units alone would, or nothing.
    """

    state: State
    reason_code: str
    mde: float | None = None
    n_needed: int | None = None
    clusters_needed: int | None = None
    trainings_needed: int | None = None


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


def equivalence(lower: float | None, upper: float | None, bound: float) -> tuple[State, str]:
    """Within the margin on both sides; ``bound`` is the margin with either sign."""
    margin = abs(bound)
    slack = EQUAL * max(1.0, margin)
    low_kept = lower is not None and lower > -margin + slack
    high_kept = upper is not None and upper < margin - slack
    if low_kept and high_kept:
        return "pass", "equivalent"
    below = upper is not None and upper < -margin - slack
    above = lower is not None and lower > margin + slack
    if below or above:
        return "fail", "different"
    return "inconclusive", "undecided"


def superiority(lower: float | None, upper: float | None, bound: float) -> tuple[State, str]:
    """Above ``bound`` = 0: equality does not pass."""
    state, _ = non_inferiority(lower, upper, bound)
    return state, {"pass": "better", "fail": "worse"}.get(state, "undecided")


def regression(lower: float | None, upper: float | None, bound: float) -> tuple[State, str]:
    """Fails where a loss is shown, and passes weakly where none is."""
    if upper is None:
        return "inconclusive", "undecided"
    if non_inferiority(lower, upper, bound)[0] == "fail":
        return "fail", "regressed"
    return "pass", "no_regression_shown"


def exact_equal(lower: float | None, upper: float | None, bound: float) -> tuple[State, str]:
    """Nothing differs: both bounds are the largest difference itself."""
    return ("pass", "equal") if lower == upper == bound == 0 else ("fail", "unequal")


#: Decision rule of each test that a gate file may name.
TESTS: dict[str, Callable[[float | None, float | None, float], tuple[State, str]]] = {
    "threshold": threshold,
    "non_inferiority": non_inferiority,
    "equivalence": equivalence,
    "superiority": superiority,
    "regression": regression,
    "exact_equal": exact_equal,
}


def hypotheses(test: str, bound: float, direction: Direction) -> list[tuple[float, Direction]]:
    """What the test has to reject, as (null, better direction), in the metric's orientation.

    The p of a gate is the largest of theirs: of equivalence the two one-sided tests', of regression
    that of its finding, a loss.
    """
    if test == "equivalence":
        return [(-abs(bound), "higher"), (abs(bound), "lower")]
    if test == "regression":
        return [(bound, "lower" if direction == "higher" else "higher")]
    return [(bound, direction)]


@np.errstate(all="ignore")
def decide(test: str, found: Bounds, bound: float, direction: Direction, rules: Rules) -> Decision:
    """Decide one gate.

    Args:
        test: key of :data:`TESTS`.
        found: the figure with its bounds, in its own orientation.
        bound: the limit, or the largest acceptable difference, in the same orientation: -margin
            where higher is better, +margin where lower is better; 0 where no margin is given.
        direction: which way is better.
        rules: error rate, power and least sample.
    """
    if found.estimate is None:
        state: State = "fail" if rules.undefined == "fail" else "inconclusive"
        return Decision(state, "undefined")
    lower, upper, limit = found.lower, found.upper, bound
    if direction == "lower":
        lower, upper, limit = _negative(upper), _negative(lower), -bound
    more, clusters = needed(test, found, bound, rules)
    repeats = None
    if more is None:
        repeats, more = trainings_needed(test, found, bound, rules)
    mde = detectable(found, rules)
    if _too_small(found, rules):
        return Decision("inconclusive", "underpowered", mde, more, clusters, repeats)
    if lower is None and upper is None:
        return Decision("inconclusive", "no_interval", mde)
    state, code = TESTS[test](lower, upper, limit)
    if code == "no_regression_shown" and _loses(found.estimate, direction):
        return Decision(state, code, mde, more, clusters, repeats)
    if state != "inconclusive":
        return Decision(state, code, mde)
    if lower is None or upper is None:
        return Decision(state, "no_interval", mde)
    return Decision(state, code, mde, more, clusters, repeats)


def _negative(x: float | None) -> float | None:
    return None if x is None else -x


def _loses(estimate: float, direction: Direction) -> bool:
    return estimate < 0 if direction == "higher" else estimate > 0


def _too_small(found: Bounds, rules: Rules) -> bool:
    """Whether the sample is below the stated least size; an unknown size is below any."""
    if found.n is None and found.clusters is None and "exact" in found.flags:
        return False
    few_units = rules.min_n > (found.n or 0)
    # A row without a cluster count took its rows as independent: each is its own cluster.
    clusters = found.clusters if found.clusters is not None else found.n
    return few_units or rules.min_clusters > (clusters or 0)
