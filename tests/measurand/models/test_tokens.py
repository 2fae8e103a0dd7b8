from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.models.tokens import (
    Node,
    common_prefix,
    filled,
    micro_batches,
    plan_rows,
    split_choices,
)

ROWS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=12).map(tuple), max_size=20)


def test_split_choices_at_the_first_difference() -> None:
    # "RATING: " + "3" may be one token " 3", so the boundary lies before the prompt's last token.
    assert split_choices((7, 8, 9), [(7, 8, 91), (7, 8, 92)]) == ((7, 8), [(91,), (92,)])
    assert split_choices((7, 8), [(7, 8, 1), (7, 8, 2)]) == ((7, 8), [(1,), (2,)])


def test_split_choices_keeps_what_all_choices_begin_with() -> None:
    prompt, rest = split_choices((7, 8), [(7, 8, 5, 1), (7, 8, 5, 2)])
    assert prompt == (7, 8)
    assert rest == [(5, 1), (5, 2)]


def test_split_choices_never_leaves_a_choice_empty() -> None:
    # The second choice continues the first; the prompt's tokens alone do not tell them apart.
    assert split_choices((7, 8), [(7, 8), (7, 8, 2)]) == ((7,), [(8,), (8, 2)])


@pytest.mark.parametrize(
    ("lists", "length"),
    [([(1, 2, 3), (1, 2, 4), (1, 2)], 2), ([(1,), (2,)], 0), ([(1, 2)], 2), ([(), (1,)], 0)],
)
def test_common_prefix(lists: list[tuple[int, ...]], length: int) -> None:
    assert common_prefix(lists) == length


def path(node: Node | None, rows: list[tuple[int, ...]]) -> tuple[int, ...]:
    if node is None:
        return ()
    return path(node.parent, rows) + rows[node.row][node.start : node.stop]


@given(ROWS, st.integers(1, 6), st.data())
def test_a_plan_computes_every_row_exactly(
    rows: list[tuple[int, ...]], least_gain: int, data: st.DataObject
) -> None:
    shareable = [data.draw(st.integers(0, len(row) - 1)) for row in rows]
    plan = plan_rows(rows, shareable, least_gain)
    assert sorted(row for row, _, _ in plan.leaves) == list(range(len(rows)))
    for row, start, node in plan.leaves:
        assert start == (0 if node is None else node.stop)
        assert start <= shareable[row]
        assert path(node, rows) + rows[row][start:] == rows[row]
    seen: set[int] = set()
    for level in plan.levels:
        assert all(node.parent is None or id(node.parent) in seen for node in level)
        seen.update(map(id, level))
        assert all(node.stop > node.start for node in level)
    own = sum(len(rows[row]) - start for row, start, _ in plan.leaves)
    shared = sum(node.stop - node.start for level in plan.levels for node in level)
    assert own + shared <= sum(map(len, rows))
    if least_gain == 1:
        # Nothing that pays is left out: one token for every distinct shareable prefix.
        prefixes = {
            row[:at] for row, n in zip(rows, shareable, strict=True) for at in range(1, n + 1)
        }
        assert own + shared == len(prefixes) + sum(
            len(row) - n for row, n in zip(rows, shareable, strict=True)
        )


def test_a_plan_takes_a_thousand_nested_rows() -> None:
    rows = [tuple(range(n)) for n in range(2, 1502)]
    plan = plan_rows(rows, [len(row) - 1 for row in rows], 1)
    assert len(plan.leaves) == 1500


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=30),
    st.integers(1, 40),
    st.integers(1, 80),
)
def test_micro_batches_keep_their_bounds(
    jobs: list[tuple[int, int]], budget: int, room: int
) -> None:
    batches = list(micro_batches(jobs, lambda j: j[0], lambda j: j[1], budget, room))
    assert sorted(job for batch in batches for job in batch) == sorted(jobs)
    for batch in batches:
        own, past = max(j[0] for j in batch), max(j[1] for j in batch)
        if len(batch) > 1:
            assert len(batch) * own <= budget
            assert len(batch) * (own + past) <= room


def test_packs_are_filled_in_order_and_a_job_beyond_the_budget_goes_alone() -> None:
    assert list(filled([3, 4, 3, 9, 1, 2], lambda job: job, 8)) == [[3, 4], [3], [9], [1, 2]]
    assert list(filled([], lambda job: job, 8)) == []
