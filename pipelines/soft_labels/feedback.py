"""AI feedback: a judge reads two responses in both orders and in every wording.

``p = (P12(first) + P21(first)) / 2`` takes out a preference for a place (Furuta et al. 2024, on
AI feedback). Both orders are kept, since the place preference is itself a property of the judge
that has to be known before anything the judge says is believed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from measurand import runs
from measurand.calls import Batch, score_batches
from measurand.journal import Journal
from measurand.models.protocol import Request, Score, check
from measurand.progress import Progress
from pipelines.soft_labels.oracles import open_judge
from schemas.soft_labels.params import ORDERS, Judge

Row = dict[str, Any]

_PLACE = re.compile(r"\{(prompt|first|second)\}")


@dataclass(frozen=True)
class Shown:
    """Two responses to judge.

    Attributes:
        key: identity of the pair.
        prompt: what both answer.
        text_1: the first response.
        text_2: the second response.
        p: own label of the pair, where it has one; only oracles read it.
    """

    key: str
    prompt: str
    text_1: str
    text_2: str
    p: float | None = None


@dataclass(frozen=True)
class Judgement:
    """What a judge says of a pair in one wording and order.

    Attributes:
        key: identity of the pair.
        wording: name of the wording.
        order: ``12`` shows the first response first.
        logprobs: natural log-probabilities of the answers for what is shown first and second.
        p_1: probability that the first response is preferred, None without a judgement.
        mass: probability of both answers together.
        status: what became of the call.
        reason: why there is no judgement.
        prompt_sha256: hash of the prompt.
        prompt_tokens: its length.
    """

    key: str
    wording: str
    order: str
    logprobs: tuple[float | None, float | None]
    p_1: float | None
    mass: float | None
    status: str
    reason: str | None
    prompt_sha256: str
    prompt_tokens: int | None


def judged(
    judge: Judge,
    shown: Sequence[Shown],
    journal: Path,
    cache: Path,
    *,
    costs: list[Row] | None = None,
    part: str = "judge",
) -> list[Judgement]:
    """Judge every pair in every wording and order.

    Args:
        judge: the judge.
        shown: the pairs, in a fixed order: batches are made of it.
        journal: folder of the model calls; answered ones are not made again.
        cache: folder for converted weights.
        costs: gets rows of ``measurand.costs``; they stay out of datasets, as time does.
        part: name of this work among the costs.

    Returns:
        One judgement per pair, wording and order, in the order of the pairs.

    Raises:
        CapabilityError: the judge gives no log-probabilities.
        InfraError: more calls failed for reasons outside the model than ``max_infra_share``.
    """
    print(f"judge {judge.id}: loading {judge.model}", flush=True)
    model = open_judge(judge.model, cache)
    try:
        batches = list(_batches(judge, shown))
        first = [request for _, request in batches[0][:2]] if batches else []
        check(model, logprobs=True, sample=[replace(r, choices=judge.answers) for r in first])
        counted = runs.Costs(judge.model)
        failures: Counter[str] = Counter()
        missing: Counter[str] = Counter()
        found: list[Judgement] = []
        total = sum(len(batch) for batch in batches)
        with (
            Journal(journal / f"judge-{runs.slug(judge.model)}.jsonl") as calls,
            Progress(f"judge {judge.id}", total, "judgements") as progress,
        ):
            requests = (
                Batch([request for _, request in batch], judge.answers) for batch in batches
            )
            answers = score_batches(model, requests, calls, progress=progress)
            for batch, scores in zip(batches, answers, strict=True):
                for (where, request), scored in zip(batch, scores, strict=True):
                    counted.add(
                        part,
                        scored.score.prompt_tokens,
                        scored.score.cached_tokens,
                        scored.seconds,
                        scored.score.retries,
                    )
                    if scored.score.status == "infra_error":
                        failures[scored.score.reason or "no reason given"] += 1
                    elif scored.score.status == "model_error":
                        missing[scored.score.reason or "no reason given"] += 1
                    found.append(_judgement(where, request, scored.score))
        runs.refuse_failures(judge.model, failures, total, judge.max_infra_share)
        runs.refuse_unanswered(model, missing, total)
        if costs is not None:
            costs += counted.rows(model)
        return found
    finally:
        model.close()


def preferences(judgements: Sequence[Judgement]) -> dict[str, float | None]:
    """Per pair the mean of ``p_1`` over wordings and both orders.

    A wording counts where both of its orders were answered; None where no wording was.
    """
    by_pair: dict[str, dict[str, dict[str, float]]] = {}
    for one in judgements:
        wordings = by_pair.setdefault(one.key, {})
        if one.p_1 is not None:
            wordings.setdefault(one.wording, {})[one.order] = one.p_1
    return {key: _mean_of_orders(wordings) for key, wordings in by_pair.items()}


def fill(wording: str, places: Mapping[str, str]) -> str:
    """The wording with its places filled in; braces of a response stay what they are."""
    return _PLACE.sub(lambda found: places[found[1]], wording)


_Where = tuple[Shown, str, str]


def _batches(judge: Judge, shown: Sequence[Shown]) -> Iterator[list[tuple[_Where, Request]]]:
    for start in range(0, len(shown), judge.batch_size):
        yield [
            ((pair, name, order), _request(wording, pair, order))
            for name, wording in judge.wordings.items()
            for pair in shown[start : start + judge.batch_size]
            for order in ORDERS
        ]


def _request(wording: str, pair: Shown, order: str) -> Request:
    texts = (pair.text_1, pair.text_2) if order == "12" else (pair.text_2, pair.text_1)
    places = {"prompt": pair.prompt, "first": texts[0], "second": texts[1]}
    tags: dict[str, str | int | float] = {"first": texts[0], "second": texts[1]}
    if pair.p is not None:
        tags["p"] = pair.p if order == "12" else 1 - pair.p
    return Request(fill(wording, places), tags)


def _judgement(where: _Where, request: Request, score: Score) -> Judgement:
    pair, wording, order = where
    first, second = score.logprobs if score.logprobs is not None else (None, None)
    status, reason, p_1 = score.status, score.reason, None
    if first is not None and second is not None:
        # Softmax over the two answers, without overflow.
        shown_first = 1 / (1 + math.exp(min(second - first, 700.0)))
        p_1 = shown_first if order == "12" else 1 - shown_first
    elif status == "ok":
        status, reason = "model_error", reason or "an answer has no log-probability"
    return Judgement(
        pair.key,
        wording,
        order,
        (first, second),
        p_1,
        score.mass,
        status,
        reason,
        request.sha256,
        score.prompt_tokens,
    )


def _mean_of_orders(wordings: Mapping[str, Mapping[str, float]]) -> float | None:
    whole = [sum(orders.values()) / 2 for orders in wordings.values() if len(orders) == 2]
    return sum(whole) / len(whole) if whole else None
