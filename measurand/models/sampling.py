"""Drawing from log-probabilities: one seeded number per draw, equal on every backend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from measurand.models.protocol import Completion, Request, Sampling, Score, prompt_seed


def draw(logprobs: ArrayLike, temperature: float, top_p: float, uniform: float) -> int:
    """Index drawn from softmax(logprobs / temperature), by inverting its cumulative sum.

    Args:
        logprobs: natural log-probabilities, normalised or not; -inf is never drawn.
        temperature: 0 takes the largest, the lowest index on a tie.
        top_p: keep the smallest set of most probable entries that reaches this probability.
        uniform: number in [0, 1).
    """
    values = np.asarray(logprobs, dtype=np.float64)
    if temperature == 0:
        return int(values.argmax())
    p = np.exp((values - values.max()) / temperature)
    p /= p.sum()
    if top_p < 1:
        order = np.argsort(-p, kind="stable")
        before = np.cumsum(p[order]) - p[order]
        p[order[before >= top_p]] = 0
    total = np.cumsum(p)
    return int(np.searchsorted(total, uniform * total[-1], side="right"))


def constrained(
    requests: Sequence[Request], scores: Sequence[Score], sampling: Sampling, repeat: int
) -> list[Completion]:
    """One choice per request, drawn from the choices' own probabilities.

    Args:
        requests: what was asked.
        scores: its scores over ``sampling.choices``, or over a request's own.
        sampling: temperature, top_p, seed and the choices.
        repeat: 0-based repeat.

    Raises:
        ValueError: ``sampling.choices`` is None.
    """
    if sampling.choices is None:
        raise ValueError("constrained sampling needs choices")
    out = []
    for request, score in zip(requests, scores, strict=True):
        if score.logprobs is None:
            reason = score.reason or score.status
            failed = Completion.failed(score.status, reason, prompt_tokens=score.prompt_tokens)
            out.append(replace(failed, retries=score.retries))
            continue
        known = [-np.inf if x is None else x for x in score.logprobs]
        rng = np.random.default_rng(prompt_seed(request.prompt, sampling.seed, repeat))
        at = draw(known, sampling.temperature, sampling.top_p, rng.random())
        text = (request.choices or sampling.choices)[at]
        out.append(
            Completion(
                *(text, None, score.prompt_tokens, "stop"),
                cached_tokens=score.cached_tokens,
                retries=score.retries,
            )
        )
    return out
