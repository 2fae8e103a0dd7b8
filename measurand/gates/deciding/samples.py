"""How much a sample can show: the smallest detectable effect, and how many units would decide."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from typing import Literal

from measurand.gates.figures.bounds import Bounds

#: Larger answers to "how many more" are no answers.
MAX_NEEDED = 10**9
#: Half the error of a power next to 1 is no number below 1.
MOST_POWER = 1 - 1e-12
#: More trainings than these are no answer either.
MOST_TRAININGS = 1000
#: How a figure of one training with a study's part says so (:mod:`measurand.stats.trainings`).
OF_ONE = "; widened by "
HUGE = 1e100
#: Beyond (few clusters, tiny alpha) scipy's noncentral t does not return; nothing is detectable.
MAX_QUANTILE = 1e3


@dataclass(frozen=True)
class Rules:
    """What a gate demands beside its bound."""

    alpha: float = 0.05
    power: float = 0.8
    min_n: int = 200
    min_clusters: int = 10
    undefined: Literal["fail", "inconclusive"] = "inconclusive"


def needed(test: str, found: Bounds, bound: float, rules: Rules) -> tuple[int | None, int | None]:
    """Units and clusters that would decide with the stated power, were the truth as measured.

    (z_alpha + z_power)^2 sd^2 / gap^2 (Chow, Shao & Wang 2008, section 3.1), sd with design
    effect, gap from the estimate to the bound; for a difference of 0 the gap is the margin. Within
    the margins of equivalence two tests must succeed, so half the error goes to each.

    Returns:
        Units and clusters of today's size; None if no realistic number would decide, such as where
        the trainings' part of the error alone is too large.
    """
    estimate = found.estimate
    assert estimate is not None
    n, clusters = found.n, found.clusters if found.clusters is not None else found.n
    by_size = rules.min_n
    sd = found.sd
    if sd is not None and math.isfinite(sd) and sd > 0:
        gap, inside = _gap(test, estimate, bound)
        power = min((1 + rules.power) / 2, MOST_POWER) if inside else rules.power
        gap = _left(found, gap, power, rules.alpha)
        if gap <= 1e-4 * sd:
            return None, None
        if sd > HUGE:
            # Products with it overflow; only the ratio counts.
            found, gap = replace(found, sd=1.0), gap / sd
        by_size = max(by_size, _units(found, gap, power, rules.alpha))
    elif sd == 0 and found.trainings is not None and found.fixed:
        # The trainings' part is all of the error: rows alone decide at any number or at none.
        gap, inside = _gap(test, estimate, bound)
        power = min((1 + rules.power) / 2, MOST_POWER) if inside else rules.power
        if not _left(found, gap, power, rules.alpha):
            return None, None
    if by_size > MAX_NEEDED:
        return None, None
    if not n or not clusters:
        return by_size, rules.min_clusters
    by_clusters = max(rules.min_clusters, math.ceil(by_size * clusters / n))
    return max(by_size, math.ceil(by_clusters * n / clusters)), by_clusters


def trainings_needed(
    test: str, found: Bounds, bound: float, rules: Rules
) -> tuple[int | None, int | None]:
    """Trainings whose mean would decide where rows alone do not, and rows if today's are too few.

    The part of the trainings falls with their root, that of the items with the root of the rows.
    Where today's rows leave room in the gap, as few trainings as fill it; else each part gets half
    of the squared gap.

    Returns:
        Trainings, and rows or None for those of today; None twice where the bounds are about one
        training, where it varies with nothing, or where no realistic number would decide.
    """
    from scipy.special import ndtri, stdtrit

    assert found.estimate is not None
    nothing = None, None
    if found.trainings is None or not found.fixed or found.sd is None or not found.n:
        return nothing
    gap, inside = _gap(test, found.estimate, bound)
    power = float(ndtri(min((1 + rules.power) / 2, MOST_POWER) if inside else rules.power))
    of_one = found.fixed * (1.0 if OF_ONE in found.method else math.sqrt(found.trainings))
    items = (float(ndtri(1 - rules.alpha)) + power) * found.sd / math.sqrt(found.n)
    if not (0 < gap < HUGE and math.isfinite(items) and of_one < HUGE and items < HUGE):
        return nothing
    rows, left = None, gap**2 - items**2
    if left <= 0:
        rows, left = math.ceil(found.n * min(2 * (items / gap) ** 2, HUGE)), gap**2 / 2
    if rows is not None and rows > MAX_NEEDED:
        return nothing
    for many in range(2, MOST_TRAININGS + 1):
        part = (float(stdtrit(many - 1, 1 - rules.alpha)) + power) * of_one
        if part**2 / many <= left:
            return many, rows
    return nothing


def detectable(found: Bounds, rules: Rules) -> float | None:
    """Smallest effect with the stated power; None without a standard error to speak of."""
    from scipy.special import stdtrit

    from measurand.stats.means import smallest_detectable

    if found.se is None or not 0 < found.se < math.inf:
        return None
    if "anytime" in found.flags:
        return stretch(rules.power, rules.alpha) * found.se
    if found.df and stdtrit(found.df, 1 - rules.alpha) > MAX_QUANTILE:
        return None
    return smallest_detectable(
        found.se, df=found.df or None, power=rules.power, alpha=rules.alpha, sides=1
    )


def _gap(test: str, estimate: float, bound: float) -> tuple[float, bool]:
    """Distance from the estimate to what it must be told from, and whether on both sides."""
    if test == "equivalence":
        inside = abs(estimate) < abs(bound)
        return min(abs(abs(estimate) - abs(bound)), sys.float_info.max), inside
    return min(abs(estimate - bound), sys.float_info.max), False


def _left(found: Bounds, gap: float, power: float, alpha: float) -> float:
    """What of the gap the error of the items may take, beside that of the trainings; 0 if none.

    The part of the trainings stays whatever the number of units: with it the error may be
    gap / (t_alpha + z_power), so that the squares of both parts add up to that of the gap.
    """
    from scipy.special import ndtri, stdtrit

    if found.trainings is None or not found.fixed:
        return gap
    taken = float(stdtrit(found.trainings - 1, 1 - alpha) + ndtri(power)) * found.fixed
    return math.sqrt(gap**2 - taken**2) if gap > taken else 0.0


def _units(found: Bounds, gap: float, power: float, alpha: float) -> int:
    from measurand.stats.means import required_n

    assert found.sd is not None
    if "anytime" not in found.flags:
        return required_n(found.sd, gap, power=power, alpha=alpha, sides=1)
    # Bets are on clusters, and a unit of the standard deviation is an item.
    return max(1, math.ceil((stretch(power, alpha) * found.sd / gap) ** 2))


def stretch(power: float, alpha: float) -> float:
    """Effect in standard errors that betting at the best stake shows with this power.

    Log wealth is near normal with mean n e^2 / 2 and variance n e^2 for an effect of e standard
    deviations, and must reach log 1/alpha: so e sqrt(n) = z + sqrt(z^2 + 2 log 1/alpha). Learning
    the stake costs some more.
    """
    from scipy.special import ndtri

    z = float(ndtri(power))
    return z + math.sqrt(z * z - 2 * math.log(alpha))
