"""Sentences with the ratings of 15 to 99 people each, as two or three classes.

The four corpora of Hutto & Gilbert 2014 (ICWSM, "VADER: A parsimonious rule-based model for
sentiment analysis of social media text"), MIT licence, lie in the source distribution of the
package ``vaderSentiment`` only; nothing of it is run. Means are taken over the single ratings: in
one corpus the published means differ from them.
"""

from __future__ import annotations

import ast
import io
import tarfile
from pathlib import Path
from typing import cast

from measurand import pypi
from measurand.errors import VerifyError
from measurand.manifest import Source
from pipelines.many_shot.example import Drawn, Example, Rejected
from pipelines.many_shot.leakage import normalise
from schemas.many_shot import Sentiment, Task

PACKAGE, VERSION = "vaderSentiment", "3.3.2"
FILE = "vaderSentiment-3.3.2.tar.gz"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
_INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
_STEMS = {
    "film": "movieReviewSnippets",
    "tweets": "tweets",
    "products": "amazonReviewSnippets",
    "editorials": "nytEditorialSnippets",
}
_WORDS = {2: ("negative", "positive"), 3: ("negative", "neutral", "positive")}


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """All texts of the corpus that fall into a class; equal texts share a group.

    Raises:
        InfraError: the source distribution cannot be fetched.
        VerifyError: it is not the one expected.
    """
    source = cast(Sentiment, task.source)
    texts, ratings = read(pypi.fetch(PACKAGE, VERSION, FILE, SHA256, sources), source.corpus)
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
    origin = Source(
        "Hutto & Gilbert 2014, ICWSM", f"https://pypi.org/project/{PACKAGE}/", "MIT", SHA256
    )
    return Drawn(examples, PACKAGE, VERSION, rejected, [origin])


def read(archive: Path, corpus: str) -> tuple[dict[str, str], dict[str, list[float]]]:
    """Texts and single ratings (-4..4) of a corpus, by id.

    Raises:
        VerifyError: the archive does not hold the corpus.
    """
    stem = _STEMS[corpus]
    try:
        with tarfile.open(archive) as outer:
            inner = cast(io.BufferedReader, outer.extractfile(_INNER)).read()
        with tarfile.open(fileobj=io.BytesIO(inner)) as tar:
            lines, rows = (
                _lines(tar, f"hutto_ICWSM_2014/{stem}_{part}.txt")
                for part in ("GroundTruth", "anonDataRatings")
            )
    except (KeyError, tarfile.TarError, AttributeError) as error:
        raise VerifyError(
            f"{archive} does not hold the corpus {corpus}: {error}",
            hint=f"delete it; the next build fetches {FILE} again",
        ) from error
    texts = {key: text.strip() for key, _, text in (line.split("\t", 2) for line in lines)}
    ratings = {
        key: [float(rating) for rating in ast.literal_eval(given)]
        for key, _, _, given in (row.split("\t", 3) for row in rows)
    }
    return texts, ratings


def _lines(tar: tarfile.TarFile, name: str) -> list[str]:
    data = cast(io.BufferedReader, tar.extractfile(name)).read()
    text = data.decode("utf-8-sig", errors="replace")
    return [line for line in text.split("\n") if line.strip()]


def _class(mean: float, bound: float, classes: int) -> str | None:
    if mean < -bound:
        return "negative"
    if mean > bound:
        return "positive"
    return "neutral" if classes == 3 else None
