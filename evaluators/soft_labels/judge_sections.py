"""Report sections on the instruments: judges, people, labels. They come before any win rate."""

from __future__ import annotations

import numpy as np

from evaluators.soft_labels.context import Material, View, numbers_of
from evaluators.soft_labels.judges import both_orders
from evaluators.soft_labels.labelling import BIN_NAMES
from measurand.report.document import Block, Cell, Figure, Section, Table
from measurand.report.lookup import Figures
from pipelines.soft_labels.labels import BINS
from schemas.soft_labels.params import SPLITS

Parts = dict[str, str]
HISTOGRAM_BINS = 20


def judge_section(view: View) -> Section | None:
    """How far a judge can be believed."""
    material, figures = view.found, view.figures
    asked = _asked(material)
    blocks: list[Block] = []
    if asked:
        blocks += [_bias_figure(material, figures), _order_table(material, figures, asked)]
        blocks += [_bias_histogram(material, parts) for parts in asked]
    told = asked + _instruments(material)
    if told:
        blocks.append(_agreement_table(material, figures, told))
    people = _people_table(material, figures)
    if people is not None:
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
    rows: list[list[Cell]] = []
    for pairs in material.params.build.sets:
        for split in SPLITS:
            parts = {"set": pairs.id, "split": split}
            if figures.get(material.model, "label_ties", **parts) is None:
                continue
            rows.append(
                [
                    {"text": f"{pairs.id}, {split}", "detail": pairs.variant},
                    *(_made(material, figures, parts, name) for name in BIN_NAMES),
                    figures.cell(material.model, "label_ties", **parts),
                    figures.cell(material.model, "label_certainty", **parts),
                    figures.cell(material.model, "longer_preferred", **parts),
                ]
            )
    table = Table(
        "Pairs by label, made and (asked for)",
        ["set and split", *BIN_NAMES, "ties", "mean |2p - 1|", "longer preferred"],
        rows,
        [
            "A variant asks for a histogram; natural takes pairs as they come. Ties are among the "
            "first bin. Longer preferred: of pairs with a winner and unequal lengths."
        ],
    )
    return Section(
        "Labels",
        (_label_figure(material, figures), table),
        "The label of a pair is the probability that its first response is preferred, and the "
        "responses stand in the order that makes it one half or more.",
    )


def _asked(material: Material) -> list[Parts]:
    pairs = material.judgements.select("judge", "set").unique(maintain_order=True)
    return [{"judge": judge, "set": name} for judge, name in pairs.iter_rows()]


def _instruments(material: Material) -> list[Parts]:
    pairs = material.instruments.select("judge", "set").unique(maintain_order=True)
    return [{"judge": judge, "set": name} for judge, name in pairs.iter_rows()]


def _bias_figure(material: Material, figures: Figures) -> Figure:
    rows = []
    for row in figures.metrics(material.model, "position_bias"):
        parts = dict(part.split("=", 1) for part in row["slice"].split(","))
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


def _order_table(material: Material, figures: Figures, asked: list[Parts]) -> Table:
    metrics = {
        "position_bias": "position bias",
        "first_share": "answers for the first place",
        "order_consistency": "same winner in both orders",
        "wording_consistency": "same winner by all wordings",
        "mass": "mass on the answers",
        "judge_missing": "missing",
    }
    rows: list[list[Cell]] = [
        [
            f"{parts['judge']}, {parts['set']}",
            *(figures.cell(material.model, metric, **parts) for metric in metrics),
        ]
        for parts in asked
    ]
    return Table(
        "Does a judge agree with itself?",
        ["judge and set", *metrics.values()],
        rows,
        [
            "Intervals are 95%, over pairs, allowing for the responses that they share. Mass: "
            "probability that the next token is one of the two answers; the rest is left out."
        ],
    )


def _bias_histogram(material: Material, parts: Parts) -> Figure:
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


def _agreement_table(material: Material, figures: Figures, told: list[Parts]) -> Table:
    metrics = {
        "judge_accuracy": "same winner",
        "judge_kappa": "Cohen's kappa",
        "judge_alpha": "Krippendorff's alpha",
        "judge_icc": "ICC(2,1)",
        "judge_spearman": "Spearman's rho",
        "judge_brier": "Brier score",
    }
    rows: list[list[Cell]] = [
        [
            f"{parts['judge']}, {parts['set']}",
            *(figures.cell(material.model, metric, **parts) for metric in metrics),
        ]
        for parts in told
    ]
    return Table(
        "Does a judge agree with the labels?",
        ["judge and set", *metrics.values()],
        rows,
        [
            "Both orders and all wordings averaged; pairs in the order in which they were drawn, "
            "which knows nothing of the label. Kappa compares winners; alpha (interval), ICC and "
            "Brier score compare probabilities, rho their order."
        ],
    )


def _people_table(material: Material, figures: Figures) -> Table | None:
    metrics = {
        "rater_alpha": "raters, ordinal alpha",
        "label_alpha": "halves of raters, alpha of labels",
        "label_half_accuracy": "halves, same winner",
        "label_reliability": "reliability of the label",
    }
    rows: list[list[Cell]] = [
        [
            pairs.id,
            *(figures.cell(material.model, metric, set=pairs.id) for metric in metrics),
        ]
        for pairs in material.params.build.sets
        if figures.get(material.model, "rater_alpha", set=pairs.id) is not None
    ]
    if not rows:
        return None
    return Table(
        "How far do people agree? No judge can agree better with them",
        ["set", *metrics.values()],
        rows,
        [
            "First column: single ratings of responses. The others: labels of pairs by either half "
            "of the raters; reliability is ICC(1,k) of both halves together."
        ],
    )


def _made(material: Material, figures: Figures, parts: Parts, name: str) -> Cell:
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
