"""A table of figures, declared: lines (whose, of which slice) by columns (which figure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from measurand.reporting.document import Cell, Table
from measurand.reporting.lookup import Figures
from measurand.subject import Subject


@dataclass(frozen=True)
class Line:
    """A row of the table.

    Attributes:
        head: its first cell.
        model: whose figures.
        parts: of which slice.
        more: cells between the first one and the figures.
    """

    head: Cell
    model: str
    parts: Mapping[str, str] = field(default_factory=dict)
    more: Sequence[Cell] = ()


Measure = tuple[str, str, Mapping[str, str]]
"""Words, metric and slice of a figure."""
Column = str | tuple[str, Mapping[str, str]] | Callable[[Line], Cell]
"""A metric; a metric with further parts of its slice, which go before the line's; or any cell."""


def grid(
    figures: Figures,
    caption: str,
    heads: str | Sequence[str],
    lines: Iterable[Line],
    columns: Mapping[str, Column] | Sequence[tuple[str, Column]],
    notes: Sequence[str] = (),
    *,
    made: Column | None = None,
) -> Table:
    """The table.

    Args:
        figures: the statistics.
        caption: what it shows, with the unit.
        heads: names of the cells before the figures.
        lines: its rows.
        columns: name and content of the columns of figures; pairs where two have one name.
        notes: sentences shown below.
        made: lines for which this figure was not made are left out.
    """
    pairs = list(columns.items() if isinstance(columns, Mapping) else columns)
    rows = [
        (line.head, *line.more, *(_cell(figures, line, column) for _, column in pairs))
        for line in lines
        if made is None or _has_statistic(figures, line, made)
    ]
    names = (heads,) if isinstance(heads, str) else tuple(heads)
    return Table(caption, (*names, *(name for name, _ in pairs)), rows, notes)


def stack(tables: Sequence[Table]) -> Table:
    """The first table with the rows of all, which have its columns."""
    return replace(tables[0], rows=[row for table in tables for row in table.rows])


def _cell(figures: Figures, line: Line, column: Column) -> Cell:
    if callable(column):
        return column(line)
    metric, parts = _metric_and_parts(column)
    return figures.cell(line.model, metric, **{**line.parts, **parts})


def _has_statistic(figures: Figures, line: Line, column: Column) -> bool:
    assert not callable(column)
    metric, parts = _metric_and_parts(column)
    return figures.get(line.model, metric, **{**line.parts, **parts}) is not None


def _metric_and_parts(column: str | tuple[str, Mapping[str, str]]) -> tuple[str, Mapping[str, str]]:
    return (column, {}) if isinstance(column, str) else column


def measures(
    figures: Figures,
    caption: str,
    everyone: Iterable[Subject],
    asked: Iterable[Measure],
) -> Table:
    """A table the other way round: a figure a line, a model a column.

    Args:
        figures: the statistics.
        caption: what it shows.
        everyone: whose figures.
        asked: the figures.
    """
    models = [subject.model for subject in everyone]
    rows: list[list[Cell]] = [
        [words, *(figures.cell(model, metric, **parts) for model in models)]
        for words, metric, parts in asked
    ]
    return Table(caption, ["figure", *models], rows)
