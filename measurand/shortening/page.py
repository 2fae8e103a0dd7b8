"""The record of items as a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from measurand.reporting.document import Block, Cell, Document, Figure, Section, Table, Text
from measurand.shortening.record import ALPHA

MOST = 40
"""Items of a table; the JSON has all."""
Record = Mapping[str, Any]
METHOD = """\
Items follow the two-parameter logistic model, P(right) = 1 / (1 + exp(-(slope ability +
intercept))), with abilities standard normal among the models. Few models tell little of each
item, so slopes are normal about 1 and intercepts about 0 (sd 3) beforehand, and the largest
posterior is taken.

Items are kept one by one, each the one that leaves the least variance in the whole score over
the models. A whole score is what was answered plus, for each item that was not asked, its chance
given the answers. Models (families, where they are told) are left out in ten turns, items
learned and kept without them; the errors of those left out, in units of the model's own error,
give the width of the interval, which is Student's. How far slopes differ beforehand (sd .05, .3
or .7) is chosen by the same errors. It holds for a further model like these, whatever is wrong
with the logistic model, and promises nothing for a model of another kind.

Items drawn at random: how many would give as narrow a normal interval of the same score.

Backwards: one-sided test of the item-rest correlation. Noise: infit mean square, 1 as expected.
Families: residuals of a family against those of the others, t test. P values after Holm, over
the items of a test."""


def document(record: Record) -> Document:
    """Short form first, then items, then how it was done."""
    sections = []
    if record["notes"]:
        lines = "\n".join(f"- {note}" for note in record["notes"])
        sections.append(Section("Before you read on", (Text(lines),)))
    if record["short"] is not None:
        sections.append(_short(record))
    sections += [_faults(record), _all(record), _information(record)]
    sections.append(Section("Method", (Text(METHOD),)))
    return Document(
        "Items of a test",
        f"{record['score']}: {len(record['models'])} models, {len(record['items']):,} items",
        None,
        tuple(sections),
    )


def _short(record: Record) -> Section:
    short = record["short"]
    k = len(short["kept"])
    rows: list[list[Cell]] = [
        [row["items"], row["width"], round(row["random_items"])] for row in short["curve"]
    ]
    said = (
        f"{k} of {short['of']:,} items give the whole score with an interval "
        f"{short['width']:.3f} wide on average; of items drawn at random it would take "
        f"{short['random_items']:.0f}. Of models left out the score was wrong by "
        f"{short['error']:.3f} (root mean square), at most by {short['largest_error']:.3f}."
    )
    names = ", ".join(short["kept"][:MOST]) + (", ..." if k > MOST else "")
    return Section(
        "Fewer items",
        (
            Text(said),
            Table(
                "Width of the interval by number of items",
                ["items kept", "mean width", "random items for it"],
                rows,
                ["At other numbers the errors of models left out are those of the kept number."],
            ),
            Text(f"Kept, in this order: {names}"),
        ),
    )


def _faults(record: Record) -> Section:
    rows: list[list[Cell]] = []
    for item in record["items"]:
        told = faults(item)
        if told:
            rows.append([item["item"], item["right"], "; ".join(told)])
    if not rows:
        return Section("Items to look at", (Text("No item is dead or out of line."),))
    table = Table("Items to look at", ["item", "right", "what"], rows[:MOST], _cut(len(rows)))
    return Section("Items to look at", (table,))


def faults(item: Record) -> list[str]:
    """What is to be said of an item."""
    told = []
    if item["dead"]:
        told.append("dead: all models answer alike")
    if item["backwards_p"] is not None and item["backwards_p"] < ALPHA:
        told.append("backwards: better models do worse, look at its key")
    if item["infit_t"] is not None and item["infit_t"] > 4:
        told.append(f"noisy: infit {item['infit']:.2f}")
    told += [
        f"family {name} does otherwise on it than others of its ability (p = {p:.2g})"
        for name, p in item["families_p"].items()
        if p is not None and p < ALPHA
    ]
    return told


def _cut(n: int) -> list[str]:
    return [f"The first {MOST} of {n:,}; the JSON has all."] if n > MOST else []


def _all(record: Record) -> Section:
    ranked = sorted(record["items"], key=lambda item: -item["information"])
    rows: list[list[Cell]] = [
        [item["item"], item["right"], item["slope"], item["information"],
         {"value": item["item_rest"], "reason": "all answer alike, or too few models"}]
        for item in ranked[:MOST]
    ]  # fmt: skip
    heads = ["item", "right", "slope", "information at the mean ability", "item-rest r"]
    return Section(
        "Items by what they tell",
        (Table("Items by information", heads, rows, _cut(len(ranked))),),
    )


def _information(record: Record) -> Section:
    rows = [
        {
            "panel": "information",
            "series": row["series"],
            "x": row["ability"],
            "estimate": row["information"],
            "lower": None,
            "upper": None,
            "reason": None,
        }
        for row in record["information"]
    ]
    figure = Figure(
        "curves",
        "Information of the test",
        "How much the items tell of a model of each ability; abilities of these models have mean 0 "
        "and sd 1. The error of an ability is one over the root of the information.",
        {"rows": rows, "x_axis": "ability", "y_axis": "information", "minimum": 0},
    )
    return Section("Where the test measures", (figure,))


def estimates(record: Record) -> Document:
    """Whole scores by a short form."""
    blocks: list[Block] = []
    rows: list[list[Cell]] = []
    for one in record["models"]:
        shown: Cell = {"value": None, "reason": one["reason"] or "undefined"}
        if one["score"] is not None:
            low, high = one["interval"]
            shown = {"estimate": one["score"], "lower": low, "upper": high, "reason": None}
        known: Cell = {"value": one["all_items"], "reason": "not all items were answered"}
        following: Cell = one["next"] or "none"
        rows.append([one["model"], shown, f"{one['items']} of {one['of']}", known, following])
    if record["notes"]:
        blocks.append(Text("\n".join(f"- {note}" for note in record["notes"])))
    heads = ["model", "whole score", "kept items answered", "mean of all items", "tells most next"]
    blocks.append(Table("Whole scores by the kept items", heads, rows))
    return Document(
        "Whole scores by fewer items",
        f"{record['score']}: {record['kept']} of {record['of']:,} items",
        None,
        (Section("Scores", tuple(blocks)), Section("Method", (Text(METHOD),))),
    )
