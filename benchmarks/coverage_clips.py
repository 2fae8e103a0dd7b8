"""Cases of ``coverage.py`` over clips of blocks and over texts: ratios, tokens saved, log-ratios.

Blocks of a clip share most of what they differ in. Errors, tokens and texts vary about as much as
those that reports have: a clip's error by a factor of two around the mean, ratios of two models'
errors by 1.4 (``alike``) or 1.9 (``apart``), a text's log-ratio by token by .4 to 1.5 of its mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from evaluators.elastictok.context import ratio
from evaluators.elastictok.rates import against
from evaluators.elastictok.savings import saving
from measurand.stats.estimate import Estimate
from measurand.stats.ratios import signed_ratio_of_sums

RNG = np.random.Generator
Draw = Callable[[RNG], Estimate]
Blocks = Callable[[RNG, int, int], pl.DataFrame]
"""Blocks of so many clips, so many each."""
Figure = Callable[[pl.DataFrame, int], Estimate]
"""Of blocks, with so many resamples where something is drawn."""
RESAMPLES, SLOTS, LONGEST = 400, 64, 24
MANY = 20_000
"""Clips of which the truth is read."""


def cases() -> Iterator[tuple[str, str, float, Draw]]:
    """(method, size, truth, one sample's estimate)."""
    for words, apart in (("alike", 0.35), ("apart", 0.65)):
        for clips, blocks in ((28, 4), (64, 2)):
            size = f"{clips} clips of {blocks} blocks, models {words}"
            yield "ratio of mean errors", size, *_case(_errors(apart), _ratio, clips, blocks)
    for words, middle in (("few", 1.2), ("many", 3.0)):
        size = f"28 clips of 4 blocks, {words} tokens needed"
        yield "ratio of mean pinball losses", size, *_case(_guesses(middle), _losses, 28, 4)
    size = "28 clips of 4 blocks, four settings"
    yield "error at equal mean bits", size, *_case(_bits, _codec, 28, 4)
    for middle, budget, reached in ((1.5, 4, 45), (2.8, 32, 77), (3.6, 32, 44)):
        for clips, blocks in ((28, 4), (64, 2)):
            size = f"{clips} clips of {blocks} blocks, {budget} tokens reach {reached}%"
            saved = _savings(budget)
            yield "tokens saved", size, *_case(_needs(middle, budget), saved, clips, blocks)
    for texts, each, mean, varied in (
        ("three texts", 3, 0.03, 0.35),
        ("one text", 1, 0.36, 0.9),
        ("one text", 1, 1.9, None),
    ):
        size = f"32 beginnings, {texts} each, {mean:g} nats" + (
            ", skewed" if varied is None else ""
        )
        yield "log-ratio by token", size, *_case(_texts(mean, varied), _gain, 32, each)


def _case(drawn: Blocks, figure: Figure, clips: int, blocks: int) -> tuple[float, Draw]:
    truth = figure(drawn(np.random.default_rng(10**6), MANY, blocks), 0).value
    assert truth is not None
    return truth, lambda rng: figure(drawn(rng, clips, blocks), RESAMPLES)


def _found(resamples: int) -> Any:
    """What the evaluators' functions read of their findings."""
    return SimpleNamespace(resamples=resamples, slots=SLOTS, words=lambda *_: ("coverage",))


def _frame(clips: int, blocks: int, **columns: Any) -> pl.DataFrame:
    names = np.repeat([f"{i:05d}" for i in range(clips)], blocks)
    at = np.tile(np.arange(blocks), clips)
    return pl.DataFrame({"sample_id": names, "block": at, "clip_id": names, **columns})


def _nested(rng: RNG, clips: int, blocks: int, own: float, rest: float) -> np.ndarray:
    made: np.ndarray = np.repeat(rng.normal(0, own, clips), blocks)
    return made + rng.normal(0, rest, clips * blocks)


def _errors(apart: float) -> Blocks:
    def draw(rng: RNG, clips: int, blocks: int) -> pl.DataFrame:
        log = _nested(rng, clips, blocks, 0.7, 0.3)
        other = log + _nested(rng, clips, blocks, apart, 0.35)
        return _frame(clips, blocks, top=np.exp(other), bottom=np.exp(log))

    return draw


def _ratio(blocks: pl.DataFrame, _: int) -> Estimate:
    top, bottom, clips = (blocks[name].to_numpy() for name in ("top", "bottom", "clip_id"))
    return ratio(top, bottom, clips, "ratio")


def _guesses(middle: float) -> Blocks:
    def draw(rng: RNG, clips: int, blocks: int) -> pl.DataFrame:
        need = middle + _nested(rng, clips, blocks, 0.9, 0.4)
        guess = need + _nested(rng, clips, blocks, 0.5, 0.3)
        whole = [np.clip(np.ceil(np.exp(x)), 2, SLOTS) for x in (need, guess)]
        return _frame(clips, blocks, truth=whole[0], guess=whole[1])

    return draw


def _losses(blocks: pl.DataFrame, _: int) -> Estimate:
    """Absolute errors over those of the best constant of the sample, at the median."""
    truth, guess = (blocks[name].to_numpy() for name in ("truth", "guess"))
    best = np.quantile(truth, 0.5, method="inverted_cdf")
    return ratio(abs(truth - guess), abs(truth - best), blocks["clip_id"].to_numpy(), "losses")


def _bits(rng: RNG, clips: int, blocks: int) -> pl.DataFrame:
    log = _nested(rng, clips, blocks, 0.7, 0.3)
    size = np.repeat(rng.normal(0, 0.5, clips), blocks) + 0.5 * log
    rest = [rng.normal(0, 0.2, clips * blocks) for _ in range(4)]
    theirs = {f"bits_{q}": 60 * 2**q * np.exp(size) for q in range(4)}
    errors = {f"mse_{q}": np.exp(log - 2.7 - 0.5 * q + rest[q]) for q in range(4)}
    own = np.exp(log - 3 + _nested(rng, clips, blocks, 0.5, 0.3))
    return _frame(clips, blocks, mse=own, bits=np.full(len(own), 200.0), **theirs, **errors)


def _codec(blocks: pl.DataFrame, resamples: int) -> Estimate:
    names = ("sample_id", "block", "clip_id")
    settings = [
        blocks.select(
            *names,
            pl.col(f"bits_{q}").alias("bits"),
            pl.col(f"mse_{q}").alias("mse"),
            pl.lit(q).alias("quality"),
        )
        for q in range(4)
    ]
    return against(_found(resamples), blocks.select(*names, "bits", "mse"), pl.concat(settings))


def _needs(middle: float, budget: int) -> Blocks:
    """Tokens that the search needs, and whether a fixed model's own need is within a budget."""

    def draw(rng: RNG, clips: int, blocks: int) -> pl.DataFrame:
        need = middle + _nested(rng, clips, blocks, 0.8, 0.3)
        fixed = need + _nested(rng, clips, blocks, 0.3, 0.2)
        tokens = np.maximum(np.ceil(np.exp(need)), 2)
        return _frame(
            clips,
            blocks,
            n_tokens=np.minimum(tokens, SLOTS).astype(np.int64),
            feasible=tokens <= SLOTS,
            reached=np.exp(fixed) <= budget,
        )

    return draw


def _savings(budget: int) -> Figure:
    def figure(blocks: pl.DataFrame, resamples: int) -> Estimate:
        flags = blocks.select("sample_id", "block", pl.col("reached").alias("feasible"))
        return saving(_found(resamples), blocks, flags, budget)

    return figure


def _texts(mean: float, varied: float | None) -> Blocks:
    """Log-ratios of texts of at most 24 tokens: normal, or skewed as those of far policies."""

    def draw(rng: RNG, prompts: int, texts: int) -> pl.DataFrame:
        n = prompts * texts
        tokens = np.minimum(rng.geometric(1 / 25, n), LONGEST).astype(float)
        if varied is None:
            rate = mean * np.repeat(rng.gamma(4, 1 / 4, prompts), texts) * rng.gamma(4, 1 / 4, n)
            noise = 0.3
        else:
            rate = mean + np.repeat(rng.normal(0, 0.3 * varied, prompts), texts)
            noise = varied
        gain = tokens * rate + np.sqrt(tokens) * noise * rng.normal(size=n)
        return _frame(prompts, texts, gain=gain, tokens=tokens)

    return draw


def _gain(texts: pl.DataFrame, _: int) -> Estimate:
    """As ``kl_per_token``."""
    gain, tokens, beginnings = (texts[name].to_numpy() for name in ("gain", "tokens", "clip_id"))
    return signed_ratio_of_sums(gain, tokens, beginnings)
