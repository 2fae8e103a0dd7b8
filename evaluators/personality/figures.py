"""Looking up figures of the statistics table for tables and pictures."""

from __future__ import annotations

from evaluators.personality.scores import SUFFIX, Kind
from measurand.report import lookup
from schemas.personality import DOMAINS

NAMES = {
    "EXT": "Extraversion",
    "AGR": "Agreeableness",
    "CON": "Conscientiousness",
    "NEU": "Neuroticism",
    "OPE": "Openness",
}
assert tuple(NAMES) == DOMAINS


WORDS: dict[Kind, str] = {"value": "likeliest answers", "expected": "expected answers"}


class Figures(lookup.Figures):
    """The statistics table, with the kinds of answers that figures are made of."""

    def kinds(self, model: str, metric: str) -> list[Kind]:
        """Kinds of answers for which a metric has any figure; likeliest first."""
        return [
            kind
            for kind in SUFFIX
            if any(r["estimate"] is not None for r in self.metrics(model, metric + SUFFIX[kind]))
        ]
