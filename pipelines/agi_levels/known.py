"""Respondents whose truth is known, made of the ratings that the norm does without.

A rater of the text stands in the middle of its raters, whatever the text; the mean of several is
ahead; chance is behind. Whoever places them elsewhere has a fault in the scale, the order or the
comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from measurand.stats.resample import rng_for

PREFIX = "oracle:"
RATER, CONSENSUS, CHANCE = f"{PREFIX}rater", f"{PREFIX}consensus", f"{PREFIX}chance"
NAMES = (RATER, CONSENSUS, CHANCE)


def rating(name: str, text: Mapping[str, Any], seed: int) -> float:
    """How a known respondent rates a text, -4 to 4.

    Args:
        name: one of :data:`NAMES`.
        text: a row of TEXTS.
        seed: of chance.
    """
    held = text["held"]
    if name == RATER:
        return float(held[0])
    if name == CONSENSUS:
        return float(np.mean(held))
    return float(rng_for("agi_levels", "chance", seed, text["text_id"]).integers(-4, 5))
