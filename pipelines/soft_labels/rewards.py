"""A preference model that is known: the worth of any text, so that nothing has to be believed.

The reward of a text is the mean rating of its words in a public lexicon, shrunk towards 0 where
few words are in it. Preferences are Bradley-Terry in the reward. Both are exact for texts that a
trained model writes, which human labels never are: over-optimisation and calibration can be
measured against the truth. It is a known truth, not a good one: it has no negation and no irony.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.soft_labels.labels import from_rewards

SHRINKAGE = 2.0
"""Words of rating 0 that every text is thought to hold beside its own."""

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class KnownModel:
    """Rewards and preferences that are true by definition.

    Attributes:
        lexicon: rating of words, lower case.
        temperature: of the preferences; low ones make certain labels.
    """

    lexicon: Mapping[str, float]
    temperature: float

    def reward(self, text: str) -> float:
        """Sum of the ratings of known words by their number plus ``SHRINKAGE``."""
        words = (word.casefold() for word in _WORD.findall(text))
        known = [self.lexicon[word] for word in words if word in self.lexicon]
        return sum(known) / (len(known) + SHRINKAGE)

    def preference(self, first: str, second: str) -> float:
        """Probability that the first text is preferred."""
        return from_rewards(self.reward(first), self.reward(second), self.temperature)
