"""Answers to the questions that people answered, as results and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluators.agi_levels.context import Rater
from evaluators.agi_levels.placing import Result
from measurand import shards, soundness
from measurand.results import Rows
from measurand.stats.bounded import share
from schemas.agi_levels.norms import Task
from schemas.agi_levels.tables import ANSWERS, QUESTIONS


@dataclass(frozen=True)
class Answered:
    """All answers of a run.

    Attributes:
        rows: of ANSWERS.
        tasks: what is known of the tasks, by id.
        norms: people's norm of each task, by task.
    """

    rows: Sequence[dict[str, Any]]
    tasks: dict[str, Task]
    norms: dict[str, str]

    def of(self, model: str, task: str) -> list[dict[str, Any]]:
        """Answers of a model to the questions of a task."""
        return [row for row in self.rows if row["model"] == model and row["task_id"] == task]

    @property
    def models(self) -> list[str]:
        """Who answered."""
        return list(dict.fromkeys(row["model"] for row in self.rows))

    def results(self) -> list[Result]:
        """A result for each model and task; questions without an answer are left out."""
        found = []
        for model in self.models:
            for name, task in self.tasks.items():
                own = [row for row in self.of(model, name) if row["value"] is not None]
                if own:
                    ids = tuple(row["item_id"] for row in own)
                    values = np.array([row["value"] for row in own], np.float64)
                    found.append(Result(model, task, ids, values, ids))
        return found


def read(data: Path, results: Path) -> Answered:
    """Answers of a results folder; none where there are no questions.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
    """
    asked = QUESTIONS.conform(shards.read_table(data / "dataset" / "questions")).to_pylist()
    tasks = {
        row["task_id"]: Task(
            id=row["task_id"],
            families=tuple(row["families"]),
            version=row["task_version"],
            tools=row["tools"],
        )
        for row in asked
    }
    rows = ANSWERS.conform(shards.read_table(results / "answers")).to_pylist()
    return Answered(rows, tasks, {row["task_id"]: row["norm_id"] for row in asked})


def figures(rater: Rater, answered: Answered) -> Rows:
    """Of one model: ``accuracy``, ``missing_share``, ``infra_error_share``, ``mass_mean`` by task.

    Args:
        rater: the model as a subject.
        answered: all answers.
    """
    for task in answered.tasks:
        rows = answered.of(rater.model, task)
        if not rows:
            continue
        parts = {"task": task}
        ids = np.array([row["item_id"] for row in rows])
        absent = np.array([row["value"] is None for row in rows])
        failed = np.array([row["status"] == "infra_error" for row in rows])
        yield from soundness.missing_rows(rater, parts, absent, failed, ids)
        values = np.array([row["value"] for row in rows if row["value"] is not None])
        if len(values):
            yield rater.row("accuracy", parts, share(values))
        masses = np.array([row["mass"] for row in rows if row["mass"] is not None])
        if len(masses):
            yield rater.row("mass_mean", parts, share(np.minimum(masses, 1.0)))
