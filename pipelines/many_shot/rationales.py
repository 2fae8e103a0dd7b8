"""Solutions that a model writes and a verifier judges: the shots of the reinforced regime.

Generate and filter as in ReST-EM (Singh et al. 2023, arXiv 2312.06585) without the fine-tuning:
Agarwal et al. 2024, section 3. A right answer may stand at the end of a wrong solution; only steps
that a program can check tell.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from measurand import runs, shards
from measurand.calls import generate_batches
from measurand.errors import ParamsError
from measurand.journal import Journal
from measurand.manifest import read_manifest
from measurand.models.protocol import Completion, Model, Request, Sampling, check
from measurand.progress import Progress
from measurand.publishing.private import named
from measurand.stats.resample import rng_for
from pipelines.many_shot import layout, oracles, verifiers
from schemas.many_shot.params import Params, Rationales, Task
from schemas.many_shot.tables import RATIONALES

Row = dict[str, Any]

MAX_INFRA_SHARE = 0.005
"""Share of failed calls above which the build is refused."""


def write_rationales(params: Params, pool: Path, out: Path, journal: Path) -> None:
    """Let a model solve training and test examples, and write down every solution.

    The model sees some solved dev examples and one question, and samples several solutions. Where
    one of them ends in the right answer, one of the right ones is ``chosen``; where none does, none
    is. Test examples are solved to measure the probability of such solutions; they are never shots.

    Args:
        params: parameters; ``build.rationales`` must not be null.
        pool: dataset folder of the pool.
        out: dataset folder to write.
        journal: folder of the model calls; finished calls are not made again.

    Raises:
        ParamsError: a task has too few solved dev examples for ``rationales.examples``.
        CapabilityError: the model cannot generate.
        InfraError: more than 0.5% of the calls failed for infrastructure reasons.
    """
    how = params.build.rationales
    if how is None:
        raise ParamsError("build.rationales is null", hint="say which model writes for which tasks")
    frame = pl.DataFrame(pl.from_arrow(shards.read_table(pool)))
    work = [_Work(params.task(name), frame.filter(task=name), how) for name in how.tasks]
    total = sum(len(one.asked) for one in work) * how.samples
    print(f"build: loading {how.model} to write solutions", flush=True)
    model = oracles.open_model(how.model, params)
    try:
        if isinstance(model, oracles.Oracle):
            model.require([one.task for one in work])
        check(model, generate=True)
        with (
            Journal(journal / "rationales.jsonl") as calls,
            Progress(f"solutions by {how.model}", total, "solutions") as progress,
        ):
            rows = [row for one in work for row in _solved(one, model, calls, progress)]
    finally:
        model.close()
    failures = Counter(r["reason"] for r in rows if r["status"] == "infra_error")
    runs.refuse_failures(how.model, failures, total, MAX_INFRA_SHARE)
    shards.write_dataset(
        out,
        RATIONALES,
        runs.table(RATIONALES, rows),
        parents={"pool": read_manifest(pool).logical_hash},
        params={"rationales": how.model_dump(mode="json"), "model_fingerprint": model.fingerprint},
    )


@dataclass
class _Work:
    """One task: what is asked, and how it is shown.

    Attributes:
        task: the task.
        pool: its examples.
        how: parameters of the sampling.
    """

    task: Task
    pool: pl.DataFrame
    how: Rationales

    def __post_init__(self) -> None:
        train = self.pool.filter(split="train").head(self.how.problems)
        self.asked: list[Row] = pl.concat([train, self.pool.filter(split="test")]).to_dicts()
        solved = self.pool.filter(pl.col("split") == "dev", pl.col("rationale").is_not_null())
        examples = solved.head(self.how.examples).to_dicts()
        if len(examples) < self.how.examples:
            raise ParamsError(
                f"{self.task.id}: {len(examples)} dev examples have a solution, "
                f"rationales.examples asks for {self.how.examples}",
                hint="raise the task's dev, or ask for fewer examples (0 shows none)",
            )
        own = self.task.layout
        shown = [layout.shot(own, e["input"], e["target"], e["rationale"]) for e in examples]
        self.prefix = layout.prefix(own, shown, "supervised", [])

    def requests(self) -> list[Request]:
        """One prompt per example that is asked."""
        tags = {"task": self.task.id, "curve": oracles.RATIONALES}
        own = self.task.layout
        return [
            Request(layout.join(self.prefix, layout.query(own, row["input"])), tags)
            for row in self.asked
        ]

    def sampling(self) -> Sampling:
        """How solutions are drawn; the next question ends one, if nothing did before."""
        return Sampling(
            max_tokens=self.how.max_tokens,
            temperature=self.how.temperature,
            seed=self.how.seed,
            stop=(*self.task.stop, f"\n{self.task.layout.question}:"),
        )


def _solved(work: _Work, model: Model, calls: Journal, progress: Progress) -> Iterator[Row]:
    requests, size = work.requests(), work.how.batch_size
    batches = [requests[at : at + size] for at in range(0, len(requests), size)]
    found: list[list[Row]] = [[] for _ in requests]
    for sample in range(work.how.samples):
        answers = generate_batches(
            model, batches, calls, work.sampling(), repeat=sample, progress=progress
        )
        written = (one.completion for batch in answers for one in batch)
        for rows, example, completion in zip(found, work.asked, written, strict=True):
            rows.append(_row(work, example, sample, completion))
    for rows in found:
        _choose(rows)
        yield from rows


def _row(work: _Work, example: Row, sample: int, completion: Completion) -> Row:
    extracted, correct = None, None
    rationale = None
    if completion.text is not None:
        cue = work.task.layout.answer_cue
        before, found, _ = completion.text.rpartition(cue)
        rationale = before.strip() if found else None
        extracted = verifiers.extract(completion.text, cue, True)
        correct = False
        if extracted is not None:
            details = json.loads(example["details"])
            judged = verifiers.verify(example["verifier"], extracted, example["target"], details)
            correct = judged.correct
    return {
        "task": work.task.id,
        "example_id": example["example_id"],
        "split": example["split"],
        "sample": sample,
        "model": named(work.how.model),
        "temperature": work.how.temperature,
        "seed": work.how.seed,
        "text": completion.text,
        "rationale": rationale or None,
        "extracted": extracted,
        "correct": correct,
        "chosen": False,
        "n_tokens": completion.tokens,
        "status": completion.status,
        "reason": completion.reason,
    }


def _choose(rows: Sequence[Row]) -> None:
    """Mark one of the right solutions of an example; an answer alone is no solution."""
    right = [row for row in rows if row["correct"] and row["rationale"]]
    if right:
        rng = rng_for("many_shot", "rationale", rows[0]["example_id"], rows[0]["seed"])
        right[int(rng.integers(len(right)))]["chosen"] = True
