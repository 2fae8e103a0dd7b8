"""Short texts with the ratings of 15 to 99 people each: four public corpora.

Hutto & Gilbert 2014 (ICWSM, "VADER: A parsimonious rule-based model for sentiment analysis of
social media text"), MIT licence. They lie in the source distribution of the package
``vaderSentiment`` only; nothing of it is run. In one corpus the published means differ from those
of the ratings, so means are to be taken over the ratings.
"""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import cast

from measurand import pypi
from measurand.errors import VerifyError
from measurand.manifest import Source

PACKAGE, VERSION = "vaderSentiment", "3.3.2"
FILE = "vaderSentiment-3.3.2.tar.gz"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
SOURCE = Source(
    "Hutto & Gilbert 2014, ICWSM", f"https://pypi.org/project/{PACKAGE}/", "MIT", SHA256
)
CORPORA = {
    "film": "movieReviewSnippets",
    "tweets": "tweets",
    "products": "amazonReviewSnippets",
    "editorials": "nytEditorialSnippets",
}
"""Name of each corpus, and how its files begin."""
_LEXICON = "vaderSentiment-3.3.2/vaderSentiment/vader_lexicon.txt"
_INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"


def fetch(folder: Path) -> Path:
    """The archive, from ``folder`` where it lies there already.

    Raises:
        InfraError: it cannot be fetched.
        VerifyError: it is not the one expected.
    """
    return pypi.fetch(PACKAGE, VERSION, FILE, SHA256, folder)


def read(archive: Path, corpus: str) -> tuple[dict[str, str], dict[str, list[float]]]:
    """Texts and single ratings (-4..4) of a corpus, by id.

    Raises:
        VerifyError: the archive does not hold the corpus.
    """
    stem = CORPORA[corpus]
    try:
        with tarfile.open(archive) as outer:
            inner = cast(io.BufferedReader, outer.extractfile(_INNER)).read()
        with tarfile.open(fileobj=io.BytesIO(inner)) as tar:
            lines, rows = (
                _lines(tar, f"hutto_ICWSM_2014/{stem}_{part}.txt")
                for part in ("GroundTruth", "anonDataRatings")
            )
        texts = {key: text.strip() for key, _, text in (line.split("\t", 2) for line in lines)}
        # As JSON: Python's own parser fails now and then where several threads are in it.
        ratings = {
            key: [float(rating) for rating in json.loads(given)]
            for key, _, _, given in (row.split("\t", 3) for row in rows)
        }
    except (KeyError, tarfile.TarError, AttributeError, ValueError) as error:
        raise VerifyError(
            f"{archive} does not hold the corpus {corpus}: {error}",
            hint=f"delete it; the next build fetches {FILE} again",
        ) from error
    return texts, ratings


def _lines(tar: tarfile.TarFile, name: str) -> list[str]:
    data = cast(io.BufferedReader, tar.extractfile(name)).read()
    text = data.decode("utf-8-sig", errors="replace")
    return [line for line in text.split("\n") if line.strip()]


def lexicon(archive: Path) -> dict[str, float]:
    """Mean rating (-4..4, ten people) of 7,209 words, lower case; entries with signs are left out.

    Raises:
        VerifyError: the archive does not hold it.
    """
    try:
        with tarfile.open(archive) as outer:
            text = cast(io.BufferedReader, outer.extractfile(_LEXICON)).read().decode("utf-8")
    except (KeyError, tarfile.TarError, AttributeError) as error:
        raise VerifyError(
            f"{archive} does not hold the lexicon: {error}",
            hint=f"delete it; the next build fetches {FILE} again",
        ) from error
    rows = (line.split("\t") for line in text.splitlines() if line.strip())
    return {word: float(mean) for word, mean, *_ in rows if word.isalpha()}
