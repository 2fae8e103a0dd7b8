"""Report sections: what the corpus is masked with, how trainings went, what long inputs take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.compute as pc

from evaluators.webagent.budgets import trainings
from evaluators.webagent.evaluate.context import View
from evaluators.webagent.masked import masks
from measurand import shards
from measurand.manifest import MANIFEST
from measurand.reporting.document import Cell, Figure, Section, Table
from measurand.subject import frame
from measurand.tables import Table as Spec
from schemas.webagent.pretraining import NAME
from schemas.webagent.pretraining_tables import LENGTHS, SPEED

BINS, BEYOND = 40, 0.99
"""Bars of a histogram; the share of spans that it shows, since single ones are very long."""
POINTS = 30
"""Of a curve, at most."""
_ATTENTIONS = {"local_global": "local and global", "local": "local", "dense": "dense"}


def corpus_section(view: View) -> Section | None:
    """What is masked, by mean span length; None where no corpus was built."""
    rows = masks(view.data).sort("split", "probe", "mu")
    if rows.is_empty():
        return None
    table = Table(
        "What is masked",
        ["split", "mean span asked for", "mean span", "density", "within markup",
         "spans of markup alone", "examples", "cut off"],
        [[{"text": row["split"], "detail": "the same for every model" if row["probe"] else ""},
          row["mu"], row["mean_span"], row["density"], row["tag_fraction"], row["markup_only"],
          row["examples"], row["truncated"]] for row in rows.to_dicts()],
        ["A part that is shorter than a span of the mean asked for, over its density, has one span "
         "of all that is masked: there the mean stays below."],
    )  # fmt: skip
    found = [_spans(view.data, mu) for mu in rows.filter(probe=False)["mu"].unique().sort()]
    return Section(
        "What models learn from",
        (*found, table),
        "Spans of tokens are masked, with mean lengths drawn from a mixture.",
    )


def _spans(data: Path, mu: int) -> Figure:
    columns = ["probe", "split", "mu", "span_lengths"]
    table = shards.read_table(data / "dataset" / "examples", columns)
    mine = pc.and_(pc.equal(table["split"], "train"), pc.equal(table["mu"], mu))
    table = table.filter(pc.and_(mine, pc.invert(table["probe"])))
    lengths = table["span_lengths"].combine_chunks().flatten().to_numpy()
    title = f"Lengths of masked spans where a mean of {mu} is asked for"
    if not len(lengths):
        return Figure("histogram", title, "", {"reason": "no training example has it"})
    most = int(np.quantile(lengths, BEYOND, method="higher"))
    wide = -(-most // BINS)
    edges = np.arange(0, most + wide, wide) + 0.5
    counts, edges = np.histogram(lengths, edges)
    rest = int(len(lengths) - counts.sum())
    return Figure(
        "histogram",
        title,
        f"One count a span of the training examples; longer ones, which are not shown: {rest}.",
        {
            "edges": edges.tolist(),
            "counts": counts.tolist(),
            "axis": "tokens of a span",
            "marks": [{"label": "mean", "value": float(lengths.mean())}],
        },
    )


def training_section(view: View) -> Section | None:
    """Loss by step of every model, and what trainings cost; None where nothing was trained."""
    rows = trainings(view.results)
    if rows.is_empty():
        return None
    curves = []
    for (model,), mine in rows.sort("model", "step").group_by("model", maintain_order=True):
        every = -(-len(mine) // POINTS)
        curves += [
            {"panel": "pre-training" if model == NAME else "planners",
             "series": model, "x": row["step"], "estimate": row["loss"], "lower": None,
             "upper": None, "reason": None}
            for row in mine.gather_every(every, (len(mine) - 1) % every).to_dicts()
        ]  # fmt: skip
    curves.sort(key=lambda point: point["panel"] == "planners")
    figure = Figure(
        "curves",
        "Loss while training",
        "Mean over the steps before. Planners see the same pairs in the same order, whatever they "
        "start from.",
        {"rows": curves, "x_axis": "steps", "y_axis": "nats a target token", "x_scale": "linear",
         "minimum": 0.0, "own_scale": True},
    )  # fmt: skip
    speeds = _table(view.results / "speeds", SPEED)
    costs = Table(
        "What trainings took",
        ["model", "weights", "device", "precision", "pairs a second", "of the device's peak"],
        [[row["model"], row["parameters"], row["device"], row["precision"], _rate(row),
          _utilisation(row)] for row in speeds.to_dicts()],
        ["Times belong to the run; the first steps are left out. Of the peak: operations of "
         "inputs and targets that are filled up, over what the device can do at most."],
    )  # fmt: skip
    return Section("Trainings", (figure, costs))


def _rate(row: dict[str, Any]) -> Cell:
    rate = row["pairs"] / row["seconds"] if row["seconds"] else None
    return {"value": rate, "reason": "too few steps"}


def _utilisation(row: dict[str, Any]) -> Cell:
    if row["peak_flops"] is None or not row["seconds"]:
        return {"value": None, "reason": row["reason"] or "too few steps"}
    done = row["flops_per_pair"] * row["pairs"] / row["seconds"]
    return {"value": done / row["peak_flops"], "reason": None}


def length_section(view: View) -> Section | None:
    """What the encoder takes by kind of attention and length; None where it was not measured."""
    rows = _table(view.results / "lengths", LENGTHS).sort(
        "attention", "tokens", descending=[True, False]
    )
    if rows.is_empty():
        return None
    points = [
        {"panel": panel, "series": _ATTENTIONS[row["attention"]], "x": row["tokens"],
         "estimate": value, "lower": None, "upper": None, "reason": None}
        for row in rows.to_dicts()
        for panel, value in (
            ("memory, MiB", row["mib"]),
            ("milliseconds a thousand tokens", 1e6 * row["seconds"] / row["tokens"]),
        )
    ]  # fmt: skip
    points.sort(key=lambda point: str(point["panel"]))
    figure = Figure(
        "curves",
        "What the encoder takes",
        "One forward pass on one thread of this run's machine, by tokens of the input. Dense "
        "attention is not given the longest.",
        {"rows": points, "x_axis": "tokens", "y_axis": "", "x_scale": "log2", "minimum": 0.0,
         "own_scale": True},
    )  # fmt: skip
    return Section(
        "Long inputs",
        (figure,),
        "A band and one token a block grow with the length, all to all with its square.",
    )


def _table(folder: Path, spec: Spec) -> pl.DataFrame:
    """Rows of a table that not all results have."""
    there = (folder / MANIFEST).exists()
    return frame(shards.read_table(folder) if there else spec.schema().empty_table())
