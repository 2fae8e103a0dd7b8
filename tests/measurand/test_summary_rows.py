from __future__ import annotations

import io

import numpy as np
import pytest

from measurand.responses import Responses, read
from measurand.summary_rows import of_items


def table(*lines: str) -> Responses:
    return read(io.BytesIO("\n".join(lines).encode() + b"\n"), "t.csv")


ROWS = ["p1,1,10%", "p2,0,20%", "p3,1,21%"]


@pytest.mark.parametrize(
    "more",
    [
        ["Mean,0.667,17%", "Std,0.577,6.1%"],
        ["Average,0.7,17%", "N,3,3"],
        ["count,3,3", "mean,0.6667,17%", "std,0.5774,6.08%", "min,0,10%", "25%,0.5,15%",
         "50%,1,20%", "75%,1,20.5%", "max,1,21%"],
    ],
)  # fmt: skip
def test_rows_that_sum_up_are_left_out_at_the_end_and_at_the_beginning(more: list[str]) -> None:
    for lines in ([*ROWS, *more], [*more, *ROWS]):
        found = table("id,a,b", *lines)
        assert found.ids("id") == ["p1", "p2", "p3"]
        assert sum("sums up the others" in text for text in found.understood) == len(more)


def test_one_of_several_that_holds_another_number_stays() -> None:
    found = table("id,a,b", *ROWS, "Mean,0.667,17%", "Std,0.3,6.1%")
    assert found.ids("id") == ["p1", "p2", "p3", "Std"]
    assert "named 'Std' counts as the others do" in found.understood[-1]


def test_names_of_spreads_alone_are_names() -> None:
    for last in ("n,1,5%", "max,1,21%", "count,9,9"):
        assert table("id,a,b", *ROWS, last).n_rows == 4


def column(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=float)


def test_each_model_has_its_own_sums() -> None:
    items = ["1", "2", "3", "Mean"] * 2
    groups = ["a"] * 4 + ["b"] * 4
    assert of_items(items, groups, [column(1, 0, 1, 0.667, 1, 0, 0, 0.333)]) == ([3, 7], [])
    assert of_items(items, groups, [column(1, 0, 1, 0.667, 1, 0, 0, 0.5)]) == ([3], [7])


@pytest.mark.parametrize(
    "names", [["max", "min", "median", "sum"], ["mean", "media", "overall", "n"]]
)
def test_items_that_are_named_after_functions_stay(names: list[str]) -> None:
    items = ["a", "b", "c", *names]
    for answers in ((1, 0, 0, 1, 0, 0, 1), (1, 1, 1, 1, 1, 1, 1), (0, 0, 0, 0, 0, 0, 0)):
        gone, left = of_items(items, ["m"] * 7, [column(*answers)])
        assert not {items[i] for i in gone} - {"overall"}
        assert len(left) + len(gone) == 4


def test_every_column_has_to_sum_up() -> None:
    items = ["1", "2", "Total"]
    assert of_items(items, ["m"] * 3, [column(1, 2, 3), column(1, 1, 2)]) == ([2], [])
    assert of_items(items, ["m"] * 3, [column(1, 2, 3), column(1, 1, 1.5)]) == ([], [2])
    assert of_items(items, ["m"] * 3, [column(1, 2, 3), column(1, 1, np.nan)]) == ([2], [])
