"""Names of traits and kinds of answers, and which of these have figures."""

from __future__ import annotations

from evaluators.personality.evaluate.scores import SUFFIX, Kind
from measurand.reporting.lookup import Figures
from schemas.personality.params import DOMAINS

NAMES = {
    "EXT": "Extraversion",
    "AGR": "Agreeableness",
    "CON": "Conscientiousness",
    "NEU": "Neuroticism",
    "OPE": "Openness",
}
assert tuple(NAMES) == DOMAINS


WORDS: dict[Kind, str] = {"value": "likeliest answers", "expected": "expected answers"}


def kinds_of(figures: Figures, model: str, metric: str) -> list[Kind]:
    """Kinds of answers for which a metric has any figure; likeliest first."""
    return [
        kind
        for kind in SUFFIX
        if any(r["estimate"] is not None for r in figures.metrics(model, metric + SUFFIX[kind]))
    ]
