"""Which intervals of alpha hold less often than they say, since most answers are alike."""

from __future__ import annotations

from collections import defaultdict

import polars as pl

from evaluators.personality.evaluate.context import Subject
from evaluators.personality.evaluate.scores import matrix
from measurand.reporting.lookup import Figures
from measurand.stats.alike import SAME, SKEW, caution

VALIDITY = {"experiment": "validity"}


def cautions(subject: Subject, figures: Figures) -> list[str]:
    """A note for all scales of which the same is to be said; none where no scale has an interval.

    Args:
        subject: the model and its answers.
        figures: the statistics.
    """
    answers = subject.responses.filter(pl.col("experiment") == "validity")
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for scale in subject.scales:
        row = figures.get(subject.model, "alpha", **VALIDITY, **subject.name(scale["scale_id"]))
        frame = answers.filter(pl.col("scale_id") == scale["scale_id"])
        if row is None or row["ci_lo"] is None or frame.is_empty():
            continue
        if words := caution(matrix(frame).x):
            size, _, holds = words.partition(": ")
            what = "Share of keyed answers that are the same"
            if size.startswith(SKEW):
                what = "Skewness of keyed answers"
            size = size.removeprefix(SKEW).removesuffix(SAME)
            found[what, holds].append(f"{scale['name']} {size}")
    return [f"{what}: {', '.join(names)}; {holds}." for (what, holds), names in found.items()]
