"""Judges as instruments: does the place sway them, do they agree with themselves and with people?

A judge says p1 = P(first response preferred). The label of a pair says that too, but responses are
stored preferred first, which would leave nothing to agree on; so both are turned to the order in
which the pair was drawn, which knows nothing of the label.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from evaluators.soft_labels.context import (
    FloatArray,
    IntArray,
    Material,
    alpha_over,
    items_of,
    mean_of,
    numbers_of,
    share_of,
)
from measurand.results import Rows
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.icc import intraclass
from measurand.stats.kappa import cohen_kappa
from measurand.stats.krippendorff import krippendorff_alpha
from measurand.stats.means import proportion
from measurand.stats.pair_spearman import pair_spearman

Parts = dict[str, str]
NO_INTERVAL = "no interval: pairs share responses, F would take them as independent"


def judge_rows(material: Material) -> Rows:
    """Statistics of every judge and pair set, of every wording where there are more.

    ``position_bias``: P(first preferred) shown first minus shown second, -1..1, 0 for none;
    ``first_share``: answers for what is shown first; ``order_consistency``: pairs with the same
    winner in both orders; ``mass``: probability that the answer is one of the two;
    ``judge_accuracy``, ``judge_kappa``, ``judge_alpha``, ``judge_icc``, ``judge_spearman``:
    against the pair's own label; ``judge_missing``: judgements that failed;
    ``preference_alpha``: reliability of the preference for a pair, mean over orders and wordings,
    which stands beside what is made of it; beside ``position_bias`` stands that of a pair's gap,
    mean over wordings.
    """
    for (judge, name), own in material.judgements.group_by("judge", "set", maintain_order=True):
        parts = {"judge": str(judge), "set": str(name)}
        yield from _orders(material, parts, own)
        yield from _agreement(material, parts, _mean_p(own), _preference(own))
        wordings = own["wording"].unique(maintain_order=True).to_list()
        if len(wordings) > 1:
            for wording in wordings:
                alone = own.filter(wording=wording)
                yield from _orders(material, {**parts, "wording": wording}, alone)
                alpha = _preference(alone)
                yield from _agreement(
                    material, {**parts, "wording": wording}, _mean_p(alone), alpha
                )
            yield from _between_wordings(material, parts, own)
    for (judge, name), own in material.instruments.group_by("judge", "set", maintain_order=True):
        yield from _agreement(material, {"judge": str(judge), "set": str(name)}, own)


def people_rows(material: Material) -> Rows:
    """How far people agree: the ceiling of every figure above.

    ``rater_alpha``: Krippendorff's alpha of single ratings, ordinal; ``label_alpha``: of the
    labels by either half of the raters, interval; ``label_reliability``: ICC(1,k) of the two
    halves together; ``label_half_accuracy``: pairs with the same winner by both halves.
    """
    for (name,), own in material.items.group_by("set", maintain_order=True):
        lists = [row for row in own["ratings"].to_list() if row]
        if not lists:
            continue
        table = np.full((len(lists), max(map(len, lists))), np.nan)
        for at, row in enumerate(lists):
            table[at, : len(row)] = row
        found = krippendorff_alpha(
            table,
            "ordinal",
            resamples=material.resamples,
            seed_words=material.words("rater_alpha", str(name)),
        )
        yield material.row("rater_alpha", {"set": str(name)}, found)
    halved = material.pairs.drop_nulls(["p_half_a", "p_half_b"])
    for (name,), own in halved.group_by("set", maintain_order=True):
        parts = {"set": str(name)}
        a, b = (_as_drawn(numbers_of(own, column), own) for column in ("p_half_a", "p_half_b"))
        reliability = _plain(intraclass(np.column_stack([a, b])).icc1k)
        yield material.row("label_reliability", parts, reliability)
        alpha = _alpha(material, "label_alpha", parts, np.column_stack([a, b]), items_of(own))
        yield material.row("label_alpha", parts, alpha)
        yield material.row(
            "label_half_accuracy", parts, share_of(*_same_winner(a, b, items_of(own)))
        )


def position_bias(material: Material, judge: str) -> float | None:
    """Largest bias of a judge over pair sets, by size; None where it judged none."""
    biases = [
        estimate.value
        for (_,), own in material.judgements.filter(judge=judge).group_by("set")
        if (estimate := _bias(own)).value is not None
    ]
    return max(biases, key=abs, default=None)


def _orders(material: Material, parts: Parts, own: pl.DataFrame) -> Rows:
    """What exchanging the places does."""
    by_wording = pl.concat(
        both_orders(alone).with_columns(pl.lit(str(wording)).alias("wording"))
        for (wording,), alone in own.group_by("wording", maintain_order=True)
    )
    gap = numbers_of(by_wording, "p_12") - numbers_of(by_wording, "p_21")
    repeated = alpha_over(["wording"], by_wording, gap)
    yield material.row("position_bias", parts, _bias(own), repeated.value)
    answered = own.drop_nulls("p_1")
    p = numbers_of(answered, "p_1")
    shown_first = np.where(answered["order"].to_numpy() == "12", p, 1 - p)
    yield material.row("first_share", parts, share_of(_ahead(shown_first), items_of(answered)))
    both = both_orders(own)
    agree, items = _same_winner(numbers_of(both, "p_12"), numbers_of(both, "p_21"), items_of(both))
    yield material.row("order_consistency", parts, share_of(agree, items))
    massed = own.drop_nulls("mass")
    yield material.row("mass", parts, share_of(numbers_of(massed, "mass"), items_of(massed)))
    failed = int((own["status"] != "ok").sum())
    yield material.row("judge_missing", parts, proportion(failed, own.height, "clopper_pearson"))


def _bias(own: pl.DataFrame) -> Estimate:
    both = both_orders(own)
    gap = numbers_of(both, "p_12") - numbers_of(both, "p_21")
    return mean_of(gap, items_of(both), -1.0, 1.0)


def both_orders(own: pl.DataFrame) -> pl.DataFrame:
    """Pairs with a judgement in both orders of a wording, means over wordings."""
    keys = ["pair_id", "wording", "first", "second", "p", "swapped"]
    sides = [
        own.filter(order=order).drop_nulls("p_1").select(*keys, pl.col("p_1").alias(f"p_{order}"))
        for order in ("12", "21")
    ]
    joined = sides[0].join(sides[1].select("pair_id", "wording", "p_21"), on=["pair_id", "wording"])
    return (
        joined.group_by("pair_id", "first", "second", "p", "swapped")
        .agg(pl.col("p_12").mean(), pl.col("p_21").mean())
        .sort("pair_id")
    )


def _mean_p(own: pl.DataFrame) -> pl.DataFrame:
    """Pairs with ``p_1``, the mean over both orders and all wordings."""
    both = both_orders(own)
    return both.with_columns(((pl.col("p_12") + pl.col("p_21")) / 2).alias("p_1"))


def _preference(own: pl.DataFrame) -> Estimate:
    """Reliability of the mean over orders and wordings, each of them a repeat."""
    return alpha_over(["wording", "order"], own, _as_drawn(numbers_of(own, "p_1"), own))


def _agreement(
    material: Material, parts: Parts, own: pl.DataFrame, alpha: Estimate | None = None
) -> Rows:
    """The judge's preference against the pair's own label; ``alpha`` where it was asked again."""
    reliability = None if alpha is None else alpha.value
    if alpha is not None:
        yield material.row("preference_alpha", parts, alpha)
    said, label = (_as_drawn(numbers_of(own, column), own) for column in ("p_1", "p"))
    items = items_of(own)
    sides = np.column_stack([said, label])
    same, kept = _same_winner(said, label, items)
    yield material.row("judge_accuracy", parts, share_of(same, kept), reliability)
    sided = (said != 0.5) & (label != 0.5)
    kappa = cohen_kappa(
        (said > 0.5)[sided],
        (label > 0.5)[sided],
        by=items[sided],
        resamples=material.resamples,
        seed_words=_seed(material, "judge_kappa", parts),
    )
    yield material.row("judge_kappa", parts, kappa, reliability)
    krippendorff = _alpha(material, "judge_alpha", parts, sides, items)
    yield material.row("judge_alpha", parts, krippendorff, reliability)
    yield material.row("judge_icc", parts, _plain(intraclass(sides).icc2), reliability)
    rho = pair_spearman(
        said,
        label,
        items,
        resamples=material.resamples,
        seed_words=_seed(material, "judge_spearman", parts),
    )
    yield material.row("judge_spearman", parts, rho, reliability)
    apart = share_of((said - label) ** 2, items)
    yield material.row("judge_brier", parts, apart, reliability)


def _between_wordings(material: Material, parts: Parts, own: pl.DataFrame) -> Rows:
    """Does it say the same when it is asked otherwise?"""
    wide = (
        own.drop_nulls("p_1")
        .group_by("pair_id", "first", "second", "swapped", "wording")
        .agg(pl.col("p_1").mean(), pl.len())
        .filter(len=2)
        .pivot(
            on="wording", index=["pair_id", "first", "second", "swapped"], values="p_1",
            sort_columns=True,
        )
        .drop_nulls()
        .sort("pair_id")
    )  # fmt: skip
    names = [name for name in wide.columns if name not in ("pair_id", "first", "second", "swapped")]
    if not names:
        why = undefined("the judge answered nothing in both orders", n=0)
        for metric in ("wording_icc", "wording_consistency"):
            yield material.row(metric, parts, why)
        return
    table = np.column_stack([_as_drawn(numbers_of(wide, name), wide) for name in names])
    yield material.row("wording_icc", parts, _plain(intraclass(table).icc2))
    sides = [_ahead(column) for column in table.T]
    same = np.all([side == sides[0] for side in sides], axis=0).astype(np.float64)
    yield material.row("wording_consistency", parts, share_of(same, items_of(wide)))


def _as_drawn(p: FloatArray, rows: pl.DataFrame) -> FloatArray:
    """Probabilities of the response that was drawn first, from those of the preferred one."""
    turned: FloatArray = np.where(rows["swapped"].to_numpy(), 1 - p, p)
    return turned


def _ahead(p: FloatArray) -> FloatArray:
    """1 where above one half, 0 below, a half at it."""
    ahead: FloatArray = np.where(p == 0.5, 0.5, (p > 0.5).astype(np.float64))
    return ahead


def _same_winner(a: FloatArray, b: FloatArray, items: IntArray) -> tuple[FloatArray, IntArray]:
    """Whether both prefer the same; a tie of ``a`` is half right, rows where ``b`` ties drop."""
    decided = b != 0.5
    same = 1 - np.abs(_ahead(a) - _ahead(b))
    return same[decided], items[decided]


def _alpha(
    material: Material, name: str, words: Parts, sides: FloatArray, own: IntArray
) -> Estimate:
    return krippendorff_alpha(
        sides,
        "interval",
        by=own,
        resamples=material.resamples,
        seed_words=_seed(material, name, words),
    )


def _seed(material: Material, name: str, parts: Parts) -> tuple[str | int, ...]:
    return material.words(name, *(f"{key}={value}" for key, value in sorted(parts.items())))


def _plain(found: Estimate) -> Estimate:
    """Without the interval of F, which would take pairs as independent."""
    if found.value is None:
        return found
    return Estimate(found.value, method=found.method.split(";")[0], n=found.n, reason=NO_INTERVAL)
