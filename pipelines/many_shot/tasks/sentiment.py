"""Sentences with the ratings of 15 to 99 people each, as two or three classes by mean rating."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from measurand import hutto
from measurand.texts import normalise
from pipelines.many_shot.example import Drawn, Example, Rejected
from schemas.many_shot.params import Sentiment, Task

_WORDS = {2: ("negative", "positive"), 3: ("negative", "neutral", "positive")}


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """All texts of the corpus that fall into a class; equal texts share a group.

    Raises:
        InfraError: the source distribution cannot be fetched.
        VerifyError: it is not the one expected.
    """
    source = cast(Sentiment, task.source)
    texts, ratings = hutto.read(hutto.fetch(sources), source.corpus)
    options = _WORDS[source.classes]
    examples, rejected = [], []
    for key, text in texts.items():
        given = ratings.get(key)
        if not given or not text:
            rejected.append(Rejected(key, "no_rating" if text else "empty_text", ""))
            continue
        mean = sum(given) / len(given)
        word = _class(mean, source.bound, source.classes)
        if word is None:
            rejected.append(Rejected(key, "between_classes", f"mean rating {mean:.3f}"))
            continue
        details = {"mean": round(mean, 6), "ratings": len(given)}
        examples.append(Example(text, word, key, normalise(text), options, details=details))
    return Drawn(examples, hutto.PACKAGE, hutto.VERSION, rejected, [hutto.SOURCE])


def _class(mean: float, bound: float, classes: int) -> str | None:
    if mean < -bound:
        return "negative"
    if mean > bound:
        return "positive"
    return "neutral" if classes == 3 else None
