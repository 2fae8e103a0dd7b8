from __future__ import annotations

from collections import Counter

from scipy.stats import chisquare

from measurand.sequence import Order, batches, ordered

NAMES = [f"c{i}" for i in range(200)]


def test_an_order_depends_on_seed_and_names_alone() -> None:
    found = ordered(NAMES, 1)
    assert sorted(found) == sorted(NAMES)
    assert found != sorted(NAMES)
    assert ordered(reversed(NAMES), 1) == ordered([*NAMES, *NAMES], 1) == found
    assert ordered(NAMES, 2) != found


def test_some_of_the_names_lie_in_the_order_of_all() -> None:
    some = NAMES[::3]
    assert ordered(some, 7) == [name for name in ordered(NAMES, 7) if name in set(some)]


def test_all_orders_of_four_names_are_equally_frequent() -> None:
    seen = Counter(tuple(ordered("abcd", seed)) for seed in range(4800))
    assert len(seen) == 24
    assert chisquare(list(seen.values())).pvalue > 0.001


def test_batches_are_prefixes() -> None:
    names = ordered(NAMES, 3)
    cut = batches(names, 30)
    assert [len(batch) for batch in cut] == [30] * 6 + [20]
    assert frozenset().union(*cut[:2]) == set(names[:60])


def test_calls_of_two_orders_share_no_folder() -> None:
    folders = {Order(seed, batch).folder for seed in (1, 11) for batch in (1, 11)}
    assert len(folders) == 4
