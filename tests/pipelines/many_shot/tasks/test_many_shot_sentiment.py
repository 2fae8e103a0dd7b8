from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from measurand import hutto, project
from measurand.errors import InfraError
from measurand.manifest import file_sha256
from pipelines.many_shot.tasks import sentiment
from schemas.many_shot.params import Task

FOLDER = project.find_root(Path(__file__).parent) / "data" / "sources"


@pytest.fixture(scope="module")
def archive() -> Path:
    try:
        return hutto.fetch(FOLDER)
    except InfraError as error:
        pytest.skip(f"no package index can be reached: {error}")


def task(corpus: str, classes: int, bound: float) -> Task:
    source = {"kind": "sentiment", "corpus": corpus, "classes": classes, "bound": bound}
    curves = [{"shots": [0], "seeds": 1}]
    return Task.model_validate(
        {"id": "t", "source": source, "train": 1, "test": 1, "curves": curves}
    )


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
