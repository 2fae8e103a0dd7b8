from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.soft_labels.order import batches


@given(st.integers(1, 30), st.integers(1, 12), st.integers(1, 20))
def test_every_pair_is_seen_before_any_is_seen_again(n: int, size: int, steps: int) -> None:
    found = batches(n, size, steps, "word")
    assert len(found) == steps
    assert {len(batch) for batch in found} == {min(n, size)}
    counts = Counter(at for batch in found for at in batch)
    seen = [counts.get(at, 0) for at in range(n)]
    assert max(seen) - min(seen) <= 1


def test_words_decide_the_order() -> None:
    assert batches(20, 4, 5, "a", 1) == batches(20, 4, 5, "a", 1)
    assert batches(20, 4, 5, "a", 1) != batches(20, 4, 5, "a", 2)
    # A longer run begins as a shorter one does.
    assert batches(20, 4, 9, "a", 1)[:5] == batches(20, 4, 5, "a", 1)


def test_epochs_differ() -> None:
    first, second = batches(8, 8, 2, "a")
    assert sorted(first) == sorted(second) == list(range(8))
    assert first != pytest.approx(second)
