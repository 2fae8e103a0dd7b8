"""What AdamW is set to at a 0-based step: plain functions, so that nothing has to be kept."""

from __future__ import annotations

import math
from typing import Any

Rates = dict[str, Any]
"""Settings of AdamW: ``lr``, and ``betas`` where they change too."""


def warm_then(
    step: int, *, peak: float, steps: int, warmup: int = 0, shape: str = "constant"
) -> Rates:
    """A linear rise over ``warmup`` steps, then the same rate or a cosine to zero.

    Args:
        step: 0-based step.
        peak: highest rate.
        steps: steps in all.
        warmup: steps of the rise; the last of them has the highest rate.
        shape: ``constant`` or ``cosine``.
    """
    if step < warmup:
        return {"lr": peak * (step + 1) / warmup}
    if shape == "constant":
        return {"lr": peak}
    way = (step - warmup) / max(1, steps - warmup)
    return {"lr": peak * 0.5 * (1 + math.cos(math.pi * way))}


def one_cycle(step: int, *, peak: float, steps: int) -> Rates:
    """Up and down again, the momentum the other way round; Smith & Topin 2018 (arXiv 1708.07120).

    The numbers are those of PyTorch's ``OneCycleLR`` as it comes: cosines from 1/25 of the peak up
    over three tenths of the steps and down to 1/250,000, with beta1 between .95 and .85.
    """
    low, last = peak / 25.0, peak / 25.0 / 1e4
    top = 0.3 * steps - 1
    if step <= top:
        way, rate, beta = step / top, (low, peak), (0.95, 0.85)
    else:
        way, rate, beta = (step - top) / (steps - 1 - top), (peak, last), (0.85, 0.95)
    return {"lr": _cosine(*rate, way), "betas": (_cosine(*beta, way), 0.999)}


def _cosine(start: float, end: float, way: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * way) + 1)
