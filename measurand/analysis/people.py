"""A judge's scores beside people's labels of some items: what people would say of all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from measurand.analysis.figures import MAX_PAIRS, Record, estimate
from measurand.analysis.scores import Score
from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray
from measurand.stats.corrected import Corrected, corrected_mean, labels_needed
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.kappa import cohen_kappa
from measurand.stats.means import cluster_mean

MAX_CATEGORIES = 10
NEXT_SEED = "label next"
SUSPICIOUS = 0.01
"""p below which labelled items are said not to look like a random draw."""


@dataclass(frozen=True)
class Ask:
    """What was asked about labels.

    Attributes:
        width: wished width of the interval of the corrected mean.
        next: how many items to name for labelling.
        stratified: whether labels were drawn within each slice.
    """

    width: float | None = None
    next: int = 0
    stratified: bool = False


@dataclass
class Labels:
    """People's labels, by the judged score and model that they belong to.

    Attributes:
        values: judged score's name and model -> label of each item id.
        documents: hash of what each labelled item says, where both sides hold it.
        lost: labels that belong to nothing that was judged, in words.
    """

    values: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def match(judged: Sequence[Score], people: Sequence[Score]) -> Labels:
    """Which label belongs to which judged score and model.

    A label's metric is the judged one of the same name, or the only one where either side has a
    single one; its model is the judged one of that name, or the only one.

    Raises:
        InputError: code ``labels_unmatched`` where that is not clear or no item is shared,
            ``item_changed`` where one id is two documents.
    """
    found = Labels()
    for own in judged:
        score = _for_score(own, judged, people)
        if score is None:
            continue
        _same_documents(own, score)
        for model in own.models:
            column = _for_model(model, own, score)
            if column is None:
                continue
            values = score.values[:, column]
            known = ~np.isnan(values)
            ids = np.array(score.items, dtype=object)[known]
            found.values[own.name, model] = dict(zip(ids, values[known], strict=True))
            strangers = [i for i in ids if i not in set(own.items)]
            if strangers:
                found.lost.append(
                    f"{own.name}, {model}: {len(strangers):,} labels of items that were not judged "
                    f"({', '.join(map(str, strangers[:3]))}{', ...' if len(strangers) > 3 else ''})"
                )
    shared = sum(
        1 for score in judged for model in score.models
        for item in score.items if item in found.values.get((score.name, model), {})
    )  # fmt: skip
    if not shared:
        raise InputError(
            "no label belongs to a judged item",
            hint="labels and judged rows need the same item ids; --human-map names their columns",
            code="labels_unmatched",
        )
    return found


def _for_score(own: Score, judged: Sequence[Score], people: Sequence[Score]) -> Score | None:
    same = [s for s in people if (s.task, s.metric) == (own.task, own.metric)]
    if not same:
        same = [s for s in people if s.metric == own.metric]
    if len(same) == 1:
        return same[0]
    if not same and len(people) == 1 and len(judged) == 1:
        return people[0]
    named = {s.metric for s in judged} & {s.metric for s in people}
    if not named or len(same) > 1:
        raise InputError(
            f"labels of {_names(people)} for scores {_names(judged)}",
            hint="name the metric in a column: --human-map metric=COLUMN",
            code="labels_unmatched",
        )
    return None


def _names(scores: Sequence[Score]) -> str:
    return ", ".join(score.name for score in scores)


def _for_model(model: str, own: Score, score: Score) -> int | None:
    if model in score.models:
        return score.models.index(model)
    if len(own.models) == 1 and len(score.models) == 1:
        return 0
    if not set(own.models) & set(score.models):
        raise InputError(
            f"{own.name}: labels of {', '.join(score.models)} for models {', '.join(own.models)}",
            hint="say whose answers were labelled: --human-map model=COLUMN",
            code="labels_unmatched",
        )
    return None


def _same_documents(own: Score, score: Score) -> None:
    """One id is one item only where its content is the same."""
    here = dict(zip(own.items, own.documents, strict=True))
    both = [
        i for i, there in zip(score.items, score.documents, strict=True)
        if there is not None and here.get(i) not in (None, there)
    ]  # fmt: skip
    if both:
        raise InputError(
            f"item {both[0]} is another document in the labels ({len(both):,} items are)",
            hint="give labels of the judged items",
            code="item_changed",
        )


def record(judged: Sequence[Score], labels: Labels, ask: Ask) -> Record:
    """What the labels say of the judge, as plain JSON values.

    Returns:
        ``scores``: each judged score and model with labels: corrected mean, both sides alone,
        bias, agreement, labels still needed, slices; ``pairs``: corrected differences and win
        rates of models that both have labels; ``next``: items to label; ``findings`` and ``lost``
        in words.
    """
    scores, pairs, findings = [], [], []
    for score in judged:
        known = {
            m: _column(score, labels.values[score.name, m])
            for m in score.models
            if (score.name, m) in labels.values
        }
        for model, people in known.items():
            one = _model(score, model, people, ask)
            scores.append(one)
            findings += one.pop("findings")
        pairs += list(_pairs(score, known))
    return {
        "scores": scores,
        "pairs": pairs,
        "next": _next(judged, labels, ask.next),
        "stratified": ask.stratified,
        "width": ask.width,
        "findings": findings,
        "lost": list(labels.lost),
    }


def _column(score: Score, values: dict[str, float]) -> FloatArray:
    return np.array([values.get(item, np.nan) for item in score.items], np.float64)


def _model(score: Score, model: str, people: FloatArray, ask: Ask) -> Record:
    f = score.column(model)
    kept = ~np.isnan(f)
    f, y = f[kept], people[kept]
    clusters = score.clusters[kept] if score.clustered else None
    strata = _strata(score)[kept] if ask.stratified else None
    found = corrected_mean(f, y, clusters, strata)
    drawn, p = _drawn(f, y, clusters)
    findings = []
    if p is not None and p < SUSPICIOUS and not ask.stratified:
        findings.append(
            f"{score.name}, {model}: labelled items do not look like a random draw: the judge's "
            f"mean is {drawn:+.3g} on them against the others (p {p:.1g}). The corrected interval "
            "holds only for labels that were drawn at random."
        )
    unlabelled = int((~np.isnan(people) & ~kept).sum())
    if unlabelled:
        findings.append(f"{score.name}, {model}: {unlabelled:,} labels of items without a score.")
    return {
        "name": score.name,
        "model": model,
        "corrected": estimate(found.mean),
        "labels": estimate(found.labels),
        "judge": found.judge,
        "bias": estimate(found.bias),
        "weight": found.weight,
        "effective": found.effective,
        "labelled": found.labelled,
        "items": found.rows,
        "correlation": found.correlation,
        "agreement": _agreement(f, y),
        "kappa": estimate(_kappa(f, y, clusters)),
        "flips": _flips(score, model),
        "drawn": {"difference": drawn, "p": p},
        "needed": _needed(found, ask.width),
        "slices": list(_slices(score, model, dict(zip(score.items, people, strict=True)))),
        "findings": findings,
    }


def _needed(found: Corrected, width: float | None) -> Record | None:
    if width is None:
        return None
    labels = labels_needed(found, width)
    reason = None
    if labels is None:
        reason = "nothing is known of the error" if not found.mean.se else (
            f"labelling all {found.rows:,} items does not do"
        )  # fmt: skip
    more = None if labels is None else labels - found.labelled
    return {"labels": labels, "more": more, "reason": reason}


def _agreement(f: FloatArray, y: FloatArray) -> float | None:
    """Share of labelled items that both score alike; None where scores are no categories."""
    both = ~np.isnan(y)
    f, y = f[both], y[both]
    if not len(y) or len(np.unique(np.concatenate([f, y]))) > MAX_CATEGORIES:
        return None
    return float((f == y).mean())


def _kappa(f: FloatArray, y: FloatArray, clusters: AnyArray | None) -> Estimate:
    both = ~np.isnan(y)
    if len(np.unique(np.concatenate([f[both], y[both]]))) > MAX_CATEGORIES:
        return undefined("scores are no categories")
    by = None if clusters is None else clusters[both]
    return cohen_kappa(f[both], y[both], weights="quadratic", by=by, seed_words=("people",))


def _flips(score: Score, model: str) -> float | None:
    """Share of items whose repeats do not all agree; None without repeats."""
    table = score.by_repeat(model)
    if table.ndim != 2 or table.shape[1] < 2:
        return None
    several = (~np.isnan(table)).sum(axis=1) > 1
    if not several.any():
        return None
    return float((np.nanmax(table[several], 1) > np.nanmin(table[several], 1)).mean())


def _drawn(
    f: FloatArray, y: FloatArray, clusters: AnyArray | None
) -> tuple[float | None, float | None]:
    """Mean of the judge's scores, labelled minus not, and p of no difference (Welch, clusters)."""
    from scipy.special import ndtr

    known = ~np.isnan(y)
    if min(known.sum(), (~known).sum()) < 2:
        return None, None
    sides = [
        cluster_mean(f[side], None if clusters is None else clusters[side])
        for side in (known, ~known)
    ]
    gap = float(sides[0].value or 0) - float(sides[1].value or 0)
    se = float(np.hypot(sides[0].se or 0, sides[1].se or 0))
    return gap, float(2 * ndtr(-abs(gap) / se)) if se > 0 else None


def _strata(score: Score) -> AnyArray:
    """The slice of each item.

    Raises:
        InputError: an item lies in no slice or in two.
    """
    home: dict[str, str] = {}
    for name, part in score.slices.items():
        for item in part.items:
            if home.setdefault(item, name) != name:
                raise InputError(
                    f"item {item} lies in two slices", hint="strata may not overlap: name one --by"
                )
    if len(home) < len(score.items):
        raise InputError(
            "--stratified without slices", hint="name the strata: --by FIELD", code="bad_argument"
        )
    return np.array([home[item] for item in score.items])


def _slices(score: Score, model: str, people: dict[str, float]) -> Iterator[Record]:
    """The judge's bias in each slice."""
    for name, part in score.slices.items():
        if model not in part.models:
            continue
        f = part.column(model)
        y = np.array([people.get(i, np.nan) for i in part.items])
        both = ~(np.isnan(f) | np.isnan(y))
        clusters = part.clusters[both] if part.clustered else None
        bias = cluster_mean((f - y)[both], clusters)
        yield {"slice": name, "bias": estimate(bias), "labelled": int(both.sum())}


def _pairs(score: Score, known: dict[str, FloatArray]) -> Iterator[Record]:
    """Corrected differences and win rates of models whose answers both have labels."""
    names = list(known)
    every = [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]
    for a, b in every[:MAX_PAIRS]:
        f = score.column(a) - score.column(b)
        y = known[a] - known[b]
        kept = ~np.isnan(f)
        clusters = score.clusters[kept] if score.clustered else None
        found = corrected_mean(f[kept], y[kept], clusters)
        wins = corrected_mean(_wins(f[kept]), _wins(y[kept]), clusters)
        yield {
            "name": score.name,
            "a": a,
            "b": b,
            "difference": estimate(found.mean),
            "judge": found.judge,
            "labels": estimate(found.labels),
            "wins": estimate(wins.mean),
            "labelled": found.labelled,
            "effective": found.effective,
        }


def _wins(difference: FloatArray) -> FloatArray:
    """1 where the first is better, 0 where the second is, 1/2 for a tie; NaN stays."""
    return np.where(np.isnan(difference), np.nan, (1 + np.sign(difference)) / 2)


def _next(judged: Sequence[Score], labels: Labels, count: int) -> list[str]:
    """Items without a label in one fixed random order, whatever their scores.

    A label that is drawn without looking at scores keeps the corrected interval valid; the hardest
    or the most doubtful items would not.
    """
    done = {item for known in labels.values.values() for item in known}
    left = {i for s in judged for i in s.items if i not in done}
    return sorted(left, key=lambda i: hashlib.sha256(f"{NEXT_SEED}\n{i}".encode()).digest())[:count]
