"""Results that a user gives: item rows of any harness, as results of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from evaluators.agi_levels.placing import Result
from measurand.errors import InputError
from measurand.interop.read import read
from measurand.interop.rows import Wish
from measurand.results import slice_parts
from measurand.subject import frame
from schemas.agi_levels.norms import Norm, Task


def results(
    paths: Sequence[Path],
    norms: Sequence[Norm],
    tasks: Mapping[str, Task],
    *,
    wish: Wish,
    tools: str | None = None,
) -> tuple[list[Result], str, list[str]]:
    """Results of all models and tasks at the paths, whose logs they are, and notes.

    Repeats of an item are averaged; rows without a score are left out and counted in a note.

    Args:
        paths: logs of a harness, tables, or folders of ours.
        norms: what people did; a task of a norm must have one score.
        tasks: what is known of the tasks, by id.
        wish: how to read.
        tools: field that says which tools a row was made with.

    Raises:
        InputError: what :func:`measurand.interop.read.read` raises; code ``several_metrics`` where
            a task of a norm has several scores and none is named, ``mixed_tools`` where one result
            was made with different tools.
    """
    found = read(paths, wish)
    table = frame(found.table)
    parts = [slice_parts(text) for text in table["slice"].to_list()]
    table = table.with_columns(
        pl.Series("task", [p.get("task") for p in parts], pl.String),
        pl.Series("tools", [p.get(tools) if tools else None for p in parts], pl.String),
    ).with_columns(pl.coalesce("task", "metric").alias("task"))
    notes = [*found.notes, *(f"{e.kind} {e.name} left out: {e.why}" for e in found.account.left)]
    wanted = {norm.task for norm in norms}
    made: list[Result] = []
    for (task,), own in table.group_by("task", maintain_order=True):
        made += _task(str(task), own, wanted, tasks, notes)
    return sorted(made, key=lambda r: (r.model, r.task.id)), found.origin, notes


def _task(
    name: str, own: pl.DataFrame, wanted: set[str], tasks: Mapping[str, Task], notes: list[str]
) -> list[Result]:
    known = tasks.get(name, Task(id=name))
    metrics = own["metric"].unique(maintain_order=True).to_list()
    if known.metric is not None:
        if known.metric not in metrics:
            raise InputError(
                f"task {name} has no metric {known.metric!r}",
                hint=f"its metrics: {', '.join(metrics)}",
                code="no_metric",
            )
        metrics = [known.metric]
    if len(metrics) > 1 and name in wanted:
        raise InputError(
            f"task {name} has {len(metrics)} scores: {', '.join(metrics)}",
            hint="name one in --tasks: {tasks: [{id: ..., metric: ...}]}",
            code="several_metrics",
        )
    found = []
    for metric in metrics:
        shown = known if len(metrics) == 1 else Task(id=_safe(f"{name}/{metric}"))
        chosen = own.filter(metric=metric)
        for (model,), rows in chosen.group_by("model", maintain_order=True):
            result = _result(str(model), shown, rows, name, notes)
            found += [] if result is None else [result]
    return found


def _safe(name: str) -> str:
    return name.replace(",", ";").replace("=", ":")


def _result(
    model: str, task: Task, rows: pl.DataFrame, name: str, notes: list[str]
) -> Result | None:
    scored = rows.drop_nulls("value")
    if lost := rows.height - scored.height:
        notes.append(f"{model}, {task.id}: {lost:,} of {rows.height:,} rows have no score")
    if scored.is_empty():
        return None
    used = rows["tools"].drop_nulls().unique().sort().to_list()
    if len(used) > 1:
        raise InputError(
            f"{model}, {task.id}: made with different tools ({', '.join(used)})",
            hint="give the runs apart: people had one condition",
            code="mixed_tools",
        )
    items = (
        scored.group_by("item_id")
        .agg(pl.col("value").mean(), pl.col("cluster_id").first())
        .sort("item_id")
    )
    if used and task.tools is None:
        task = task.model_copy(update={"tools": used[0]})
    runs = scored.pivot("repeat", index="item_id", values="value", sort_columns=True)
    by_run = runs.sort("item_id").drop("item_id").to_numpy().astype(np.float64)
    ids = tuple(item.removeprefix(f"{name}/") for item in items["item_id"].cast(pl.String))
    values = items["value"].to_numpy().astype(np.float64)
    clusters = tuple(items["cluster_id"].cast(pl.String))
    return Result(model, task, ids, values, clusters, by_run)
