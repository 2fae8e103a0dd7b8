"""Pictures of an analysis: who is where in the ranking, what a score costs, where the items lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from measurand.reporting.document import Block, Figure

Record = Mapping[str, Any]
ALPHA = 0.05
BINS = 8
"""Parts of the range of difficulty whose mean item-rest correlation is drawn."""


def forest(score: Record) -> Figure:
    """Mean of each model with its interval."""
    rows = [
        {
            "label": m["model"],
            "estimate": m["mean"]["value"],
            "lower": m["mean"]["ci_lo"],
            "upper": m["mean"]["ci_hi"],
            "reason": m["mean"]["reason"],
        }
        for m in score["models"]
    ]
    return Figure(
        "forest",
        score["name"],
        "Mean of each model with its 95% interval.",
        {"rows": rows, "axis": score["metric"]},
    )


def ranks(score: Record) -> Iterator[Block]:
    """Places that each model may have, by the pairs that differ; nothing for fewer than three.

    A model's best place is one behind all that are shown to be better, its worst one before all
    that are shown to be worse. With p adjusted over the pairs (Holm) all places hold together in
    95% of samples.

    Source: Mogstad, Romano, Shaikh & Wilhelm (2024), Review of Economic Studies 91, 476-518.
    """
    models = [m for m in score["models"] if m["mean"]["value"] is not None]
    if len(models) < 3 or score["pairs_left_out"]:
        return
    better = -1 if score["higher_is_better"] is False else 1
    ahead = dict.fromkeys((m["model"] for m in models), 0)
    behind = dict(ahead)
    for pair in score["pairs"]:
        value, p = pair["difference"]["value"], pair["p_holm"]
        if value is None or p is None or p > ALPHA:
            continue
        first, second = (pair["a"], pair["b"]) if better * value > 0 else (pair["b"], pair["a"])
        if first in ahead and second in ahead:
            behind[first] += 1
            ahead[second] += 1
    order = sorted(models, key=lambda m: -better * m["mean"]["value"])
    rows = [
        {
            "label": m["model"],
            "estimate": place,
            "lower": 1 + ahead[m["model"]],
            "upper": len(models) - behind[m["model"]],
            "reason": None,
        }
        for place, m in enumerate(order, 1)
    ]
    yield Figure(
        "forest",
        f"{score['name']}: places",
        "Place of each model by its mean, and the places that it may have: behind those that are "
        "shown to be better, before those that are shown to be worse (pairs after Holm, 5%).",
        {"rows": rows, "axis": "place, 1 is best", "minimum": 1, "maximum": len(models),
         "around": 1},
    )  # fmt: skip


def against_cost(score: Record) -> Iterator[Block]:
    """Mean score against tokens a try, where rows tell their tokens."""
    told = [m for m in score["models"] if m["tokens"] and m["mean"]["value"] is not None]
    if len(told) < 2:
        return
    rows = [
        {
            "panel": score["name"],
            "series": m["model"],
            "x": m["tokens"],
            "estimate": m["mean"]["value"],
            "lower": m["mean"]["ci_lo"],
            "upper": m["mean"]["ci_hi"],
            "reason": None,
        }
        for m in told
    ]
    yield Figure(
        "curves",
        f"{score['name']}: score against cost",
        "Mean score with its 95% interval against the prompt's tokens of a try.",
        {"rows": rows, "x_axis": "tokens of a try", "y_axis": score["metric"]},
    )


def item_map(score: Record) -> Iterator[Block]:
    """Items by difficulty and item-rest correlation."""
    points = score["item_statistics"]["map"]
    if len(points) < BINS:
        return
    low = min(p["difficulty"] for p in points)
    width = (max(p["difficulty"] for p in points) - low) / BINS or 1.0
    parts: dict[int, list[Record]] = {}
    for point in points:
        at = min(int((point["difficulty"] - low) / width), BINS - 1)
        parts.setdefault(at, []).append(point)
    same = {"panel": score["name"], "series": "mean of items as hard"}
    rows = [
        {
            **same,
            "x": low + (at + 0.5) * width,
            "estimate": sum(p["item_rest"] for p in parts[at]) / len(parts[at]),
            "lower": None,
            "upper": None,
            "reason": None,
        }
        for at in sorted(parts)
    ]
    dots = [{**same, "x": p["difficulty"], "y": p["item_rest"]} for p in points]
    yield Figure(
        "curves",
        f"{score['name']}: map of the items",
        "Each item by its mean score and how far better models do better on it (item-rest r). "
        "Below 0: better models do worse, look at the key. The line: mean of items as hard.",
        {"rows": rows, "points": dots, "x_axis": "mean score of the item", "y_axis": "item-rest r",
         "reference": 0},
    )  # fmt: skip
