from __future__ import annotations

from typing import Any

import pytest

from measurand import project
from measurand.errors import ParamsError
from measurand.texts import normalise
from pipelines.soft_labels import sources
from pipelines.soft_labels.labels import from_ratings
from pipelines.soft_labels.pairs import histogram
from schemas.soft_labels.params import SPLITS, Known, PairSet

FOLDER = project.find_root() / "data" / "sources"


def _set(**changes: Any) -> PairSet:
    raw = {
        "id": "film",
        "source": {"kind": "raters", "corpus": "film"},
        "prompt": "Say:",
        "train": 60,
        "dev": 20,
        "test": 40,
        "words": [5, 20],
    }
    return PairSet.model_validate(raw | changes)


@pytest.fixture(scope="module")
def film() -> sources.Drawn:
    return sources.draw(_set(), 1, FOLDER)


@pytest.mark.integration
def test_labels_are_counted_from_the_ratings(film: sources.Drawn) -> None:
    assert [sum(a.split == name for a in film.pairs) for name in SPLITS] == [60, 20, 40]
    for asked in film.pairs:
        pair = asked.pair
        assert pair.label == from_ratings(pair.first.ratings, pair.second.ratings)
        assert pair.label.p >= 0.5


@pytest.mark.integration
def test_no_text_is_in_two_splits_and_every_text_is_kept_or_rejected(film: sources.Drawn) -> None:
    texts = [(split, normalise(item.text)) for split, item in film.items]
    assert len({text for _, text in texts}) == len(texts)
    by_split = [{t for s, t in texts if s == name} for name in SPLITS]
    assert sum(map(len, by_split)) == len(set().union(*by_split))
    assert len(film.items) + len(film.rejected_items) == 10_605
    assert {reason for _, reason, _ in film.rejected_items} == {"length", "duplicate_text"}


@pytest.mark.integration
def test_known_preferences_are_those_of_the_model() -> None:
    pairs = _set(source={"kind": "known", "corpus": "film", "temperature": 0.5})
    found = sources.draw(pairs, 1, FOLDER)
    assert isinstance(pairs.source, Known)
    model = sources.known_model(pairs.source, FOLDER)
    for asked in found.pairs:
        p = model.preference(asked.pair.first.text, asked.pair.second.text)
        assert asked.pair.label.p == pytest.approx(p, abs=1e-9)
    assert all(item.reward == model.reward(item.text) for _, item in found.items)


@pytest.mark.integration
def test_votes_and_variants() -> None:
    votes = sources.draw(_set(source={"kind": "raters", "corpus": "film", "votes": 1}), 1, FOLDER)
    assert {asked.pair.label.p for asked in votes.pairs} == {1.0}
    modest = sources.draw(_set(variant="modest"), 1, FOLDER)
    counts = histogram([asked.pair for asked in modest.pairs if asked.split == "train"])
    assert counts == (0, 20, 20, 20, 0)
    assert {asked.prompt for asked in modest.pairs} == {"Say:"}


@pytest.mark.integration
def test_too_few_texts_are_named() -> None:
    with pytest.raises(ParamsError, match="no pair for"):
        sources.draw(_set(words=[300, 400]), 1, FOLDER)
