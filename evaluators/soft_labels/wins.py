"""Who writes what is preferred: win rates of policies, and one strength for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from evaluators.soft_labels.context import FloatArray, Material, mean_of, numbers_of, share_of
from evaluators.soft_labels.judges import position_bias
from measurand.results import Rows
from measurand.stats.bradley_terry import bradley_terry
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import proportion
from measurand.stats.reliability import cronbach_alpha
from measurand.stats.signed_rank import signed_rank
from schemas.soft_labels.params import REFERENCE_RUN

MATCHED_WORDS = 2
"""Texts whose lengths differ by no more are of matched length."""
WIN_METRICS = (
    "win_percentage",
    "win_binary",
    "win_12",
    "win_21",
    "win_matched",
    "win_shift",
    "win_p",
)
ONE_ORDER = ("win_12", "win_21")
BOTH_ORDERS = ("win_percentage", "win_binary", "strength")
"""Figures made of the mean over both orders."""


@dataclass(frozen=True)
class Duel:
    """Two policies on the same beginnings, by one judge.

    Attributes:
        judge: its name.
        set: the pair set whose beginnings were continued.
        run: one policy, without its seed.
        over: the other, the reference where it takes part.
        rows: its comparisons; ``for_p_a``, ``for_p_12`` and ``for_p_21`` are for ``run``.
    """

    judge: str
    set: str
    run: str
    over: str
    rows: pl.DataFrame

    @property
    def parts(self) -> dict[str, str]:
        """Slice of its statistics."""
        return {"judge": self.judge, "set": self.set, "run": self.run, "over": self.over}


def win_rows(material: Material) -> Rows:
    """Statistics of every judge and two policies, seeds together, prompts as clusters.

    ``win_percentage``: mean preference for the run; ``win_binary``: share of texts preferred;
    ``win_12`` and ``win_21``: mean preference with the run shown first, and second;
    ``win_matched``: ``win_percentage`` at matched length; ``win_shift``: Hodges-Lehmann estimate of
    preference minus one half, ``win_p``: p-value of its signed-rank test; ``strength``:
    Bradley-Terry against the reference; ``text_position_bias``: as ``position_bias``, on what
    policies wrote; ``comparison_missing``: comparisons that failed. Of a judge that leans too far
    to one place all but the last two are undefined. ``preference_alpha``, which is not: reliability
    of the preference for a text, mean over both orders, of judges that are asked in both; it stands
    beside what is made of that mean, beside single orders that of one order.
    """
    for (judge, name), own in material.comparisons.group_by("judge", "set", maintain_order=True):
        parts = {"judge": str(judge), "set": str(name)}
        failed = int(own["p_a"].is_null().sum())
        missing = proportion(failed, own.height, "clopper_pearson")
        yield material.row("comparison_missing", parts, missing)
        bias = text_bias(own)
        yield material.row("text_position_bias", parts, bias)
        why = _blocked(material, str(judge), bias)
        for duel in duels(material, str(judge), str(name)):
            alpha = _preference(material, duel.parts, duel.rows)
            if alpha is not None:
                yield material.row("preference_alpha", duel.parts, alpha)
            for metric, estimate in _figures(duel).items():
                shown = _unless(why, estimate)
                yield material.row(metric, duel.parts, shown, _reliability(metric, shown, alpha))
        for run, strength in _strengths(material, parts, own):
            alpha = _preference(material, {**parts, "run": run}, _of(own, run))
            shown = _unless(why, strength)
            reliability = _reliability("strength", shown, alpha)
            yield material.row("strength", {**parts, "run": run}, shown, reliability)


def duels(material: Material, judge: str, name: str) -> Iterator[Duel]:
    """Every two policies that a judge compared, in the order of the parameters.

    Two seeds of a run are no two policies: neither is the one that the figure would be for.
    """
    own = material.comparisons.filter(pl.col("a") != pl.col("b"), judge=judge, set=name)
    place = {run: at for at, run in enumerate(order(material))}
    turned = pl.col("a").replace_strict(place) > pl.col("b").replace_strict(place)
    oriented = _oriented(own, turned)
    for (run, over), rows in oriented.group_by("run", "over", maintain_order=True):
        yield Duel(judge, name, str(run), str(over), rows)


def _oriented(own: pl.DataFrame, turned: pl.Expr) -> pl.DataFrame:
    """Comparisons as ``run`` against ``over``, the two exchanged where turned."""
    return own.drop_nulls("p_a").with_columns(
        pl.when(turned).then(pl.col("b")).otherwise(pl.col("a")).alias("run"),
        pl.when(turned).then(pl.col("a")).otherwise(pl.col("b")).alias("over"),
        *(
            pl.when(turned).then(1 - pl.col(other)).otherwise(pl.col(same)).alias(f"for_{same}")
            for same, other in (("p_a", "p_a"), ("p_12", "p_21"), ("p_21", "p_12"))
        ),
    )


def _of(own: pl.DataFrame, run: str) -> pl.DataFrame:
    """All comparisons of one policy, for it; none of the reference, whose strength is 0."""
    found = own.filter(pl.col("a") != pl.col("b"), (pl.col("a") == run) | (pl.col("b") == run))
    return _oriented(found.clear() if run == REFERENCE_RUN else found, pl.col("b") == run)


def _preference(material: Material, parts: dict[str, str], rows: pl.DataFrame) -> Estimate | None:
    """Alpha over the two orders; None of instruments, which know no order."""
    if parts["judge"] not in {judge.id for judge in material.params.build.judges}:
        return None
    table = np.column_stack([numbers_of(rows, f"for_p_{order}") for order in ("12", "21")])
    return cronbach_alpha(
        table,
        clusters=rows["prompt_id"].to_numpy(),
        resamples=material.resamples,
        seed_words=material.words("preference_alpha", *parts.values()),
    )


def _reliability(metric: str, shown: Estimate, alpha: Estimate | None) -> float | None:
    """Alpha of both orders; of one order ICC(3,1), which Spearman-Brown turns into alpha."""
    if shown.value is None or alpha is None or alpha.value is None:
        return None
    if metric in ONE_ORDER:
        return alpha.value / (2 - alpha.value)
    return alpha.value if metric in BOTH_ORDERS else None


def order(material: Material) -> list[str]:
    """Policies in the order of the parameters, the untrained ones last."""
    runs = [run.id for run in material.params.train.runs]
    others = {name for side in "ab" for name in material.comparisons[side].unique()}
    return [*runs, *sorted(others - set(runs) - {REFERENCE_RUN}), REFERENCE_RUN]


def text_bias(own: pl.DataFrame) -> Estimate:
    """P(a preferred) shown first minus shown second, on what policies wrote."""
    both = own.drop_nulls(["p_12", "p_21"])
    gap = numbers_of(both, "p_12") - numbers_of(both, "p_21")
    return mean_of(gap, both["prompt_id"].to_numpy(), -1.0, 1.0)


def _blocked(material: Material, judge: str, on_texts: Estimate) -> str | None:
    """Why a judge's win rates mean nothing, if they do."""
    most = material.params.report.max_position_bias
    biases = {"pairs": position_bias(material, judge), "texts": on_texts.value}
    for where, bias in biases.items():
        if bias is not None and abs(bias) > most:
            return (
                f"the judge prefers a place: position bias {bias:+.2f} on {where}, "
                f"at most {most:g} allowed"
            )
    return None


def _unless(why: str | None, estimate: Estimate) -> Estimate:
    if why is None:
        return estimate
    return undefined(why, method=estimate.method, n=estimate.n, n_clusters=estimate.n_clusters)


def _figures(duel: Duel) -> dict[str, Estimate]:
    rows = duel.rows
    apart = (pl.col("n_words_a") - pl.col("n_words_b")).abs() <= MATCHED_WORDS
    by_prompt = rows.group_by("prompt_id").agg(pl.col("for_p_a").mean()).sort("prompt_id")
    ranks = signed_rank(numbers_of(by_prompt, "for_p_a") - 0.5)
    p_value = Estimate(
        ranks.p,
        method="Wilcoxon signed-rank test over prompts, two-sided p",
        n=by_prompt.height,
        reason="a p-value has no interval" if ranks.p is not None else "no preference moves",
    )
    return {
        "win_percentage": _mean(rows, "for_p_a"),
        "win_binary": _share(rows),
        "win_12": _mean(rows, "for_p_12"),
        "win_21": _mean(rows, "for_p_21"),
        "win_matched": _mean(rows.filter(apart), "for_p_a"),
        "win_shift": ranks.shift,
        "win_p": p_value,
    }


def _mean(rows: pl.DataFrame, column: str) -> Estimate:
    known = rows.drop_nulls(column)
    return share_of(numbers_of(known, column), known["prompt_id"].to_numpy())


def _share(rows: pl.DataFrame) -> Estimate:
    p = numbers_of(rows, "for_p_a")
    won: FloatArray = np.where(p == 0.5, 0.5, (p > 0.5).astype(np.float64))
    return share_of(won, rows["prompt_id"].to_numpy())


def _strengths(
    material: Material, parts: dict[str, str], own: pl.DataFrame
) -> Iterator[tuple[str, Estimate]]:
    rows = own.drop_nulls("p_a").filter(pl.col("a") != pl.col("b"))
    if rows.is_empty():
        return
    a, b = (rows[side].to_numpy().astype(str) for side in ("a", "b"))
    names = set(a.tolist()) | set(b.tolist())
    found = bradley_terry(
        a,
        b,
        numbers_of(rows, "p_a"),
        reference=REFERENCE_RUN if REFERENCE_RUN in names else None,
        clusters=rows["prompt_id"].to_numpy().astype(str),
        resamples=material.resamples,
        seed_words=material.words("strength", parts["judge"], parts["set"]),
    )
    by_name = dict(zip(found.methods, found.strengths, strict=True))
    for run in order(material):
        if run in by_name:
            yield run, by_name[run]
