"""One gate's question to a sample: how far the truth lies from its bound, and what shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from measurand.gates.cases import Case
from measurand.gates.deciding.samples import stretch
from measurand.planning.pilot import Scores
from measurand.planning.wish import Wish
from measurand.stats.components import Components
from measurand.stats.planned import (
    power_of,
    rate_power,
    rate_units_needed,
    sd_interval,
    units_for_width,
    units_needed,
)

#: Tests whose bound is kept by doing no worse: planned for no change unless said otherwise.
UNCHANGED = ("non_inferiority", "equivalence")


@dataclass(frozen=True)
class Question:
    """What has to be shown.

    Attributes:
        parts: the pilot's variance components.
        truth: true score or difference, in the metric's orientation.
        assumed: where ``truth`` comes from: ``given``, ``no change`` or ``pilot``.
        gap: distance from the truth to what must be excluded; not above 0 where nothing shows it.
        alpha: level of a bound.
        power: chance of success, of each of two bounds where both must hold.
        wished: chance of success as it was asked for.
        width: wished width of the interval in place of a gap.
        rate: (limit, truth) of a rate of independent items, whose variance follows from it.
        sequential: whether the gate bets.
        least: clusters and items that the gate asks for at least.
    """

    parts: Components
    truth: float
    assumed: str
    gap: float
    alpha: float
    power: float
    wished: float
    width: float | None
    rate: tuple[float, float] | None
    sequential: bool
    least: tuple[int, int]

    def sd(self, per_cluster: int, repeats: int) -> float:
        """Standard deviation that a cluster of this shape brings to the mean."""
        return math.sqrt(self.parts.of_cluster(per_cluster, repeats))

    def clusters(
        self, per_cluster: int, repeats: int, sd: float | None = None, *, known: bool = False
    ) -> int | None:
        """Least number of clusters that does; None where no realistic number would.

        Args:
            per_cluster: items of each.
            repeats: repeats of each item.
            sd: of a cluster, in place of the pilot's.
            known: whether ``sd`` is the truth and no estimate.
        """
        sd = self.sd(per_cluster, repeats) if sd is None else sd
        degrees = None if known else self.parts.degrees(per_cluster, repeats)
        if self.width is not None:
            found = units_for_width(self.width, sd, chance=self.power, degrees=degrees)
        elif self.gap <= 0:
            return None
        elif self.sequential:
            found = math.ceil((stretch(self.power, self.alpha) * sd / self.gap) ** 2)
        elif self.rate is not None:
            found = rate_units_needed(
                self.rate[1], self.rate[0], power=self.power, alpha=self.alpha
            )
        else:
            found = units_needed(self.gap, sd, power=self.power, alpha=self.alpha, degrees=degrees)
        if found is None:
            return None
        return max(found, self.least[0], math.ceil(self.least[1] / per_cluster))

    def range(self, per_cluster: int, repeats: int) -> tuple[int | None, int | None]:
        """Clusters that would do if the variance lay at either end of its 95% interval."""
        if self.rate is not None and self.width is None:
            found = self.clusters(per_cluster, repeats)
            return found, found
        low, high = sd_interval(
            self.sd(per_cluster, repeats), self.parts.degrees(per_cluster, repeats)
        )
        ends = (self.clusters(per_cluster, repeats, sd, known=True) for sd in (low, high))
        return next(ends), next(ends)

    def shown(self, clusters: int, per_cluster: int, repeats: int) -> float:
        """Chance of success with a design: the higher, the better the design."""
        degrees = self.parts.degrees(per_cluster, repeats)
        return self.at(clusters, self.sd(per_cluster, repeats), degrees)

    def at(self, clusters: float, sd: float, degrees: float | None) -> float:
        """Chance of success with so many clusters of this standard deviation."""
        gap = self.width / 4 if self.width is not None else self.gap
        if gap <= 0 or sd <= 0:
            return 0.0
        if self.rate is not None and self.width is None:
            one = rate_power(clusters, self.rate[1], self.rate[0], alpha=self.alpha)
        elif self.sequential:
            one = _bets(clusters, gap / sd, self.alpha)
        else:
            one = power_of(clusters, gap, sd, alpha=self.alpha, degrees=degrees)
        both = self.power != self.wished
        return max(0.0, 2 * one - 1) if both else one


def question(case: Case, scores: Scores, parts: Components, wish: Wish) -> Question:
    """The question of a gate, see :class:`Question`."""
    gate, rules = case.gate, case.rules
    sign = 1.0 if gate.direction == "higher" else -1.0
    truth, assumed = _truth(case, parts, wish)
    power = wish.power if wish.power is not None else rules.power
    gap = sign * (truth - case.bound)
    each = power
    if gate.test == "equivalence":
        gap = abs(case.bound) - abs(truth)
        # Two bounds must hold: half the error to each where the truth lies in the middle.
        each = (1 + power) / 2
    elif gate.test == "regression":
        gap = -sign * truth
    limit = case.bound + case.reference
    rate = None
    if scores.rate and gate.sequential is None and gate.interval in ("auto", "wilson"):
        at = truth + case.reference
        rate = (
            (limit, at) if 0 < limit < 1 and 0 <= at <= 1 and gate.test != "equivalence" else None
        )
    return Question(
        parts=parts,
        truth=truth,
        assumed=assumed,
        gap=gap,
        alpha=gate.alpha,
        power=power if wish.width is not None else each,
        wished=power,
        width=wish.width,
        rate=rate,
        sequential=gate.sequential is not None,
        least=(rules.min_clusters, rules.min_n),
    )


def _truth(case: Case, parts: Components, wish: Wish) -> tuple[float, str]:
    if wish.truth is not None:
        return wish.truth, "given"
    if case.gate.test in UNCHANGED:
        return 0.0, "no change"
    return parts.mean - case.reference, "pilot"


def _bets(clusters: float, effect: float, alpha: float) -> float:
    """Chance that bets at the best stake reach 1/alpha: the inverse of ``stretch``."""
    from scipy.special import ndtr

    shift = effect * math.sqrt(clusters)
    return float(ndtr(shift / 2 + math.log(alpha) / shift)) if shift > 0 else 0.0
