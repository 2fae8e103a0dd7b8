"""Tokenizers against JPEG and H.264 at equal bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from evaluators.elastictok.context import BLOCK, HEADLINE, Findings, Floats, mean, row
from measurand.results import Rows
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.resample import percentile, plan

METHOD = "error of the tokenizer over the codec's at equal mean bits"


def rate_rows(found: Findings) -> Rows:
    """``codec_bits`` and ``codec_mse`` of every setting; ``against_codec`` of every budget."""
    for codec in found.codecs:
        own = found.tables["rates"].filter(model=codec, split=HEADLINE)
        for (setting,), some in own.sort("quality").group_by(["quality"], maintain_order=True):
            parts = {"quality": str(setting)}
            yield row(codec, "codec_bits", parts, mean(some, "bits", 0.0))
            yield row(codec, "codec_mse", parts, mean(some, "mse", 0.0))
        for model in found.models:
            for n in found.budgets(model):
                at = found.budget(model, HEADLINE).filter(n_tokens=n)
                estimate = against(found, at, own)
                yield row(model, "against_codec", {"codec": codec, "n": str(n)}, estimate)


def against(found: Findings, tokens: pl.DataFrame, codec: pl.DataFrame) -> Estimate:
    """Mean error with n tokens over the codec's mean error at the same mean bits.

    The codec's error between two settings is interpolated, both axes logarithmic.

    Args:
        found: resamples and seed.
        tokens: blocks with ``bits`` and ``mse``.
        codec: the same blocks at every setting.
    """
    if tokens["bits"].null_count():
        return undefined("a token of floats has no number of bits", method=METHOD)
    wide = codec.pivot("quality", index=[*BLOCK], values=["bits", "mse"])
    both = tokens.select(*BLOCK, "clip_id", "bits", "mse").join(wide, on=BLOCK).sort(BLOCK)
    names = [c for c in both.columns if c.startswith("bits_")]
    errors = [name.replace("bits_", "mse_") for name in names]
    sides = [both[c].to_numpy().astype(float) for c in ("mse", "bits", *names, *errors)]
    if not len(both):
        return undefined("no blocks in common", method=METHOD, n=0)
    features = np.stack([*sides, np.ones(len(both))])
    value = _ratio(features.mean(1), len(names))
    if not np.isfinite(value):
        span = [float(both[c].to_numpy().mean()) for c in names]
        why = f"{sides[1].mean():.0f} bits, where the codec has {min(span):.0f} to {max(span):.0f}"
        return undefined(why, method=METHOD, n=len(both))
    clips = both["clip_id"].to_numpy()
    drawn = plan(len(both), clips, found.resamples, found.words("clips"))
    replicates = np.full(drawn.resamples, np.nan)
    if drawn.drawable:
        sums = drawn.resampled_sums(features)
        replicates = np.array([_ratio(one / one[-1], len(names)) for one in sums])
    return replace(percentile(value, replicates, drawn, method=METHOD), least=0.0)


def _ratio(means: Floats, settings: int) -> float:
    """NaN where the bits lie outside the codec's."""
    mse, bits = means[0], means[1]
    theirs, errors = means[2 : 2 + settings], means[2 + settings : 2 + 2 * settings]
    order = np.argsort(theirs)
    theirs, errors = theirs[order], errors[order]
    if not theirs[0] <= bits <= theirs[-1]:
        return float("nan")
    at = np.exp(np.interp(np.log(bits), np.log(theirs), np.log(np.maximum(errors, 1e-12))))
    return float(mse / at)
