from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.reporting.figures.axes import TICK_GAP, Axis, tick_width, tick_words


def test_only_a_logarithm_breaks_at_zero() -> None:
    assert Axis((0.0, 4.0, 16.0), "log2", 0.0, 100.0).broken
    assert not Axis((4.0, 16.0), "log2", 0.0, 1.0).broken
    assert not Axis((0.0,), "log2", 0.0, 1.0).broken
    assert not Axis((0.0, 16.0), "linear", 0.0, 1.0).broken


@pytest.mark.parametrize(("scale", "xs"), [("linear", (0, 5, 10)), ("log2", (1, 8, 64)),
                                           ("log10", (1, 100, 10000))])  # fmt: skip
def test_the_middle_stands_in_the_middle(scale: str, xs: tuple[int, int, int]) -> None:
    axis = Axis(tuple(map(float, xs)), scale, 10.0, 110.0)
    assert [axis(x) for x in xs] == pytest.approx([10, 60, 110])


def test_labels_have_as_many_digits_as_they_need() -> None:
    assert [tick_words(x) for x in (0.0, 0.25, 64.0, 2048.0)] == ["0", "0.25", "64", "2\u2009048"]
    assert tick_width(2048.0) > tick_width(64.0)


def test_wide_labels_need_more_room_than_narrow_ones() -> None:
    low, high = (
        Axis(tuple(2.0**i for i in powers), "log2", 0.0, 100.0)
        for powers in (range(5), range(10, 15))
    )
    assert low.ticks() == [1, 2, 4, 8, 16]
    assert high.ticks() == [1024, 4096, 16384]


@given(
    st.lists(st.integers(0, 50000), min_size=1, max_size=12, unique=True),
    st.sampled_from(["linear", "log2", "log10"]),
    st.floats(120, 600),
)
def test_labels_never_touch_and_the_last_number_has_one(
    xs: list[int], scale: str, end: float
) -> None:
    axis = Axis(tuple(float(x) for x in sorted(xs)), scale, 40.0, end)
    places = [axis(x) for x in axis.values]
    assert places == sorted(places)
    assert all(40 - 1e-9 <= p <= end + 1e-9 for p in places)
    ticks = axis.ticks()
    assert ticks[-1] == axis.values[-1]
    spans = [(axis(t) - tick_width(t) / 2, axis(t) + tick_width(t) / 2) for t in ticks]
    assert all(b[0] - a[1] >= TICK_GAP - 1e-9 for a, b in pairwise(spans))
