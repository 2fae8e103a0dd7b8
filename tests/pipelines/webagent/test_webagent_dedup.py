from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import ParamsError
from pipelines.webagent.dedup import Similarities, bands, repeats, shingles


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0


def texts(seed: int, families: int, each: int) -> list[str]:
    """Families of texts: the first, and others with more and more of its words replaced."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(families):
        base = [f"w{n}" for n in rng.integers(0, 4000, 150)]
        for k in range(each):
            changed = list(base)
            for at in rng.choice(150, k, replace=False):
                changed[at] = f"w{rng.integers(0, 4000)}"
            found.append(" ".join(changed))
    return found


def test_shingles_of_a_text() -> None:
    assert shingles("a b, c", 3) == {"a\x1fb\x1f,", "b\x1f,\x1fc"}
    assert shingles("a", 5) == {"a"}


def test_one_set_beside_others() -> None:
    known, sets = Similarities(), ["abc", "", "bcd", "", "abc", "xyz"]
    for one in sets:
        known.add(one)
    assert known.first(0, [1, 5, 2, 4], 0.5) == (2, 0.5)
    assert known.first(0, [1, 5, 2, 4], 0.6) == (4, 1)
    assert known.first(0, [1, 5], 0.1) is None
    assert known.first(1, [0, 3], 1) == (3, 1)
    rng = np.random.default_rng(1)
    drawn = [frozenset(f"e{n}" for n in rng.integers(0, 40, rng.integers(30))) for _ in range(60)]
    known = Similarities()
    for own in drawn:
        known.add(own)
    for at, own in enumerate(drawn):
        for k, other in enumerate(drawn):
            assert known.first(at, [k], 0) == (k, jaccard(own, other))


def by_hand(some: list[str], threshold: float) -> list[int | None]:
    """The same rule from all pairs, without signatures."""
    kept: list[int] = []
    found: list[int | None] = []
    sets = [shingles(text, 5) for text in some]
    for at in range(len(some)):
        of = next((k for k in kept if jaccard(sets[at], sets[k]) >= threshold), None)
        found.append(of)
        if of is None:
            kept.append(at)
    return found


def test_signatures_find_what_all_pairs_find() -> None:
    some = texts(1, 12, 9)
    expected = by_hand(some, 0.8)
    assert 20 < sum(of is not None for of in expected) < 96
    found = repeats(some)
    assert [None if one is None else one.of for one in found] == expected
    for at, one in enumerate(found):
        if one is not None:
            exact = jaccard(shingles(some[at], 5), shingles(some[one.of], 5))
            assert one.similarity == exact >= 0.8


def test_equal_texts_point_to_the_one_that_stays() -> None:
    near, other = texts(2, 1, 2)
    found = repeats([near, other, near, other, "something else"])
    assert found[0] is None
    assert found[4] is None
    assert [one and one.of for one in found[1:4]] == [0, 0, 0]
    assert found[2] is not None
    assert found[2].similarity == 1
    assert found[3] == found[1]


def test_bands_miss_few_at_the_threshold() -> None:
    count, rows = bands(0.8, 128)
    assert (1 - 0.8**rows) ** count <= 0.01
    assert count * rows <= 128
    with pytest.raises(ParamsError):
        bands(0.05, 16)
