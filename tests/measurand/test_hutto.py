from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from measurand import hutto, project
from measurand.errors import InfraError, VerifyError

FOLDER = project.find_root(Path(__file__).parent) / "data" / "sources"


@pytest.fixture(scope="module")
def archive() -> Path:
    try:
        return hutto.fetch(FOLDER)
    except InfraError as error:
        pytest.skip(f"no package index can be reached: {error}")


# Texts of each corpus, the smallest and largest number of ratings, and the mean distance of the
# published means from those of the ratings.
@pytest.mark.parametrize(
    ("corpus", "n", "fewest", "most", "off"),
    [
        ("film", 10605, 15, 29, 0),
        ("tweets", 4200, 20, 99, 0.0159),
        ("products", 3708, 20, 20, 0),
        ("editorials", 5190, 20, 20, 0),
    ],
)
def test_corpora_hold_the_counts_known_of_them(
    archive: Path, corpus: str, n: int, fewest: int, most: int, off: float
) -> None:
    texts, ratings = hutto.read(archive, corpus)
    assert texts.keys() == ratings.keys()
    assert len(texts) == n
    counts = [len(given) for given in ratings.values()]
    assert (min(counts), max(counts)) == (fewest, most)
    assert {-4.0, 4.0} >= {min(map(min, ratings.values())), max(map(max, ratings.values()))}
    assert next(iter(texts)) in ("1", "1_1")  # no byte order mark is left
    with tarfile.open(archive) as outer:
        member = outer.extractfile(hutto._INNER)
        assert member is not None
        with tarfile.open(fileobj=io.BytesIO(member.read())) as inner:
            name = f"hutto_ICWSM_2014/{hutto.CORPORA[corpus]}_GroundTruth.txt"
            rows = [line.split("\t") for line in hutto._lines(inner, name)]
    distance = np.mean([abs(float(mean) - np.mean(ratings[key])) for key, mean, *_ in rows])
    assert distance == pytest.approx(off, abs=5e-5)


def test_another_file_is_refused(tmp_path: Path, archive: Path) -> None:
    shutil.copy(archive, tmp_path / hutto.FILE)
    with (tmp_path / hutto.FILE).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(VerifyError, match="sha256"):
        hutto.fetch(tmp_path)
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    with pytest.raises(VerifyError, match="does not hold the corpus film"):
        hutto.read(tmp_path / "empty.tar.gz", "film")


def test_the_lexicon_holds_rated_words(archive: Path, tmp_path: Path) -> None:
    words = hutto.lexicon(archive)
    assert len(words) == 7209  # lines of the file whose word is letters alone
    assert words["destruction"] == -2.7
    assert all(word.isalpha() and -4 <= mean <= 4 for word, mean in words.items())
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    with pytest.raises(VerifyError, match="does not hold the lexicon"):
        hutto.lexicon(tmp_path / "empty.tar.gz")
