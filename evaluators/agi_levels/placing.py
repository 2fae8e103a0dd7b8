"""One model's result on a task against one norm: the percentile, the level, the remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evaluators.agi_levels.levels import HIGHEST, SUPERHUMAN, call, in_words, shown_by
from evaluators.agi_levels.needs import next_needs
from measurand.stats.arrays import FloatArray
from measurand.stats.crossed import components
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.percentiles import Place, among, among_normal, among_with_items, in_table
from measurand.stats.true_score import TrueScore, exact_score, mean_score, score_with_error
from pipelines.agi_levels.shipped import people
from schemas.agi_levels.norms import Items, MeanOnly, Moments, Norm, Percentiles, Raw, Task
from schemas.agi_levels.params import Rules
from schemas.agi_levels.taxonomy import CUTS, FIRST_CUT, NAMES

MANY_AT_TOP, SOME_AT_TOP = 0.05, 0.01
FAR = 2.0
"""Standard deviations beyond which normality of a bounded scale misleads."""


@dataclass(frozen=True)
class Result:
    """What a model did on a task.

    Attributes:
        model: whose.
        task: what is known of the task.
        items: identities of the items; none of a finished score.
        values: (n,) scores of the items, repeats averaged.
        clusters: unit of independent sampling of each item.
        by_run: (n, runs) scores of the items in each run, NaN where there is none; one run has
            none.
        score: a finished score.
        se: its error.
    """

    model: str
    task: Task
    items: tuple[str, ...] = ()
    values: FloatArray = field(default_factory=lambda: np.empty(0))
    clusters: tuple[str, ...] = ()
    by_run: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    score: float | None = None
    se: float | None = None

    def law(self) -> TrueScore:
        """Law of the true score."""
        if self.score is not None:
            return (
                exact_score(self.score)
                if self.se is None
                else score_with_error(self.score, self.se)
            )
        distinct = len(set(self.clusters)) < len(self.items)
        clusters = np.array(self.clusters) if distinct else None
        return mean_score(self.values, clusters, se_more=self.run_se or 0.0)

    @property
    def run_se(self) -> float | None:
        """Error of the score that all items of a run share; None where one run tells nothing of it.

        It is what runs differ by beyond the noise of single answers, over their number; of the
        items that every run has.
        """
        whole = self.by_run[~np.isnan(self.by_run).any(1)]
        if min(whole.shape) < 2:
            return None
        return float(np.sqrt(max(components(whole).columns, 0.0) / whole.shape[1]))

    @property
    def mean(self) -> float:
        """The score."""
        return float(self.values.mean()) if self.score is None else self.score


@dataclass(frozen=True)
class Placement:
    """A result against a norm, or the reason why it stands against none.

    Attributes:
        model: whose; ``-`` where nobody took the task.
        task: task.
        norm: norm; ``-`` where there is none.
        group: whom it is compared with.
        reference: what the paper would call the group.
        kind: what is known of the group.
        score: the score.
        place: percentile with interval, or undefined with the reason.
        strict: share of people strictly below.
        p: probability of reaching each of ``CUTS``; empty where there is none.
        level: claimed.
        possible: highest possible.
        n: people of the norm.
        flags: remarks.
        words: the finding.
        needs: what the next level would need.
        among_true: percentile among people's true scores, where their reliability is known.
        runs: share of the percentile's variance that the error of the runs makes; None where one
            run tells nothing of it.
    """

    model: str
    task: str
    norm: str = "-"
    group: str | None = None
    reference: str | None = None
    kind: str | None = None
    score: float | None = None
    place: Estimate = field(default_factory=lambda: undefined("no norm"))
    strict: float | None = None
    p: tuple[float, ...] = ()
    level: int | None = None
    possible: int | None = None
    n: int | None = None
    flags: tuple[str, ...] = ()
    words: str = ""
    needs: str = ""
    among_true: Estimate | None = None
    runs: float | None = None


def place(result: Result, norm: Norm, rules: Rules, words: Sequence[str | int]) -> Placement:
    """Place a result.

    Args:
        result: what the model did.
        norm: whom it is compared with.
        rules: when a level is claimed.
        words: seed words of the resampling of shared items, and how many resamples come first.
    """
    base = Placement(
        *(result.model, result.task.id, norm.id, norm.group.name, norm.group.reference, norm.kind),
        score=result.mean,
        flags=_remarks(result, norm),
    )
    if isinstance(norm, MeanOnly):
        return _mean_only(result, norm, base)
    if not isinstance(norm, Raw | Items | Moments | Percentiles):
        why = "minutes of people give a horizon" if norm.kind == "time" else "a rank among models"
        return replace(base, place=undefined(f"{why}, no percentile"), words=f"no level: {why}")
    if other := _other_scale(result, norm):
        return replace(base, place=undefined(other), words=f"no level: {other}")
    score = result.law()
    low, high, n, flags = _laws(result, score, norm, words)
    flags = (*base.flags, *flags)
    most = HIGHEST if isinstance(norm, Percentiles) and norm.whole_group else shown_by(n)
    if "ceiling_caps" in flags:
        most = min(most, HIGHEST - 1)
        flags = tuple(flag for flag in flags if flag != "ceiling_caps")
    if isinstance(norm, Moments) and "extrapolated" in flags:
        most = FIRST_CUT - 1
    surely, maybe = low.at_least(CUTS), high.at_least(CUTS)
    found = call(surely, maybe, rules, most=most)
    if found.level is None or found.level < HIGHEST:
        capped = call(surely, maybe, rules)
        if capped.level != found.level:
            flags = (*flags, "size_unknown" if n is None else "norm_below_floor")
    elif result.task.superhuman_basis and low.strict == 1 and isinstance(norm, Raw):
        found = replace(found, level=SUPERHUMAN, possible=SUPERHUMAN, words=NAMES[SUPERHUMAN])
    estimate = low.estimate()
    if low is not high:
        ends = high.estimate()
        estimate = replace(estimate, ci_hi=ends.ci_hi, upper=ends.upper)
    return replace(
        base,
        place=replace(estimate, n=n),
        strict=low.strict,
        p=surely,
        level=found.level,
        possible=found.possible,
        n=n,
        flags=tuple(dict.fromkeys(flags)),
        words=f"{found.words} (against {norm.group.name})",
        needs=_needs(result, norm, found.level, flags, rules),
        among_true=_among_true(score, norm),
        runs=_of_runs(result, norm, low),
    )


def _other_scale(result: Result, norm: Raw | Items | Moments | Percentiles) -> str | None:
    """Why score and norm cannot be on one scale; None where they can."""
    if isinstance(norm, Items):
        return None
    if isinstance(norm, Raw) and norm.maximum is not None and result.mean > norm.maximum:
        return f"the score {result.mean:g} is beyond the best possible one, {norm.maximum:g}"
    if isinstance(norm, Moments):
        least = norm.mean - norm.sd
    else:
        least = min(norm.counts if isinstance(norm, Raw) else norm.rows)
    rates = len(result.values) and result.values.min() >= 0 and result.values.max() <= 1
    if rates and least > 1:
        return f"items are scored from 0 to 1, people from {least:g} upwards: another scale"
    return None


def _among_true(score: TrueScore, norm: Norm) -> Estimate | None:
    """Place among true scores, whose spread lacks the error of people's scores."""
    if not isinstance(norm, Moments) or norm.reliability is None:
        return None
    return among_normal(score, norm.mean, norm.sd, norm.n, norm.reliability).estimate()


def _of_runs(
    result: Result, norm: Raw | Items | Moments | Percentiles, place: Place
) -> float | None:
    """Share of the percentile's variance that is of the runs; none where items alone are drawn."""
    if not result.run_se or isinstance(norm, Items):
        return result.run_se and 0.0
    values, clusters = result.values, np.array(result.clusters)
    items = mean_score(values, clusters if len(set(clusters)) < len(values) else None)
    with_runs, without = (_spread(p) for p in (place, _laws(result, items, norm, ())[0]))
    return float(np.clip(1 - without / with_runs, 0.0, 1.0)) if with_runs else 0.0


def _spread(place: Place) -> float:
    """Half the distance of the quantiles that a normal law has at one sd, squared."""
    low, high = place.quantiles([0.15865525, 0.84134475])
    return float(((high - low) / 2) ** 2)


def _needs(
    result: Result,
    norm: Raw | Items | Moments | Percentiles,
    level: int | None,
    flags: Sequence[str],
    rules: Rules,
) -> str:
    """What the next level would need; empty where items are drawn for both sides."""
    if isinstance(norm, Items) or "ceiling" in flags:
        return ""
    if "size_unknown" in flags:
        return "the number of people behind the table"
    whole = isinstance(norm, Percentiles) and norm.whole_group

    def law(score: TrueScore) -> Place:
        return _laws(result, score, norm, ())[0]

    return next_needs(level, result.law(), law, None if whole else people(norm), rules)


def _laws(
    result: Result,
    law: TrueScore,
    norm: Raw | Items | Moments | Percentiles,
    words: Sequence[str | int],
) -> tuple[Place, Place, int | None, tuple[str, ...]]:
    """Laws of both ends of the percentile, people, and remarks."""
    flags: tuple[str, ...] = ("score_without_error",) if law.kind == "exact" else ()
    if isinstance(norm, Raw):
        who = np.repeat(list(norm.counts), list(norm.counts.values()))
        found = among(law, who)
        flags += _ends(result.mean, who, norm.maximum)
        return found, found, len(who), flags
    if isinstance(norm, Items):
        answers = np.array([[float(c) for c in p] for p in norm.patterns])
        answers = np.repeat(answers, list(norm.patterns.values()), axis=0)
        found, more = _with_items(result, norm, answers, words)
        flags += (*more, *_ends(result.mean, answers.mean(1), 1.0))
        return found, found, len(answers), flags
    if isinstance(norm, Moments):
        found = among_normal(law, norm.mean, norm.sd, norm.n)
        far = norm.bounded and abs(result.mean - norm.mean) > FAR * norm.sd
        return found, found, norm.n, (*flags, "normal_assumed", *(("extrapolated",) if far else ()))
    scores = sorted(norm.rows)
    shares = np.array([norm.rows[s] / 100 for s in scores])
    n = None if norm.whole_group else norm.n
    low, high = in_table(law, np.array(scores), shares, n, norm.rounding / 100)
    outside = not scores[0] <= result.mean <= scores[-1]
    return low, high, norm.n, (*flags, *(("extrapolated",) if outside else ()))


def _with_items(
    result: Result, norm: Items, answers: FloatArray, words: Sequence[str | int]
) -> tuple[Place, tuple[str, ...]]:
    """Against people on the same items, drawn together where the model answered all of them.

    Where it has all of them right or all wrong, no drawing of items would say how it does on
    others; then its score has Jeffreys' law.
    """
    own = dict(zip(result.items, result.values, strict=True))
    if set(own) == set(norm.items) and np.ptp(result.values) == 0:
        return among(result.law(), answers.mean(1)), ()
    if set(own) == set(norm.items):
        resamples, *seed = words
        values = np.array([own[item] for item in norm.items])
        return (
            among_with_items(values, answers, resamples=int(resamples), seed_words=seed),
            (),
        )
    more = ("version_break",) if own else ()
    return among(result.law(), answers.mean(1)), more


def _ends(score: float, people: FloatArray, maximum: float | None) -> tuple[str, ...]:
    """Remarks on scores at the ends of the scale; without a maximum there is no upper end."""
    found: tuple[str, ...] = ()
    if maximum is not None:
        at_top = float((people >= maximum).mean())
        if score >= maximum or at_top > MANY_AT_TOP:
            found += ("ceiling",)
        if at_top >= SOME_AT_TOP:
            found += ("ceiling_caps",)
    return (*found, "floor") if score <= float(people.min()) else found


def _mean_only(result: Result, norm: MeanOnly, base: Placement) -> Placement:
    """Above or below a mean, as far as the score's own error tells."""
    law = result.law()
    under = float(law.below(np.array([norm.mean]))[0])
    side = "above" if under < 0.025 else "below" if under > 0.975 else "not told apart from"
    return replace(
        base,
        place=undefined("one mean of people gives no percentile"),
        n=norm.n,
        flags=(*base.flags, "mean_only"),
        words=f"{side} the mean of {norm.group.name}; no level",
    )


def _remarks(result: Result, norm: Norm) -> tuple[str, ...]:
    """Remarks that do not depend on the kind of norm."""
    task, found = result.task, []
    own, theirs = (task.tools or "").casefold(), (norm.group.tools or "").casefold()
    if own and theirs and own != theirs:
        found.append("tools_mismatch")
    if task.contaminated:
        found.append("contaminated")
    if task.version is not None and norm.task_version not in (None, task.version):
        found.append("version_break")
    if norm.group.reference == "other":
        found.append("not_skilled_adults")
    if norm.synthetic:
        found.append("synthetic")
    return tuple(found)


def missing(model: str, task: str, why: str, norm: Norm | None = None) -> Placement:
    """A row for what cannot be placed."""
    found = Placement(model, task, place=undefined(why), words=why)
    if norm is None:
        return found
    group = norm.group
    return replace(found, norm=norm.id, group=group.name, reference=group.reference, kind=norm.kind)


def emerging(placements: Sequence[Placement]) -> list[Placement]:
    """The first level, which stands against unskilled adults.

    Where a task has a norm of unskilled adults, its own row claims Emerging or none, and rows of
    other groups below Competent take Emerging from it; where it has none, they say so.
    """
    first = {
        (p.model, p.task): p.level is not None
        for p in placements
        if p.reference == "unskilled" and p.p
    }
    return [_first_level(p, first.get((p.model, p.task))) for p in placements]


def _first_level(p: Placement, shown: bool | None) -> Placement:
    if not p.p:
        return p
    if p.reference == "unskilled":
        words = NAMES[1] if shown else f"not shown to be {NAMES[1]}"
        return replace(
            p, level=1 if shown else None, possible=None, words=f"{words} (against {p.group})"
        )
    if p.level is not None:
        return p
    if shown is None:
        flags = (*p.flags, "group_unskilled_missing")
        return replace(p, flags=tuple(dict.fromkeys(flags)))
    if shown:
        words = in_words(None, p.possible)
        return replace(p, level=1, words=f"{NAMES[1]}; {words} (against {p.group})")
    return p
