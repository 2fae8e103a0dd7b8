"""Measure the trained networks and their controls: one item row per loss, seed, item and metric."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evaluators.value_functions.evaluate import given, matches, played
from measurand import runs, shards
from measurand.errors import InputError
from measurand.results import RESULTS
from measurand.tables import Table
from measurand.training.device import device_of
from pipelines.value_functions.bootstrapped import Bootstrapped
from pipelines.value_functions.regression import Regression
from pipelines.value_functions.representations import described
from pipelines.value_functions.train import make, networks_of, parents_of
from schemas.value_functions.params import Params, Run, Source
from schemas.value_functions.tables import (
    LEARNING,
    RELIABILITY,
    REPRESENTATIONS,
    TRAINING,
    TUNING,
)

SYSTEM = "value_functions"
Row = dict[str, Any]


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
) -> None:
    """Write ``items``, ``representations``, ``reliability``, and what training wrote down.

    Args:
        params: parameters.
        data: folder with ``dataset/`` and ``checkpoint/``.
        model: must be None: what is measured are the networks of the checkpoint.
        out: folder to write to.
        journal: folder in which games against Stockfish are kept, which are not played alike again.
        limit: only the first so many items or episodes of a run; marks the results partial.

    Raises:
        InputError: a model was given, or nothing was built or trained.
    """
    if model is not None:
        raise InputError(
            f"value_functions measures the networks that it trained, not {model}",
            hint="leave --model out",
        )
    dataset, checkpoint = data / "dataset", data / "checkpoint"
    device = device_of("cpu")  # one thread: sums come in one order
    if not (checkpoint / "training").is_dir():
        raise InputError(
            f"{checkpoint} holds no training", hint="run `measurand train value_functions` first"
        )
    items: list[Row] = []
    inner: list[Row] = []
    bins: list[Row] = []
    parents = parents_of(dataset)
    known = runs.run_id(parents, params.model_dump(mode="json"))
    # Runs on a source meet the same controls in the same episodes.
    others = {source.id: played.beside(params, source) for source in _used(params)}
    for run in params.train.runs:
        for loss in params.losses(run):
            trial = make(params, run, loss, dataset, device)
            about = {"run": run.id, "loss": loss}
            weights = networks_of(checkpoint, run, loss, len(trial.phases))
            if isinstance(trial, Regression):
                found = given.items(run, trial, weights)
                more = given.heads(run, trial, weights[-1])
                bins += [about | row for row in given.reliability(trial, weights[-1])]
            else:
                found = played.items(params, run, trial, weights[-1], others[run.source])
                more = [{"covered": None, "calibration": None}] * params.train.seeds
            items += _rows(run, loss, found, limit, known)
            rows = described(trial.net, weights[-1], trial.head, trial.seen(), trial.probed())
            inner += [about | row | own for row, own in zip(rows, more, strict=True)]
            items += _rows(
                run, loss, matches.items(params, run, loss, checkpoint, journal), limit, known
            )
        for control, played_ in _controls(params, run, trial, others[run.source]):
            items += _rows(run, control, played_, limit, known)
        items += _rows(run, "random", matches.random(params, run, journal), limit, known)
    config = {"evaluate": params.evaluate.model_dump(mode="json"), "partial": limit is not None}

    def write(name: str, table: Table, rows: Any) -> None:
        shards.write_dataset(out / name, table, rows, parents=parents, params=config)

    write("items", RESULTS, runs.results_table(items))
    write("representations", REPRESENTATIONS, runs.table(REPRESENTATIONS, inner))
    write("reliability", RELIABILITY, runs.table(RELIABILITY, bins))
    for table in (TRAINING, TUNING, LEARNING):
        name = table.name.rpartition(".")[2]
        write(name, table, shards.read_table(checkpoint / name))


def _used(params: Params) -> Iterator[Source]:
    names = {run.source for run in params.train.runs}
    yield from (source for source in params.build.sources if source.id in names)


def _controls(
    params: Params, run: Run, trial: Regression | Bootstrapped, others: played.Beside | None
) -> Iterator[Any]:
    if isinstance(trial, Regression):
        yield from given.controls(run, trial)
    else:
        yield from played.controls(params, run, others)


Found = tuple[str, str, str, int, str, float | None, str | None]
"""Metric, item, cluster, seed, phase (empty where there is one), value, why there is none."""


def _rows(
    run: Run, model: str, found: Iterator[Found], limit: int | None, run_id: str
) -> Iterator[Row]:
    """Item rows; with a limit those of the first items alone."""
    kept: dict[str, None] = {}
    for metric, item, cluster, seed, phase, value, reason in found:
        kept.setdefault(item)
        if limit is not None and item not in list(kept)[:limit]:
            continue
        name = "|".join(part for part in (run.id, item, phase) if part)
        parts = {"run": run.id} | ({"phase": phase} if phase else {})
        yield runs.item_row(
            SYSTEM,
            model,
            metric,
            name,
            value,
            run_id=run_id,
            prompt_sha256=hashlib.sha256(f"{run.source}|{item}".encode()).hexdigest(),
            cluster_id=cluster,
            repeat=seed,
            status="skipped" if value is None else "ok",
            reason=reason,
            parts=parts,
        )
