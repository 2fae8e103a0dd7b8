"""Quality of answers, prompts and solutions: what may make every other figure void."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from evaluators.many_shot.context import SYSTEM, Subject
from measurand import shards, soundness
from measurand.manifest import MANIFEST, REJECTED_FILE, read_manifest
from measurand.parquet import REJECTED, read_shard
from measurand.results import Rows
from measurand.statistics import exact, statistic_row
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean, proportion, within_unit
from measurand.stats.repeats import alpha_over_repeats
from measurand.subject import frame
from pipelines.many_shot.tasks import arithmetic
from schemas.many_shot.params import Params

LEAKS = ("shared_ids", "shared_groups", "shared_texts", "near_duplicates")
"""Columns of the leakage table that must be 0."""
REASONS = ("over_context", "too_few_shots")
"""Why a prompt is rejected."""


def quality_rows(subject: Subject, data: Path, results: Path) -> Rows:
    """Statistics of the prompts and of the answers themselves.

    Args:
        subject: one model's answers.
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote, for retest and costs.
    """
    yield from _answer_rows(subject)
    yield from soundness.retest_rows(subject, results)
    yield from soundness.saving_rows(subject, results)
    for row in shards.read_table(data / "dataset" / "leakage").to_pylist():
        leaks = sum(row[name] for name in LEAKS)
        planted = {"found": row["found"], "planted": row["planted"]}
        yield from soundness.leak_rows(subject, {"task": row["task"]}, leaks, **planted)
    yield from _prompt_rows(subject, data)


def _answer_rows(subject: Subject) -> Rows:
    everything = subject.responses
    tasks = {str(task): own for (task,), own in everything.group_by("task", maintain_order=True)}
    for parts, own in (({}, everything), *(({"task": task}, own) for task, own in tasks.items())):
        missing, failed = own["correct"].is_null(), own["status"] == "infra_error"
        flags = (missing.to_numpy(), failed.to_numpy())
        yield from soundness.missing_rows(subject, parts, *flags, own["query_id"].to_numpy())


def _prompt_rows(subject: Subject, data: Path) -> Rows:
    folder = data / "dataset" / "prompts"
    rejected = read_manifest(folder).rejected
    for reason in REASONS:
        found = float(rejected.get(reason, 0))
        yield subject.row("prompts_rejected", {"reason": reason}, exact(found))
    columns = ["boundary_stable", "k", "k_requested", "context_limit", "answer_budget", "prompt_id"]
    prompts = frame(shards.read_table(folder, columns))
    unstable = float((~prompts["boundary_stable"]).sum())
    yield subject.row("boundary_unstable", {}, exact(unstable, n=len(prompts)))
    fewer = float((prompts["k"] < prompts["k_requested"]).sum())
    yield subject.row("prompts_with_fewer_shots", {}, exact(fewer, n=len(prompts)))
    lengths = subject.responses.select("prompt_id", "prompt_tokens").drop_nulls()
    if lengths.is_empty():
        return
    asked = lengths.join(prompts, on="prompt_id")
    room = pl.col("context_limit") - pl.col("answer_budget")
    over = float(asked.filter(pl.col("prompt_tokens") > room).height)
    yield subject.row("answers_over_budget", {}, exact(over, n=len(asked)))


def rationale_rows(data: Path, params: Params) -> Rows:
    """Yield of the solutions that a model wrote, under the model string of their writer.

    ``keep_rate`` is the share of solutions with the right answer (reliability: of a problem's share
    over its samples), ``solved_share`` that of problems with a solution that prompts may show,
    ``step_valid_rate`` that of such solutions whose every equation holds (sums only: elsewhere no
    program can tell).
    """
    folder = data / "dataset" / "rationales"
    if not (folder / MANIFEST).exists():
        return
    rows = frame(shards.read_table(folder)).sort("task", "split", "example_id", "sample")
    for (task, split), some in rows.group_by(["task", "split"], maintain_order=True):
        for metric, estimate, reliability in _yield(some, params.task(str(task)).source.kind):
            parts = {"task": str(task), "split": str(split)}
            yield statistic_row(
                SYSTEM, some["model"][0], metric, parts, estimate, reliability=reliability
            )


def _yield(some: pl.DataFrame, kind: str) -> Iterator[tuple[str, Estimate, float | None]]:
    tried = some.drop_nulls("correct").select(
        pl.col("example_id").alias("query_id"),
        pl.col("sample").alias("seed"),
        pl.col("correct").cast(pl.Float64).alias("value"),
    )
    kept = cluster_mean(tried["value"].to_numpy(), tried["query_id"].to_numpy())
    columns = (tried[name].to_numpy() for name in ("value", "query_id", "seed"))
    yield "keep_rate", within_unit(kept), alpha_over_repeats(*columns, resamples=0).value
    chosen = some.filter(pl.col("chosen"))
    yield "solved_share", proportion(len(chosen), some["example_id"].n_unique()), None
    if kind == "arithmetic":
        valid = sum(arithmetic.steps_valid(text) for text in chosen["rationale"])
        yield "step_valid_rate", proportion(valid, len(chosen)), None


def rejected_prompts(data: Path) -> list[tuple[str, str, str]]:
    """(prompt, reason, detail) of every prompt that was not made."""
    path = data / "dataset" / "prompts" / REJECTED_FILE
    if not path.exists():
        return []
    table = REJECTED.conform(read_shard(path))
    return list(zip(*(table[c].to_pylist() for c in ("key", "reason", "detail")), strict=True))
