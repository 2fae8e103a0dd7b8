from __future__ import annotations

from collections import Counter

import pytest

from measurand.errors import ParamsError
from pipelines.value_functions.splits import splits_of


def test_shares_and_order() -> None:
    names = [f"c{at}" for at in range(100)]
    found = splits_of(1, "s", names, (0.6, 0.2))
    assert Counter(found.values()) == {"train": 60, "val": 20, "test": 20}
    assert splits_of(1, "s", reversed(names), (0.6, 0.2)) == found
    assert splits_of(2, "s", names, (0.6, 0.2)) != found


def test_three_clusters_are_one_each() -> None:
    assert sorted(splits_of(1, "s", "abc", (0.9, 0.05)).values()) == ["test", "train", "val"]


def test_fewer_are_refused() -> None:
    with pytest.raises(ParamsError, match="1 clusters cannot") as caught:
        splits_of(1, "mine", ["only"], (0.6, 0.2))
    assert caught.value.code == "too_few_clusters"
