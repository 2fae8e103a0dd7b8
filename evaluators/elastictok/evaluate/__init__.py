"""Measure tokenizers and codecs on sequences that they were not trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from measurand import runs, shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.results import RESULTS, slice_text
from measurand.tables import Table
from measurand.training import tensors
from measurand.training.repeats import folder_of, repeat_of
from pipelines.elastictok import measuring
from pipelines.elastictok.jobs import CHUNK, TABLES, Job, Place, limits, read, run
from pipelines.elastictok.sequences import Row, spread
from pipelines.elastictok.train import run_of
from schemas.elastictok.params import CODECS, UNTRAINED, Params
from schemas.elastictok.tables import NEAR, REGRESSION, SPEED, TRAINING

TESTS = ("test_clip", "test_time")
COPIED: dict[str, Table] = {"history": TRAINING, "speed": SPEED, "regression": REGRESSION}
STRIP_SEQUENCES = 8
"""Sequences of a filmstrip, at most."""


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
) -> None:
    """Write one folder a table of :data:`pipelines.elastictok.jobs.TABLES`, and ``items``.

    The tables of the training and ``near`` are copied beside them, for the report. What was
    measured of trainings after the first lies in ``training-N``.

    Args:
        params: parameters; ``evaluate.models`` names the models.
        data: folder with ``dataset/`` and ``checkpoint/``.
        model: one name to measure instead.
        out: folder to write to.
        journal: folder beside which finished parts are kept.
        limit: only the first so many sequences of each split; marks the results partial.

    Raises:
        InputError: an unknown model, an unbuilt dataset or a missing checkpoint.
    """
    for at in range(params.train.repeats):
        one, checkpoint = repeat_of(params, at), folder_of(data / "checkpoint", at)
        _evaluate(one, data, checkpoint, model, folder_of(out, at), journal, limit)


def _evaluate(
    params: Params,
    data: Path,
    checkpoint: Path,
    model: str | None,
    out: Path,
    journal: Path,
    limit: int | None,
) -> None:
    """Measure the models of one training."""
    asked = _models(params, model)
    place = _place(params, data, checkpoint, asked, journal)
    known = limits(place)
    selected = _selected(params, place, limit)
    print("evaluate: thresholds " + ", ".join(f"{k} {v:.4f}" for k, v in known.items()), flush=True)
    tables = run(place, _jobs(params, place, asked, selected, known), params.evaluate.processes)
    config = {
        # How many processes measured decides nothing.
        "evaluate": params.evaluate.model_dump(mode="json", exclude={"processes"}),
        "models": list(asked),
        "limits": known,
        "partial": limit is not None,
    }
    tables["items"] = _items(tables, runs.run_id(place.identity, config))
    for name in COPIED:
        if (checkpoint / name).is_dir():
            tables[name] = shards.read_table(checkpoint / name)
    if (data / "dataset" / "near").is_dir():
        tables["near"] = shards.read_table(data / "dataset" / "near")
    specs: dict[str, Table] = {**TABLES, **COPIED, "near": NEAR, "items": RESULTS}
    for name, table in tables.items():
        shards.write_dataset(
            out / name, specs[name], table, parents=_parents(data), params=config
        )  # fmt: skip


def _models(params: Params, model: str | None) -> tuple[str, ...]:
    if model is not None:
        if model not in CODECS:
            measuring.spec_of(params, model)
        return (model,)
    if params.evaluate.models is not None:
        return params.evaluate.models
    return (*(m.name for m in params.train.models), UNTRAINED, *CODECS)


def _place(
    params: Params, data: Path, checkpoint: Path, asked: Sequence[str], journal: Path
) -> Place:
    needed = {params.elastic.name, *asked} - {UNTRAINED, *CODECS}
    identity = {"blocks": read_manifest(data / "dataset" / "blocks").logical_hash}
    for name in sorted(needed):
        run = tensors.load(checkpoint / f"{name}.safetensors")[1]["run"]
        if run != run_of(params, measuring.spec_of(params, name), identity["blocks"]):
            raise InputError(
                f"{name} was trained with other code, data or parameters",
                hint="run `measurand train elastictok` again",
            )
        head = tensors.about(checkpoint / f"{name}.head.safetensors")
        identity[name] = runs.run_id(run, None if head is None else head["run"])
    seeds = [params.train.seed, params.train.network.model_dump(), params.train.patch]
    identity[UNTRAINED] = runs.run_id(seeds, params.train.bottleneck.model_dump(mode="json"))
    return Place(
        params.model_dump_json(),
        (data / "dataset" / "blocks").resolve(),
        checkpoint.resolve(),
        (journal / "measured").resolve(),
        identity,
    )


def _selected(params: Params, place: Place, limit: int | None) -> dict[str, list[int]]:
    """Numbers of the sequences that are measured, by split."""
    found = {}
    for split in TESTS:
        try:
            rows = read(place.blocks, split).rows
        except InputError:
            if split == TESTS[0]:
                raise
            continue  # clips too short to have a later part
        found[split] = spread(rows, params.evaluate.sequences)[:limit]
    return found


def _jobs(
    params: Params,
    place: Place,
    asked: Sequence[str],
    selected: dict[str, list[int]],
    known: measuring.Limits,
) -> list[Job]:
    pairs = [(split, i) for split, some in selected.items() for i in some]
    chunks = [tuple(pairs[at : at + CHUNK]) for at in range(0, len(pairs), CHUNK)]
    fixed = tuple(known.items())
    jobs = [
        Job("codec" if name in CODECS else "measure", name, chunk, fixed)
        for name in asked
        for chunk in chunks
    ]
    first = params.elastic.name
    if first in asked:
        if params.evaluate.noise_blocks:
            jobs.append(Job("noise", first, chunks[0], fixed))
        jobs.append(Job("times", first, chunks[0], fixed))
        middle = list(known)[len(known) // 2]
        jobs += [Job("strip", first, at, fixed, middle) for at in strips(params, place)]
    return jobs


def strips(params: Params, place: Place) -> list[tuple[tuple[str, int], ...]]:
    """Sequences of the clips that filmstrips are made of: the longest of each source.

    Sources that move most come first; still pictures have no strip. Near copies of what was trained
    on have none while there is another clip.
    """
    rows = read(place.blocks, TESTS[0]).rows
    copies = _copies(place.blocks.parent)
    shown = {row["clip_id"] for row in rows} - copies or copies
    motion: dict[str, list[float]] = defaultdict(list)
    clips: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, row in enumerate(rows):
        if row["clip_id"] in shown and len(set(row["segments"])) == 1:
            motion[row["source"]] += row["motion"]
            clips[row["source"]][row["clip_id"]].append(i)
    order = sorted(motion, key=lambda source: (-float(np.mean(motion[source])), source))
    found = []
    for source in order[: params.evaluate.strips]:
        own = clips[source]
        longest = min(own, key=lambda clip: (-_variety(rows, own[clip]), clip))
        at = sorted(own[longest], key=lambda i: rows[i]["start_frame"])[:STRIP_SEQUENCES]
        found.append(tuple((TESTS[0], i) for i in at))
    return found


def _copies(dataset: Path) -> set[str]:
    """Clips that are near copies of what was trained on, as far as was searched."""
    if not (dataset / "near").is_dir():
        return set()
    rows = shards.read_table(dataset / "near", ["clip_id", "near"]).to_pylist()
    return {row["clip_id"] for row in rows if row["near"]}


def _variety(rows: Sequence[Row], at: Sequence[int]) -> float:
    """How long a clip is, and how much its motion changes: what a token trace can follow."""
    motion = [m for i in at for m in rows[i]["motion"]]
    return min(len(at), STRIP_SEQUENCES) * 1000 + float(np.std(motion))


def _items(tables: dict[str, pa.Table], run_id: str) -> pa.Table:
    """Item results: errors of budgets; tokens and feasibility of plain searches."""
    rows: list[dict[str, Any]] = []
    budgets = pl.DataFrame(pl.from_arrow(tables["budgets"]))
    for row in budgets.iter_rows(named=True):
        item = f"{row['sample_id']}|b{row['block']}|n{row['n_tokens']}"
        rows.append(_item(row, "mse", item, row["mse"], {"n": str(row["n_tokens"])}))
    coded = pl.DataFrame(pl.from_arrow(tables["coded"])).filter(variant="plain")
    for row in coded.iter_rows(named=True):
        item = f"{row['sample_id']}|b{row['block']}|{row['search']}|{row['threshold']}"
        parts = {"search": row["search"], "threshold": row["threshold"]}
        rows.append(_item(row, "tokens", item, float(row["n_tokens"]), parts))
        rows.append(_item(row, "feasible", item, float(row["feasible"]), parts))
    return runs.results_table([{**row, "run_id": run_id} for row in rows])


def _item(row: dict[str, Any], metric: str, item: str, value: float, parts: dict[str, str]) -> Any:
    return {
        "system": "elastictok",
        "model": row["model"],
        "metric": metric,
        "item_id": item,
        "repeat": 0,
        "cluster_id": row["clip_id"],
        "value": value,
        "status": "ok",
        "reason": None,
        "slice": slice_text({**parts, "split": row["split"]}),
        "seed": None,
        "prompt_tokens": None,
        "prompt_sha256": row["sample_id"],
    }


def _parents(data: Path) -> dict[str, str]:
    folder = data / "dataset"
    return {n: read_manifest(folder / n).logical_hash for n in ("clips", "blocks")}
