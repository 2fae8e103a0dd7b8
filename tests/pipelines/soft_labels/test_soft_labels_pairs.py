from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand import hutto, project
from measurand.errors import InfraError, InputError
from measurand.texts import normalise
from pipelines.soft_labels import labels
from pipelines.soft_labels.pairs import (
    SHARES,
    Item,
    Pair,
    histogram,
    make_pairs,
    oriented,
    split_of,
)

FOLDER = project.find_root(Path(__file__).parent) / "data" / "sources"


def by_ratings(a: Item, b: Item) -> labels.Label:
    return labels.from_ratings(a.ratings, b.ratings)


@pytest.fixture(scope="module")
def film() -> list[Item]:
    try:
        archive = hutto.fetch(FOLDER)
    except InfraError as error:
        pytest.skip(f"no package index can be reached: {error}")
    texts, ratings = hutto.read(archive, "film")
    return [Item(key, text, tuple(ratings[key])) for key, text in texts.items()]


def test_real_ratings_give_the_histogram_known_of_them(film: list[Item]) -> None:
    """Shares of labels in .5/.6/.7/.8/.9/1, found apart on another draw of pairs."""
    pairs = make_pairs(film, 4000, "natural", by_ratings, "test", 0)
    shares = [count / 4000 for count in histogram(pairs)]
    assert shares == pytest.approx([0.12, 0.12, 0.12, 0.13, 0.51], abs=0.025)


@pytest.mark.parametrize("variant", ["modest", "skewed", "stairs"])
def test_variants_have_the_histogram_that_was_asked_for(film: list[Item], variant: str) -> None:
    pairs = make_pairs(film, 500, variant, by_ratings, "test", variant)
    assert histogram(pairs) == labels.wanted(variant, 500)


def test_pairs_are_oriented_distinct_and_exact(film: list[Item]) -> None:
    pairs = make_pairs(film, 1000, "natural", by_ratings, "test", 1)
    assert len({pair.pair_id for pair in pairs}) == 1000
    for pair in pairs:
        assert pair.label.p >= 0.5
        assert pair.label == by_ratings(pair.first, pair.second)
        assert normalise(pair.first.text) != normalise(pair.second.text)
    swapped = Counter(pair.swapped for pair in pairs)
    assert 400 < swapped[True] < 600
    again = make_pairs(film, 1000, "natural", by_ratings, "test", 1)
    assert [p.pair_id for p in again] == [p.pair_id for p in pairs]
    other = make_pairs(film, 1000, "natural", by_ratings, "test", 2)
    assert [p.pair_id for p in other] != [p.pair_id for p in pairs]


def test_texts_stay_in_their_split_and_the_shares_are_kept(film: list[Item]) -> None:
    splits = Counter(split_of(item.text, 7) for item in film)
    for name, share in SHARES.items():
        assert splits[name] / len(film) == pytest.approx(share, abs=0.02)
    assert any(split_of(item.text, 7) != split_of(item.text, 8) for item in film[:50])


@given(st.text(min_size=1, max_size=30), st.integers(0, 5))
def test_the_same_text_in_other_dress_has_the_same_split(text: str, seed: int) -> None:
    assert split_of(text, seed) == split_of(f"  {text} ", seed)
    assert split_of(text, seed) in SHARES


@given(st.integers(0, 20))
def test_a_pair_is_the_same_whichever_is_drawn_first(num: int) -> None:
    a, b = Item("a", "one"), Item("b", "two")
    label = labels.Label(num, 20)
    one, other = oriented(a, b, label), oriented(b, a, label.flipped())
    assert one.label == other.label
    assert one.pair_id == other.pair_id
    if num != 10:
        assert (one.first, one.swapped) == (other.first, not other.swapped)


def test_a_bin_that_cannot_be_filled_stays_short() -> None:
    items = [Item(str(i), f"text {i}", reward=float(i)) for i in range(4)]
    pairs = make_pairs(items, 10, "stairs", lambda a, b: labels.Label(19, 20), "t")
    assert labels.wanted("stairs", 10) == (3, 3, 2, 1, 1)
    assert histogram(pairs) == (0, 0, 0, 0, 1)


def test_there_are_no_more_pairs_than_texts_give() -> None:
    items = [Item(str(i), f"text {i // 2}") for i in range(4)]  # two texts, each twice
    pairs = make_pairs(items, 50, "natural", lambda a, b: labels.Label(1, 2), "t")
    assert len(pairs) == 4
    assert all(isinstance(pair, Pair) for pair in pairs)
    with pytest.raises(InputError, match="1 texts make no pair"):
        make_pairs(items[:1], 5, "natural", by_ratings, "t")
