"""From what a model gave to rows: responses, and the item results that statistics are made of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from measurand import runs
from measurand.models.protocol import Completion, Score
from pipelines.many_shot.material import Asked
from pipelines.many_shot.verifiers import Judgement, extract, verify
from schemas.many_shot.tables import RESPONSES

Row = dict[str, Any]

MEASURES = ("confidence", "mass", "partial", "nll", "nll_program", "nll_model")
"""Item metrics beside ``accuracy``, named as the columns of the responses."""

# Rounding of float32 probabilities; more than this above 1 is no rounding.
_ROUNDING = 1e-3


def option_answer(asked: Asked, score: Score) -> Row:
    """Columns of a response whose options were scored.

    ``confidence`` is the renormalised probability of the right class, undefined while an option is
    missing. ``mass`` is undefined where options overlap, one beginning another, so that their
    probabilities do not add up.
    """
    right = asked.question.answer_idx
    logprobs = score.logprobs
    own = None if logprobs is None or right is None else logprobs[right]
    mass, reason = score.mass, score.reason
    if mass is not None and mass > 1 + _ROUNDING:
        mass, reason = None, "options overlap: their probabilities sum to more than 1"
    return {
        "prediction": score.choice,
        "correct": None if score.choice is None else score.choice == right,
        "option_logprobs": logprobs,
        "confidence": _confidence(logprobs, right),
        "mass": None if mass is None else min(mass, 1.0),
        "nll": None if own is None else -own,
        "status": score.status,
        "reason": reason,
        "prompt_tokens": score.prompt_tokens,
        "cached_tokens": score.cached_tokens,
    }


def _confidence(logprobs: tuple[float | None, ...] | None, right: int | None) -> float | None:
    if logprobs is None or right is None or any(x is None for x in logprobs):
        return None
    known = [x for x in logprobs if x is not None]
    top = max(known)
    weights = [math.exp(x - top) for x in known]
    return weights[right] / math.fsum(weights)


def written_answer(asked: Asked, completion: Completion, scores: Mapping[str, Score]) -> Row:
    """Columns of a response that was written.

    A text without an answer in it is a wrong answer, not a failure.

    Args:
        asked: the prompt and its question.
        completion: what the model wrote.
        scores: of the right answers as single choices, by metric.
    """
    row: Row = {
        "text": completion.text,
        "status": completion.status,
        "reason": completion.reason,
        "prompt_tokens": completion.prompt_tokens,
        "cached_tokens": completion.cached_tokens,
    }
    if completion.text is not None:
        extracted, judged = judge(asked, completion.text)
        row["extracted"] = extracted
        row["correct"], row["partial"] = judged.correct, judged.partial
        row["reason"] = judged.reason
    for metric, score in scores.items():
        if score.logprobs is not None and score.logprobs[0] is not None:
            row[metric] = -score.logprobs[0]
        elif row["reason"] is None:
            row["reason"] = f"{metric}: {score.reason}"
    return row


def judge(asked: Asked, text: str) -> tuple[str | None, Judgement]:
    """(the answer found in a text, what the verifier says of it)."""
    question = asked.question
    lines = len(asked.target.splitlines()) > 1
    with_rationale = asked.curve.rationale != "none"
    extracted = extract(text, asked.task.layout.answer_cue, with_rationale, lines=lines)
    if extracted is None:
        # Nothing is right in nothing: 0, so that means are over all questions.
        nothing = 0.0 if question.verifier in ("sequence", "plan", "reasoning_gym") else None
        return None, Judgement(False, nothing, "no answer found")
    return extracted, verify(question.verifier, extracted, asked.target, question.details)


def response(asked: Asked, answer: Row, *, run_id: str, model: str, prompt_sha256: str) -> Row:
    """One row of the responses."""
    blank: Row = {column.name: asked.prompt.get(column.name) for column in RESPONSES.columns}
    return {
        **blank,
        "run_id": run_id,
        "model": model,
        "query_id": asked.question.query_id,
        "answer_idx": asked.question.answer_idx,
        "prompt_sha256": prompt_sha256,
        **answer,
    }


def items(row: Row) -> Iterator[Row]:
    """Item results of one response: accuracy always, the others where they are defined."""
    correct = row["correct"]
    yield item(row, "accuracy", None if correct is None else float(correct))
    for metric in MEASURES:
        if row[metric] is not None:
            yield item(row, metric, row[metric])


def item(row: Row, metric: str, value: float | None, repeat: int = 0) -> Row:
    """One item result; without a value it carries the status of its call."""
    failed = row["status"] if row["status"] != "ok" else "model_error"
    return runs.item_row(
        "many_shot",
        row["model"],
        metric,
        f"{row['prompt_id']}|{row['query_id']}",
        value,
        run_id=row["run_id"],
        prompt_sha256=row["prompt_sha256"],
        cluster_id=f"{row['task']}|s{row['seed']}",
        repeat=repeat,
        status=failed if value is None else "ok",
        reason=row["reason"],
        parts={"task": row["task"], "curve": row["curve"], "k": str(row["k"])},
        prompt_tokens=row["prompt_tokens"],
    )
