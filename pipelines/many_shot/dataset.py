"""Build the many-shot dataset: pool, model solutions, prompts, and the search for leaks.

The pool is small and made in the driver; so are model solutions, through the journal. Only prompt
ids go into the pipeline: every shard is assembled by one worker, so that prompt sets of any size
need the memory of one shard.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from measurand import beam, project, shards
from measurand.errors import ParamsError, VerifyError
from measurand.journal import canonical_json
from measurand.manifest import Source, read_manifest
from measurand.models.tokenizers import TextTokenizer, load_tokenizer
from measurand.parquet import rejected_table
from pipelines.many_shot.example import Example, example_id, group_id
from pipelines.many_shot.leakage import search
from pipelines.many_shot.prompts import Assemble
from pipelines.many_shot.rationales import write_rationales
from pipelines.many_shot.splits import split_examples
from pipelines.many_shot.tasks import examples
from schemas.many_shot.params import Params, Task
from schemas.many_shot.tables import LEAKAGE, POOL, PROMPTS

PLANTED = 24
"""Leaks that are planted per task to try the search."""

Row = dict[str, Any]


def build(
    params: Params, out: Path, runner: str, argv: Sequence[str] = (), *, journal: Path
) -> None:
    """Write ``pool``, ``rationales`` (where asked for), ``prompts`` and ``leakage`` below ``out``.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`.
        argv: further Beam options.
        journal: folder of the model calls; answered ones are not made again.

    Raises:
        ParamsError: a source cannot give what a task asks for, or no context limit is known.
        InputError: a user's file is missing or cannot be read.
        InfraError: a file cannot be fetched, or the model that writes solutions fails.
        VerifyError: code ``leak``: a test question is among the shots.
        ConservationError: a prompt was neither written nor rejected.
    """
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    root = project.root_or_here()
    settings = params.build.model_dump(mode="json")
    tokenizer = load_tokenizer(params.build.tokenizer, cache=root / "models")
    context = params.build.context_limit or tokenizer.context
    if context is None:
        raise ParamsError(
            f"the context length of {params.build.tokenizer} is unknown",
            hint="set build.context_limit",
        )
    removed = _write_pool(params, out / "pool", tokenizer, root, settings)
    rationales = None
    if params.build.rationales is not None:
        rationales = out / "rationales"
        write_rationales(params, out / "pool", rationales, journal)

    parents = {"pool": out / "pool"} | ({"rationales": rationales} if rationales else {})
    assemble = Assemble(
        params.model_dump_json(),
        (out / "pool").resolve(),
        rationales.resolve() if rationales else None,
        (root / "models").resolve(),
        context,
    )
    keys = list(assemble.plans)
    folder = out / "prompts"
    with beam.pipeline(runner, argv) as pipeline:
        sink = beam.make_shards(pipeline, keys, PROMPTS, folder, params.build.n_shards, assemble)
    sink.finish(
        parents={name: read_manifest(path).logical_hash for name, path in parents.items()},
        params=settings,
        rows_in=len(keys),
    )
    _write_leakage(params, out, removed, settings)


def _write_pool(
    params: Params, folder: Path, tokenizer: TextTokenizer, root: Path, settings: Row
) -> dict[str, int]:
    """Write the pool; returns the near-duplicates removed, by task."""
    tables, left, sources, removed = [], [], [], {}
    for task in params.build.tasks:
        print(f"build: examples of {task.id}", flush=True)
        drawn = examples(task, params.build.seed, root / "data" / "sources")
        split = split_examples(task, drawn, params.build.seed, params.build.near_duplicates)
        for name, some in (("train", split.train), ("dev", split.dev), ("test", split.test)):
            tables.append(_rows(task, name, some, drawn.package, drawn.version, tokenizer))
        rejected = [*drawn.rejected, *split.rejected]
        left += [(f"{task.id}|{key}", reason, detail) for key, reason, detail in rejected]
        removed[task.id] = sum(r.reason == "near_duplicate_of_test" for r in split.rejected)
        sources += drawn.sources
    shards.write_dataset(
        folder,
        POOL,
        pa.concat_tables(tables),
        params=settings,
        sources=_distinct(sources),
        rejected=rejected_table(left),
    )
    return removed


def _rows(
    task: Task,
    split: str,
    some: list[Example],
    package: str,
    version: str,
    tokenizer: TextTokenizer,
) -> pa.Table:
    inputs = tokenizer.count([e.input for e in some])
    targets = tokenizer.count([f" {e.target}" for e in some])
    n = len(some)
    return POOL.from_columns(
        {
            "task": [task.id] * n,
            "example_id": [example_id(task.id, e) for e in some],
            "split": [split] * n,
            "group_id": [group_id(task.id, e.group) for e in some],
            "input": [e.input for e in some],
            "target": [e.target for e in some],
            "options": [None if e.options is None else list(e.options) for e in some],
            "answer_idx": [None if e.options is None else e.options.index(e.target) for e in some],
            "rationale": [e.rationale for e in some],
            "rationale_source": [e.rationale_source for e in some],
            "verifier": [e.verifier for e in some],
            "details": [canonical_json(dict(e.details)) for e in some],
            "source_package": [package] * n,
            "source_version": [version] * n,
            "source_key": [e.key for e in some],
            "n_input_tokens": inputs,
            "n_target_tokens": targets,
        }
    )


def _write_leakage(params: Params, out: Path, removed: dict[str, int], settings: Row) -> None:
    """Search the prompts that were really written.

    Raises:
        VerifyError: code ``leak``.
    """
    pool = pl.DataFrame(pl.from_arrow(shards.read_table(out / "pool")))
    shown: dict[str, set[str]] = {task.id: set() for task in params.build.tasks}
    for _, table in shards.iter_shards(out / "prompts"):
        for name in ("shot_ids", "demonstration_ids"):
            frame = pl.DataFrame(pl.from_arrow(table.select(["task", name])))
            for task, ids in frame.explode(name).drop_nulls().unique().iter_rows():
                shown[task].add(ids)
    rows = [
        search(
            task.id,
            pool.filter(pl.col("task") == task.id),
            shown[task.id],
            params.build.near_duplicates,
            plant=PLANTED,
            removed=removed[task.id],
            seed=params.build.seed,
        )
        for task in params.build.tasks
    ]
    for row in rows:
        found = [row[n] for n in ("shared_ids", "shared_groups", "shared_texts", "near_duplicates")]
        if any(found) or row["found"] < row["planted"]:
            raise VerifyError(
                f"{row['task']}: test questions among the shots, or planted leaks not found: "
                f"{json.dumps(row)}",
                hint="this is a defect of the build; the dataset must not be used",
                code="leak",
            )
    shards.write_dataset(
        out / "leakage",
        LEAKAGE,
        LEAKAGE.from_columns({c.name: [row[c.name] for row in rows] for c in LEAKAGE.columns}),
        parents={n: read_manifest(out / n).logical_hash for n in ("pool", "prompts")},
        params=settings,
    )


def _distinct(sources: Sequence[Source]) -> list[Source]:
    return list(dict.fromkeys(sources))
