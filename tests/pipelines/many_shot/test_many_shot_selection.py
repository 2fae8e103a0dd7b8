from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipelines.many_shot import selection

CLASSES = st.lists(st.integers(0, 3), min_size=1, max_size=60)


@given(CLASSES, st.integers(0, 9))
def test_every_example_comes_once_and_the_words_decide_the_order(
    classes: list[int], seed: int
) -> None:
    order = selection.permutation(classes, "w", seed)
    assert sorted(order) == list(range(len(classes)))
    assert selection.permutation(classes, "w", seed) == order
    free = selection.permutation([None] * len(classes), "w", seed)
    assert sorted(free) == list(range(len(classes)))


@given(CLASSES, st.integers(0, 9))
def test_every_beginning_is_balanced_while_all_classes_last(classes: list[int], seed: int) -> None:
    order = selection.permutation(classes, "w", seed)
    there = Counter(classes)
    for k in range(1, len(classes) + 1):
        shown = Counter(classes[at] for at in order[:k])
        lasting = [c for c in there if shown[c] < there[c]]
        # Classes that still have examples differ by at most one; a used-up one has no more to give.
        counts = [shown[c] for c in lasting]
        assert not counts or max(counts) - min(counts) <= 1
        most = max(shown.values())
        assert all(shown[c] == there[c] or shown[c] >= most - 1 for c in there)


def test_other_seeds_give_other_orders_and_rounds_start_with_any_class() -> None:
    classes = [0, 1] * 20
    orders = [tuple(selection.permutation(classes, "w", seed)) for seed in range(20)]
    assert len(set(orders)) == 20
    assert {classes[order[0]] for order in orders} == {0, 1}


@given(CLASSES, st.integers(0, 60), st.integers(0, 60), st.integers(0, 5))
def test_shot_sets_are_nested(classes: list[int], a: int, b: int, order: int) -> None:
    chosen = selection.permutation(classes, "w", 0)
    few, many = sorted((min(a, len(chosen)), min(b, len(chosen))))
    words = ["order", order] if order else []
    small = selection.shots(chosen, few, None, *words)
    large = selection.shots(chosen, many, None, *words)
    assert len(small) == few
    assert len(set(small)) == few
    assert set(small) <= set(large)


@given(st.integers(1, 12), st.integers(0, 40))
def test_distinct_shots_are_repeated_in_turn(distinct: int, k: int) -> None:
    chosen = selection.permutation([None] * 12, "w", 0)
    found = selection.shots(chosen, k, distinct)
    assert len(found) == k
    assert found[:distinct] == chosen[: min(k, distinct)]
    counts = Counter(found)
    assert not counts or max(counts.values()) - min(counts.values()) <= 1
    assert set(found) <= set(chosen[:distinct])


def test_another_order_shows_the_same_shots() -> None:
    chosen = selection.permutation([None] * 30, "w", 0)
    orders = [selection.shots(chosen, 20, None, "order", at) for at in range(1, 4)]
    assert all(sorted(order) == sorted(chosen[:20]) for order in orders)
    assert len({tuple(order) for order in [*orders, chosen[:20]]}) == 4


def test_no_examples_no_shots() -> None:
    assert selection.permutation([], "w") == []
    assert selection.shots([], 0, None) == []
    assert selection.shots([], 3, 2) == []
