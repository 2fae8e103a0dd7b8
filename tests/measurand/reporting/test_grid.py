from __future__ import annotations

from measurand.reporting.grid import Line, grid, stack
from measurand.reporting.lookup import Figures
from measurand.statistics import exact, statistic_row, statistics_table

FIGURES = Figures(
    statistics_table(
        [
            statistic_row("s", "a", "success", {"order": "forward"}, exact(0.5)),
            statistic_row("s", "a", "success", {"order": "reverse"}, exact(0.25)),
            statistic_row("s", "a", "gap", {}, exact(0.1)),
        ]
    )
)
REVERSE = ("success", {"order": "reverse"})


def test_every_line_meets_every_column() -> None:
    lines = [
        Line("first", "a", {}, ["x"]),
        Line({"text": "second", "detail": "b"}, "b", more=["y"]),
    ]
    table = grid(
        FIGURES, "c", ("who", "what"), lines,
        {"reversed": REVERSE, "gap": "gap", "head": lambda line: line.model}, ["note"],
    )  # fmt: skip
    assert table.columns == ("who", "what", "reversed", "gap", "head")
    value = {"value": 0.25, "reason": None}
    assert table.rows[:1] == [("first", "x", value, {"value": 0.1, "reason": None}, "a")]
    assert table.notes == ["note"]


def test_a_column_may_change_the_slice_of_its_line_and_bear_the_name_of_another() -> None:
    lines = [Line("a", "a", {"order": "forward"})]
    table = grid(FIGURES, "c", "who", lines, [("x", "success"), ("x", REVERSE)])
    assert table.columns == ("who", "x", "x")
    assert [cell["value"] for cell in table.rows[0][1:]] == [0.5, 0.25]  # type: ignore[index]


def test_lines_without_the_figure_that_makes_them_are_left_out() -> None:
    lines = [Line(name, name) for name in ("a", "b")]
    table = grid(FIGURES, "c", "who", lines, {"gap": "gap"}, made="gap")
    assert [row[0] for row in table.rows] == ["a"]
    table = grid(FIGURES, "c", "who", lines, {"gap": "gap"}, made=REVERSE)
    assert [row[0] for row in table.rows] == ["a"]


def test_stacked_tables_are_one_with_the_rows_of_all() -> None:
    tables = [grid(FIGURES, "c", "who", [Line(n, n)], {"gap": "gap"}, ["note"]) for n in "ab"]
    table = stack(tables)
    assert [row[0] for row in table.rows] == ["a", "b"]
    assert (table.caption, table.columns, table.notes) == ("c", ("who", "gap"), ["note"])
