"""Report sections on the instruments: judges, people, labels. They come before any win rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from evaluators.soft_labels.context import Material, View, numbers_of
from evaluators.soft_labels.judges import both_orders
from evaluators.soft_labels.labelling import BIN_NAMES
from measurand.reporting.document import Block, Cell, Figure, Section, Table
from measurand.reporting.grid import Line, grid
from measurand.reporting.lookup import Figures
from measurand.results import slice_parts
from pipelines.soft_labels.labels import BINS
from schemas.soft_labels.params import SPLITS

HISTOGRAM_BINS = 20


def judge_section(view: View) -> Section | None:
    """How far a judge can be believed."""
    material, figures = view.found, view.figures
    asked = _judged(material, material.judgements)
    blocks: list[Block] = []
    if asked:
        blocks += [_bias_figure(material, figures), _order_table(figures, asked)]
        blocks += [_bias_histogram(material, line.parts) for line in asked]
    told = asked + _judged(material, material.instruments)
    if told:
        blocks.append(_agreement_table(figures, told))
    people = _people_table(material, figures)
    if people.rows:
        blocks.append(people)
    if not blocks:
        return None
    return Section(
        "The judges as instruments",
        tuple(blocks),
        "A win rate is no better than its judge. A judge that leans further than "
        f"{material.params.report.max_position_bias:g} to one place gives none here.",
    )


def label_section(view: View) -> Section:
    """How sure the labels are, and whether the longer response wins."""
    material, figures = view.found, view.figures

    def made(name: str) -> Callable[[Line], Cell]:
        return lambda line: _made(material, figures, line.parts, name)

    table = grid(
        figures,
        "Pairs by label, made and (asked for)",
        "set and split",
        [
            Line(
                {"text": f"{pairs.id}, {split}", "detail": pairs.variant},
                material.model,
                {"set": pairs.id, "split": split},
            )
            for pairs in material.params.build.sets
            for split in SPLITS
        ],
        {
            **{name: made(name) for name in BIN_NAMES},
            "ties": "label_ties",
            "mean |2p - 1|": "label_certainty",
            "longer preferred": "longer_preferred",
        },
        [
            "A variant asks for a histogram; natural takes pairs as they come. Ties are among the "
            "first bin. Longer preferred: of pairs with a winner and unequal lengths."
        ],
        made="label_ties",
    )
    return Section(
        "Labels",
        (_label_figure(material, figures), table),
        "The label of a pair is the probability that its first response is preferred, and the "
        "responses stand in the order that makes it one half or more.",
    )


def _judged(material: Material, judgements: pl.DataFrame) -> list[Line]:
    pairs = judgements.select("judge", "set").unique(maintain_order=True)
    return [
        Line(f"{judge}, {name}", material.model, {"judge": judge, "set": name})
        for judge, name in pairs.iter_rows()
    ]


def _bias_figure(material: Material, figures: Figures) -> Figure:
    rows = []
    for row in figures.metrics(material.model, "position_bias"):
        parts = slice_parts(row["slice"])
        label = f"{parts['judge']}, {parts.get('wording', 'all wordings')}"
        dot = figures.dot(label, material.model, "position_bias", **parts)
        rows.append({**dot, "group": parts["set"]})
    most = material.params.report.max_position_bias
    return Figure(
        "forest",
        "Position bias of every judge",
        "P(first response preferred) when it is shown first, minus the same when it is shown "
        "second. 0 is no bias, 1 a judge that always takes what is shown first.",
        {
            "rows": sorted(rows, key=lambda row: row["group"]),
            "axis": "position bias",
            "minimum": -1.0,
            "maximum": 1.0,
            "bands": [{"low": -most, "high": most, "label": "allowed"}],
        },
    )


def _order_table(figures: Figures, asked: list[Line]) -> Table:
    return grid(
        figures,
        "Does a judge agree with itself?",
        "judge and set",
        asked,
        {
            "position bias": "position_bias",
            "answers for the first place": "first_share",
            "same winner in both orders": "order_consistency",
            "same winner by all wordings": "wording_consistency",
            "mass on the answers": "mass",
            "missing": "judge_missing",
        },
        [
            "Intervals are 95%, over pairs, allowing for the responses that they share. Mass: "
            "probability that the next token is one of the two answers; the rest is left out."
        ],
    )


def _bias_histogram(material: Material, parts: Mapping[str, str]) -> Figure:
    own = both_orders(material.judgements.filter(**parts))
    gap = numbers_of(own, "p_12") - numbers_of(own, "p_21")
    counts, edges = np.histogram(gap, HISTOGRAM_BINS, (-1, 1))
    data = {
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "axis": "P(first preferred): shown first minus shown second",
        "marks": [{"label": "mean", "value": float(gap.mean()) if len(gap) else None}],
    }
    return Figure(
        "histogram",
        f"Exchange of places, {parts['judge']} on {parts['set']}",
        "One count a pair. A judge that looks at responses alone has all its pairs at 0.",
        data if counts.any() else {"reason": "no pair was judged in both orders"},
    )


def _agreement_table(figures: Figures, told: list[Line]) -> Table:
    return grid(
        figures,
        "Does a judge agree with the labels?",
        "judge and set",
        told,
        {
            "same winner": "judge_accuracy",
            "Cohen's kappa": "judge_kappa",
            "Krippendorff's alpha": "judge_alpha",
            "ICC(2,1)": "judge_icc",
            "Spearman's rho": "judge_spearman",
            "Brier score": "judge_brier",
        },
        [
            "Both orders and all wordings averaged; pairs in the order in which they were drawn, "
            "which knows nothing of the label. Kappa compares winners; alpha (interval), ICC and "
            "Brier score compare probabilities, rho their order."
        ],
    )


def _people_table(material: Material, figures: Figures) -> Table:
    return grid(
        figures,
        "How far do people agree? No judge can agree better with them",
        "set",
        [Line(p.id, material.model, {"set": p.id}) for p in material.params.build.sets],
        {
            "raters, ordinal alpha": "rater_alpha",
            "halves of raters, alpha of labels": "label_alpha",
            "halves, same winner": "label_half_accuracy",
            "reliability of the label": "label_reliability",
        },
        [
            "First column: single ratings of responses. The others: labels of pairs by either half "
            "of the raters; reliability is ICC(1,k) of both halves together."
        ],
        made="rater_alpha",
    )


def _made(material: Material, figures: Figures, parts: Mapping[str, str], name: str) -> Cell:
    made = figures.value(material.model, "label_count", **parts, bin=name)
    asked = figures.value(material.model, "label_requested", **parts, bin=name)
    if made is None:
        return {"value": None, "reason": "not made"}
    return int(made) if asked is None else f"{int(made)} ({int(asked)})"


def _label_figure(material: Material, figures: Figures) -> Figure:
    rows = []
    middles = [(a + b) / 2 for a, b in zip(BINS, (*BINS[1:], 1.0), strict=True)]
    for pairs in material.params.build.sets:
        for series, metric in (("made", "label_count"), ("asked for", "label_requested")):
            counts = [
                sum(
                    figures.value(material.model, metric, set=pairs.id, split=split, bin=name) or 0
                    for split in SPLITS
                )
                for name in BIN_NAMES
            ]
            rows += [
                {
                    "panel": f"{pairs.id} ({pairs.variant})",
                    "series": series,
                    "x": x,
                    "estimate": count / sum(counts),
                    "lower": None,
                    "upper": None,
                }
                for x, count in zip(middles, counts, strict=True)
                if sum(counts)
            ]
    return Figure(
        "curves",
        "Histogram of the labels",
        "Share of a set's pairs in each bin of the label, all splits together.",
        {"rows": rows, "x_axis": "label p", "y_axis": "share of pairs", "minimum": 0.0}
        if rows
        else {"reason": "no pairs"},
    )
