"""The plan as a document: what is needed, what else would do, how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from measurand.reporting.document import Block, Cell, Document, Figure, Section, Table, Text

Record = Mapping[str, Any]
METHOD = (
    "A score is a mean plus parts of its cluster, its item and its repeat; the pilot's mean "
    "squares give their variances (Henderson's method I). A design's error is the pilot's own "
    "cluster-robust error, moved by these parts to other numbers of items and repeats.\n\n"
    "The pilot's variance is an estimate. The planned size reaches its power on average over "
    "what the variance may be (Julious and Owen 2006); the range is for either end of its 95% "
    "interval. Rates of independent 0/1 answers have the variance that the assumed rate gives "
    "them. For a width, the chance is that of an interval no wider (Kupper and Hafner 1989).\n\n"
    "Costs are calls times the pilot's tokens and seconds a call, and the prices that were "
    "given."
)


def document(record: Record) -> Document:
    """One section a gate, then how it was done."""
    sections = []
    if record["notes"]:
        lines = "\n".join(f"- {note}" for note in record["notes"])
        sections.append(Section("Before you read on", (Text(lines),)))
    sections.append(Section("What is needed", (_overview(record),)))
    for gate in record["gates"]:
        sections.append(Section(_title(gate), tuple(_blocks(gate))))
    sections.append(Section("Method", (Text(METHOD),)))
    return Document("Sample that the gates need", record["pilot"], None, tuple(sections))


def _title(gate: Record) -> str:
    parts = (gate["gate"], gate["model"], gate["slice"])
    return ", ".join(str(part) for part in parts if part)


def _overview(record: Record) -> Table:
    rows: list[list[Cell]] = []
    for gate in record["gates"]:
        plan, why = gate["plan"], gate["reason"] or "undefined"
        told = [
            {"value": None if plan is None else plan[name], "reason": why}
            for name in ("clusters", "items", "repeats", "calls")
        ]
        costs = [
            {"value": plan[name] if plan else None, "reason": "the pilot does not tell"}
            for name in ("tokens", "seconds")
        ]
        rows.append([_title(gate), gate["power"], *told, _range(gate), *costs])
    sample = ("clusters", "items", "repeats", "calls")
    heads = ["gate", "chance wished", *sample, "clusters, range", "tokens", "seconds"]
    notes = ["Range: clusters needed at either end of the 95% interval of the pilot's variance."]
    return Table("Sample by gate", heads, rows, notes)


def _range(gate: Record) -> Cell:
    if gate["range"] is None:
        return {"value": None, "reason": "no plan"}
    low, high = gate["range"]["clusters"]
    shown = "no number" if high is None else f"{high:,}"
    return f"{low:,} to {shown}" if low is not None else "no number"


def _blocks(gate: Record) -> Iterator[Block]:
    yield Text(_sentence(gate))
    if gate["notes"]:
        yield Text("\n".join(f"- {note}" for note in gate["notes"]))
    if gate["components"] is not None:
        yield _components(gate["components"])
    if gate["designs"]:
        yield _designs(gate)
    if gate["curve"]:
        yield _curve(gate)


def _sentence(gate: Record) -> str:
    plan = gate["plan"]
    if plan is None:
        said = f"No plan: {gate['reason']}."
    else:
        said = f"{_size(plan)} ({plan['calls']:,} calls) have a chance of {gate['power']:.2g}."
    if (labels := gate["labels"]) is not None:
        said += (
            f" Of people's labels {labels['labels']:,} would do; there are {labels['labelled']:,}."
            if labels["labels"] is not None
            else f" People's labels: {labels['reason']}."
        )
    if (bought := gate["within_budget"]) is not None:
        said += f" The budget: {_bought(bought)}."
    return said


def _bought(bought: Record) -> str:
    found = bought["design"]
    if found is None:
        return str(bought["reason"])
    chance = "" if bought["power"] is None else f", a chance of {bought['power']:.2g}"
    return f"{_size(found)}{chance}"


def _size(design: Record) -> str:
    """A design in words; clusters of one item are items."""
    repeats = _count(design["repeats"], "repeat")
    if design["items_per_cluster"] == 1:
        return f"{_count(design['clusters'], 'item')} with {repeats} each"
    items = _count(design["items_per_cluster"], "item")
    return f"{_count(design['clusters'], 'cluster')} of {items} with {repeats} each"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _components(parts: Record) -> Table:
    once, other = "no item was measured twice", "items did not all meet the same repeats"
    rows: list[list[Cell]] = [
        ["between clusters", parts["clusters"], parts["n_clusters"]],
        ["between items of a cluster", parts["items"], parts["n_items"]],
        ["between repeats of an item", {"value": parts["repeats"], "reason": once},
         parts["per_item"]],
        ["shared by the items of a repeat", {"value": parts["shared"], "reason": other},
         parts["per_item"]],
    ]  # fmt: skip
    return Table("Variance of a score in the pilot", ["part", "variance", "in the pilot"], rows)


def _designs(gate: Record) -> Table:
    rows: list[list[Cell]] = []
    for one in gate["designs"]:
        words = ["as the pilot"] if one["as_pilot"] else []
        words += [] if one["fits"] else ["more than there can be"]
        if gate["plan"] is not None and all(one[k] == v for k, v in gate["plan"].items()):
            words.append("planned")
        rows.append(
            [f"{_count(one['items_per_cluster'], 'item')}, {_count(one['repeats'], 'repeat')}",
             one["clusters"],
             one["items"], one["calls"], one["cost"], "; ".join(words)]
        )  # fmt: skip
    heads = ["of a cluster", "clusters", "items", "calls", "cost", ""]
    return Table("Designs with the same chance", heads, rows)


def _curve(gate: Record) -> Figure:
    rows = [
        {
            "panel": _title(gate),
            "series": "planned design",
            "x": point["clusters"],
            "estimate": point["power"],
            "lower": point["low"],
            "upper": point["high"],
            "reason": None,
        }
        for point in gate["curve"]
    ]
    return Figure(
        "curves",
        "Chance by number of clusters",
        "The chance of the planned design with fewer and more clusters; the bars are for either "
        "end of the 95% interval of the pilot's variance.",
        {"rows": rows, "x_axis": "clusters", "y_axis": "chance", "minimum": 0, "maximum": 1,
         "reference": gate["power"]},
    )  # fmt: skip
