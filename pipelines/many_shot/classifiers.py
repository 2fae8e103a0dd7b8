"""Classifiers fitted to the shots of a prompt: what arrays of the same numbers would teach.

k-NN with k = 5 is the baseline of Agarwal et al. 2024 for linear classification (scikit-learn, all
else default). It is a weak one there, so a logistic regression stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.many_shot.reader import Shot, Undefined

Floats = npt.NDArray[np.float64]

NEIGHBOURS = 5
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)")


class Classifier:
    """A fitted scikit-learn classifier that reads its features out of a question.

    Attributes:
        features: numbers in a question.
    """

    def __init__(self, fit: Any, shots: Sequence[Shot]) -> None:
        rows = [numbers(shot.question) for shot in shots]
        lengths = {len(row) for row in rows}
        if len(lengths) != 1 or lengths == {0}:
            raise Undefined("the shots are no rows of equally many numbers")
        if len({shot.answer for shot in shots}) < 2:
            raise Undefined("the shots show one class only")
        [self.features] = lengths
        self._fit = fit.fit(np.stack(rows), np.array([shot.answer for shot in shots]))

    def label(self, question: str) -> str:
        """The predicted answer to a question.

        Raises:
            Undefined: it does not hold as many numbers as the shots.
        """
        row = numbers(question)
        if len(row) != self.features:
            raise Undefined(f"{len(row)} numbers in the question, {self.features} in the shots")
        return str(self._fit.predict(row[None])[0])


@lru_cache(maxsize=4)
def knn5(shots: tuple[Shot, ...]) -> Classifier:
    """Five nearest neighbours by Euclidean distance.

    Raises:
        Undefined: fewer than five shots, or fewer than two classes among them.
    """
    from sklearn.neighbors import KNeighborsClassifier

    if len(shots) < NEIGHBOURS:
        raise Undefined(f"{len(shots)} shots, {NEIGHBOURS} neighbours are needed")
    return Classifier(KNeighborsClassifier(NEIGHBOURS), shots)


@lru_cache(maxsize=4)
def logreg(shots: tuple[Shot, ...], in_thousands: bool) -> Classifier:
    """Logistic regression with little regularisation (``C=1e3, max_iter=2000``).

    Args:
        shots: the solved examples.
        in_thousands: features are known to lie in 1..1000 and become (x - 500) / 300; otherwise
            they are standardised by the shots' mean and standard deviation.

    Raises:
        Undefined: no shots, or fewer than two classes among them.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    if not shots:
        raise Undefined("the prompt shows no answer")
    scale = FunctionTransformer(centred) if in_thousands else StandardScaler()
    return Classifier(make_pipeline(scale, LogisticRegression(C=1e3, max_iter=2000)), shots)


def centred(x: Floats) -> Floats:
    """Features of 1..1000 on a scale near that of a standard normal."""
    return (x - 500) / 300


def numbers(text: str) -> Floats:
    """The numbers written in a text, in order."""
    return np.array([float(found) for found in _NUMBER.findall(text)])
