"""A reward learned from people: a linear model of words, and how its differences become votes.

Linear on TF-IDF of words and word pairs (scikit-learn), fitted to mean ratings of the training
texts, or to labels of training pairs where texts have no rating of their own. It is a better
instrument than a small judge, and an honest one: its agreement with held-out human labels is
measured beside what it says of policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError

FloatArray = npt.NDArray[np.float64]

_RIDGE = 3.0


@dataclass(frozen=True)
class LearnedReward:
    """Rewards of texts, and preferences by their differences.

    Attributes:
        words: fitted vectoriser.
        weights: (features,) of the linear model.
        temperature: of the preferences.
    """

    words: Any
    weights: FloatArray
    temperature: float

    def rewards(self, texts: Sequence[str]) -> FloatArray:
        """(n,) rewards; only differences mean something."""
        found: FloatArray = self.words.transform(texts) @ self.weights
        return found

    def preferences(self, first: Sequence[str], second: Sequence[str]) -> FloatArray:
        """(n,) probabilities that the first text is preferred."""
        return _sigmoid((self.rewards(first) - self.rewards(second)) / self.temperature)


def learn(
    pairs: Sequence[tuple[str, str, float]], rated: Sequence[tuple[str, float]] = ()
) -> LearnedReward:
    """Fit a reward.

    Args:
        pairs: (first text, second text, label) of training pairs: they set the temperature, by
            log-likelihood, and the reward too where ``rated`` is empty.
        rated: (text, worth) of training texts.

    Raises:
        InputError: fewer than two texts.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import Ridge

    texts = [text for text, _ in rated] or [t for pair in pairs for t in pair[:2]]
    if len(set(texts)) < 2:
        raise InputError("a reward needs two texts to learn from", hint="give more training pairs")
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    words.fit(texts)
    first, second = ([pair[at] for pair in pairs] for at in (0, 1))
    labels = np.array([pair[2] for pair in pairs])
    if rated:
        x, y = words.transform(texts), np.array([worth for _, worth in rated])
    else:
        x, y = words.transform(first) - words.transform(second), 2 * labels - 1
    model = Ridge(alpha=_RIDGE, fit_intercept=bool(rated), solver="lsqr", tol=1e-8).fit(x, y)
    weights: FloatArray = np.asarray(model.coef_, dtype=float)
    gaps = (words.transform(first) - words.transform(second)) @ weights
    return LearnedReward(words, weights, _temperature(gaps, labels))


def _temperature(gaps: FloatArray, labels: FloatArray) -> float:
    """The temperature under which the labels are likeliest."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        h = gaps / np.exp(log_temperature)
        return float(np.mean(np.logaddexp(0, -h) * labels + np.logaddexp(0, h) * (1 - labels)))

    found = minimize_scalar(loss, bounds=(-5.0, 5.0), method="bounded")
    return float(np.exp(found.x))


def _sigmoid(h: FloatArray) -> FloatArray:
    found: FloatArray = 1 / (1 + np.exp(-np.clip(h, -700, 700)))
    return found
