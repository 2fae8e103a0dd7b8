"""What is asked: prompts and questions of the built dataset, cut into batches that share prefixes.

A batch holds the prompts of one shot set, from few shots to many, each with all test questions:
nested shots share their beginning, so the longest prompt is computed about once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from measurand import shards
from measurand.manifest import MANIFEST, read_manifest
from measurand.models.protocol import Request
from pipelines.many_shot import labels, layout
from schemas.many_shot.params import Curve, ModelRun, Params, Task

Row = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """A test example.

    Attributes:
        query_id: its example_id.
        text: the question.
        target: the right answer, before a label map.
        options: possible answers; None where answers are free.
        answer_idx: index of the target in them.
        verifier: how a free answer is judged.
        details: what the verifier needs beyond the target.
        solutions: solutions whose probability is measured, by metric: ``nll_program`` (the
            pool's), ``nll_model`` (written by a model and verified).
    """

    query_id: str
    text: str
    target: str
    options: tuple[str, ...] | None
    answer_idx: int | None
    verifier: str
    details: dict[str, Any]
    solutions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One prompt with one question.

    Attributes:
        task: the task.
        curve: the curve.
        prompt: row of the prompts.
        question: the question.
    """

    task: Task
    curve: Curve
    prompt: Row
    question: Question

    @property
    def free(self) -> bool:
        """Whether the answer is written; otherwise the options are scored."""
        return written(self.curve, self.question.options)

    @property
    def words(self) -> tuple[str, ...] | None:
        """Words of the classes under the curve's label map."""
        options = self.question.options
        return None if options is None else labels.words(options, self.curve.label_map)

    @property
    def target(self) -> str:
        """The right answer under the curve's label map."""
        at = self.question.answer_idx
        return self.question.target if self.words is None or at is None else self.words[at]

    def request(self, choices: tuple[str, ...] = ()) -> Request:
        """The whole prompt."""
        own = self.task.layout
        text = layout.join(self.prompt["prefix"], layout.query(own, self.question.text))
        return Request(text, {"task": self.task.id, "curve": self.curve.name}, choices)

    def option_request(self) -> Request:
        """The whole prompt, with a text per class to be scored."""
        return self.request(tuple(f" {word}" for word in self.words or ()))

    def answer_requests(self) -> dict[str, Request]:
        """The right answer as a text to be scored, by metric.

        Where shots show solutions, solutions are scored; the answer alone would be out of place.
        """
        own = self.task.layout
        if self.curve.rationale == "none":
            texts = {"nll": layout.answer_text(own, self.target)}
        else:
            texts = {
                metric: layout.answer_text(own, self.target, solution)
                for metric, solution in self.question.solutions.items()
            }
        return {metric: self.request((text,)) for metric, text in texts.items()}


def written(curve: Curve, options: Sequence[str] | None) -> bool:
    """Whether answers are written: options are scored only where they follow the cue at once."""
    return options is None or curve.rationale != "none"


class Material:
    """Prompts and questions of a dataset folder.

    Args:
        params: tasks and curves.
        dataset: folder with ``pool``, ``prompts`` and, where a model wrote, ``rationales``.

    Attributes:
        parents: logical hashes of what was read.
    """

    def __init__(self, params: Params, dataset: Path) -> None:
        self._tasks = params.build.tasks
        self._prompts = shards.read_table(dataset / "prompts")
        names = zip(*(self._prompts[c].to_pylist() for c in ("task", "curve")), strict=True)
        self._count = Counter(names)
        pool = shards.read_table(dataset / "pool")
        read = ["pool", "prompts"]
        chosen: dict[tuple[str, str], str] = {}
        if (dataset / "rationales" / MANIFEST).exists():
            read.append("rationales")
            table = pl.DataFrame(pl.from_arrow(shards.read_table(dataset / "rationales")))
            right = table.filter(pl.col("chosen"), pl.col("split") == "test")
            chosen = {(r["task"], r["example_id"]): r["rationale"] for r in right.to_dicts()}
        self.parents = {n: read_manifest(dataset / n).logical_hash for n in read}
        self._questions: dict[str, list[Question]] = {}
        for row in pool.filter(pc.equal(pool["split"], "test")).to_pylist():
            question = _question(row, chosen.get((row["task"], row["example_id"])))
            self._questions.setdefault(row["task"], []).append(question)

    def asked(self, run: ModelRun) -> list[tuple[Task, Curve]]:
        """The curves that a model is asked."""
        return [
            (task, curve)
            for task in self._tasks
            if run.tasks is None or task.id in run.tasks
            for curve in task.curves
            if run.curves is None or curve.name in run.curves
        ]

    def free(self, task: Task, curve: Curve) -> bool:
        """Whether answers of a curve are written."""
        return any(written(curve, q.options) for q in self._questions.get(task.id, []))

    def size(self, task: Task, curve: Curve) -> int:
        """Prompts of a curve, times their questions."""
        return self._count[task.id, curve.name] * len(self._questions.get(task.id, []))

    def batches(
        self, task: Task, curve: Curve, size: int, limit: int | None = None
    ) -> Iterator[list[Asked]]:
        """Prompts with their questions, shot set after shot set, from few shots to many.

        Args:
            task: the task.
            curve: one of its curves.
            size: most questions of a batch; prompts are divided only where they hold more.
            limit: stop after so many questions.
        """
        order = [(name, "ascending") for name in ("seed", "order", "k", "prompt_id")]
        prompts = self._of(task, curve).sort_by(order)
        keys = pl.DataFrame(pl.from_arrow(prompts.select(["seed", "order"])))
        questions = self._questions.get(task.id, [])
        left = limit
        for at, n in _runs(keys.rows()):
            for cut in _cuts(n, len(questions), size):
                wanted = list(islice(cut, left))
                if not wanted:
                    return
                yield _filled(task, curve, prompts.slice(at, n), questions, wanted)
                left = None if left is None else left - len(wanted)

    def _of(self, task: Task, curve: Curve) -> pa.Table:
        table = self._prompts
        mine = pc.and_(pc.equal(table["task"], task.id), pc.equal(table["curve"], curve.name))
        return table.filter(mine)


def _question(row: Row, solution: str | None) -> Question:
    solutions = {"nll_program": row["rationale"], "nll_model": solution}
    return Question(
        row["example_id"],
        row["input"],
        row["target"],
        None if row["options"] is None else tuple(row["options"]),
        row["answer_idx"],
        row["verifier"],
        json.loads(row["details"]),
        {metric: text for metric, text in solutions.items() if text is not None},
    )


def _runs(keys: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, int]]:
    """(start, length) of every run of equal keys."""
    start = 0
    for at in range(1, len(keys) + 1):
        if at == len(keys) or keys[at] != keys[start]:
            yield start, at - start
            start = at


def _cuts(n_prompts: int, n_questions: int, size: int) -> Iterator[list[tuple[int, int]]]:
    """(prompt, question) pairs, at most ``size`` together, whole prompts where they fit."""
    batch: list[tuple[int, int]] = []
    for prompt in range(n_prompts):
        pairs = [(prompt, question) for question in range(n_questions)]
        if batch and len(batch) + len(pairs) > size:
            yield batch
            batch = []
        while len(pairs) > size:
            yield pairs[:size]
            pairs = pairs[size:]
        batch += pairs
    if batch:
        yield batch


def _filled(
    task: Task,
    curve: Curve,
    prompts: pa.Table,
    questions: Sequence[Question],
    pairs: Sequence[tuple[int, int]],
) -> list[Asked]:
    first, last = pairs[0][0], pairs[-1][0]
    rows = prompts.slice(first, last - first + 1).to_pylist()
    return [Asked(task, curve, rows[p - first], questions[q]) for p, q in pairs]
