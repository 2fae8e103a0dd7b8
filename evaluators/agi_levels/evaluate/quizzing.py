"""Ask a model the questions that people answered.

Each option stands at each letter once, in as many prompts as there are options; the answer is the
option with the highest mean probability. A model that likes a letter gains nothing by it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from measurand.calls import Batch, Scored, score_batches
from measurand.journal import Journal
from measurand.models.protocol import Model, Request, Score
from measurand.results import slice_text
from measurand.runs import Costs
from pipelines.agi_levels import quiz
from schemas.agi_levels.params import Params

Row = dict[str, Any]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TIE = 1e-9
"""Difference of mean probabilities below which options are equally likely."""


def ask(
    params: Params,
    model: Model,
    name: str,
    questions: Sequence[Row],
    calls: Journal,
    spent: Costs,
    run_id: str,
) -> list[Row]:
    """Rows of ANSWERS of one model.

    Args:
        params: parameters.
        model: a checked model.
        name: its model string.
        questions: rows of QUESTIONS.
        calls: the run's journal.
        spent: where calls are counted.
        run_id: identity of the run.
    """
    prompts = [requests(params, question) for question in questions]
    asked = [one for turns in prompts for one in turns]
    size = params.evaluate.batch_size
    batches = [Batch(asked[at : at + size]) for at in range(0, len(asked), size)]
    scored = iter([one for batch in score_batches(model, batches, calls) for one in batch])
    found = []
    for question, turns in zip(questions, prompts, strict=True):
        own = [next(scored) for _ in turns]
        for one in own:
            spent.count(question["task_id"], one.score, one.seconds)
        found.append(_row(name, question, turns[0], own, run_id))
    return found


def requests(params: Params, question: Mapping[str, Any]) -> list[Request]:
    """One prompt for each turn of the options; turn k begins with option k."""
    options = question["options"]
    n = len(options)
    choices = tuple(f" {letter}" for letter in LETTERS[:n])
    found = []
    for k in range(n):
        listed = "\n".join(f"{LETTERS[i]}. {options[(i + k) % n]}" for i in range(n))
        text = params.evaluate.question.replace("{options}", listed)
        text = text.replace("{question}", question["text"])
        tags = {"participant": "reader", "item": question["item_id"], "scale": "quiz", "keyed": 1}
        found.append(Request(text, tags, choices, params.evaluate.begun))
    return found


def _row(
    name: str, question: Mapping[str, Any], asked: Request, own: Sequence[Scored], run_id: str
) -> Row:
    scores = [one.score for one in own]
    found = chosen([probabilities(score, k) for k, score in enumerate(scores)])
    lost = next((score for score in scores if score.status != "ok"), None)
    status, reason = ("ok", None) if lost is None else (lost.status, lost.reason)
    if found is None and lost is None:
        status, reason = "model_error", "a letter has no probability"
    masses = [score.mass for score in scores if score.mass is not None]
    return {
        "run_id": run_id,
        "model": name,
        "task_id": question["task_id"],
        "item_id": question["item_id"],
        "value": None if found is None else found[0],
        "right": None if found is None else found[1],
        "mass": math.fsum(masses) / len(masses) if masses else None,
        "status": status,
        "reason": reason,
        "prompt_sha256": asked.sha256,
        "prompt_tokens": own[0].score.prompt_tokens,
    }


def probabilities(score: Score, turn: int) -> np.ndarray | None:
    """Probability of each option, the right one first, of a prompt whose options were turned."""
    logs = score.logprobs
    if score.status != "ok" or not logs or any(x is None for x in logs):
        return None
    weights = np.exp(np.array(logs, np.float64))
    return np.roll(weights / weights.sum(), turn) if weights.sum() else None


def chosen(turns: Sequence[np.ndarray | None]) -> tuple[float, float] | None:
    """Score and mean probability of the right option; None where a turn has no probabilities.

    Options that are equally likely share the score, as in a guess among them.
    """
    known = [turn for turn in turns if turn is not None]
    if len(known) < len(turns):
        return None
    mean = np.mean(known, axis=0)
    best = mean >= mean.max() - TIE
    return float(best[0] / best.sum()), float(mean[0])


def known_rows(questions: Sequence[Row], seed: int, run_id: str) -> list[Row]:
    """Rows of ANSWERS of the respondents whose truth is known."""
    return [
        {
            "run_id": run_id,
            "model": name,
            "task_id": question["task_id"],
            "item_id": question["item_id"],
            "value": quiz.right(name, question, seed),
            "right": None,
            "mass": None,
            "status": "ok",
            "reason": None,
        }
        for name in quiz.NAMES
        for question in questions
    ]


def item(row: Row) -> Row:
    """A row of ANSWERS as an item result ``right``."""
    return {
        **row,
        "system": "agi_levels",
        "metric": "right",
        "repeat": 0,
        "cluster_id": row["item_id"],
        "slice": slice_text({"task": row["task_id"]}),
        "seed": None,
    }
