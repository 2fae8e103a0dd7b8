"""Rows that sum up the others of a table: totals, means, counts, spreads.

A row is one only where it is named so *and* its numbers are what its name says of the others; it is
then left out, and said. A row that is named so and holds other numbers stays, which is said too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Values = npt.NDArray[np.float64]


def _sum(x: Values) -> tuple[float, ...]:
    return (math.fsum(x),)


def _sum_of_several(x: Values) -> tuple[float, ...]:
    # A function of that name may be an item; the only one that is not 0 shows nothing.
    return _sum(x) if math.fsum(x) > x.max() else ()


def _mean(x: Values) -> tuple[float, ...]:
    # Numbers that are all the same have any of them as their mean, which shows nothing.
    return (math.fsum(x) / len(x),) if np.ptp(x) > 0 else ()


def _spread(x: Values) -> tuple[float, ...]:
    return float(np.std(x)), float(np.std(x, ddof=1))


def _error(x: Values) -> tuple[float, ...]:
    return tuple(s / math.sqrt(len(x)) for s in _spread(x))


def _place(share: float) -> Callable[[Values], tuple[float, ...]]:
    return lambda x: (float(np.quantile(x, share)),)


Made = Callable[[Values], tuple[float, ...]]
#: What a row of that name, in lower case, may hold of the others.
_SUMS: dict[str, Made] = {
    **dict.fromkeys(("sum", "summe", "somme", "suma"), _sum_of_several),
    **dict.fromkeys(("grand total", "subtotal"), _sum),
    **dict.fromkeys(("mean", "average", "avg", "mittelwert", "durchschnitt"), _mean),
    **dict.fromkeys(("moyenne", "promedio", "media"), _mean),
    **dict.fromkeys(
        ("total", "totals", "overall", "gesamt", "insgesamt", "totale"),
        lambda x: _sum(x) + _mean(x),
    ),
}
#: Names that only a number which no answer has tells from an item.
_SPREADS: dict[str, Made] = {
    **dict.fromkeys(("std", "sd", "stdev", "std dev", "standard deviation"), _spread),
    **dict.fromkeys(("se", "sem", "stderr", "std error", "standard error"), _error),
    **dict.fromkeys(("var", "variance"), lambda x: tuple(s * s for s in _spread(x))),
    **dict.fromkeys(("n", "count"), lambda x: (float(len(x)),)),
}
#: Names whose number may be any answer: they sum up only beside one of the others.
_PLACES: dict[str, Made] = {
    **dict.fromkeys(("min", "minimum"), _place(0)),
    **dict.fromkeys(("max", "maximum"), _place(1)),
    **dict.fromkeys(("median", "50%"), _place(0.5)),
    "25%": _place(0.25),
    "75%": _place(0.75),
}
_COUNTS = "counts as the others do"
_EVERY = {**_SUMS, **_SPREADS, **_PLACES}
_NEAR = 0.005
"""How far a number is at most from what it sums up, where its digits do not say more."""


def of_items(
    items: Sequence[str], groups: Sequence[Hashable], scores: Sequence[Values]
) -> tuple[list[int], list[int]]:
    """Rows of items that sum up the others of their group, and those that are only named so.

    Args:
        items: (n,) names.
        groups: (n,) which rows belong together: model and metric.
        scores: columns of (n,) numbers, NaN where missing.
    """
    named = [i for i, item in enumerate(items) if _word(item) in _EVERY]
    gone: list[int] = []
    for group in dict.fromkeys(groups[i] for i in named):
        own = [i for i in named if groups[i] == group]
        others = [i for i, g in enumerate(groups) if g == group and i not in own]
        found = [
            i for i in own if _holds(items[i], [(x[i], x[others], _near(x[i])) for x in scores])
        ]
        if any(_word(items[i]) not in _PLACES for i in found):
            gone += found
    return gone, [i for i in named if i not in gone]


def without(
    columns: Sequence[pa.ChunkedArray], name: str, comma: bool, said: list[str]
) -> list[pa.ChunkedArray]:
    """Columns of text without first or last rows that only sum up the others.

    Args:
        columns: cells as text.
        name: of the file, for messages.
        comma: whether decimals are written with commas.
        said: where it is noted.
    """
    n = len(columns[0]) if columns else 0
    for column in columns if n > 2 else ():
        rows = _at_an_end(column)
        words = [column[row].as_py().strip() for row in rows]
        if not any(_word(word) in _SUMS for word in words):
            continue
        keep = np.isin(np.arange(n), rows, invert=True)
        parts = [_parts(c, rows, keep, comma) for c in columns]
        found = [_holds(word, [p[at] for p in parts]) for at, word in enumerate(words)]
        gone = [row for row, sums in zip(rows, found, strict=True) if sums]
        for row, word in zip(rows, words, strict=True):
            what = "sums up the others and is left out" if row in gone else _COUNTS
            said.append(f"{name}: the row named {word!r} {what}.")
        left = pa.array(np.isin(np.arange(n), gone, invert=True))
        return [c.filter(left) for c in columns] if gone else list(columns)
    return list(columns)


def _at_an_end(column: pa.ChunkedArray) -> list[int]:
    """Rows at the end, or at the beginning, whose cells are names that no other row has."""
    n = len(column)
    for order in (range(n - 1, -1, -1), range(n)):
        rows = []
        for row in order:
            if _word(str(column[row].as_py() or "")) not in _EVERY:
                break
            rows.append(row)
        if n - len(rows) < 2:
            rows = rows[:1]  # names of functions, all of them
        if rows:
            names = {_word(column[row].as_py()) for row in rows}
            if len(names) == len(rows) and not _elsewhere(column, rows, names):
                return sorted(rows)
    return []


def _elsewhere(column: pa.ChunkedArray, rows: Sequence[int], names: set[str]) -> bool:
    every = enumerate(column.to_pylist())
    return any(_word(str(cell or "")) in names for row, cell in every if row not in rows)


def _parts(
    column: pa.ChunkedArray, rows: Sequence[int], keep: npt.NDArray[np.bool_], comma: bool
) -> list[tuple[float, Values, float]]:
    """Of each row: its number, those of the others, and how far rounding may have moved it."""
    nan = math.nan
    others = [number(str(v or ""), comma) for v in column.filter(pa.array(keep)).to_pylist()]
    above = np.array([nan if v is None else v for v in others])
    found = []
    for row in rows:
        cell = str(column[row].as_py() or "")
        value = number(cell, comma)
        whole = cell.strip().endswith("%") and value is not None and value.is_integer()
        near = 0.5 if whole else _near(nan if value is None else value)
        found.append((nan if value is None else value, above, near))
    return found


def _holds(name: str, columns: Sequence[tuple[float, Values, float]]) -> bool:
    """Whether every column that has a number there has the one that the name says."""
    told = [(value, above[~np.isnan(above)], near) for value, above, near in columns]
    told = [one for one in told if not math.isnan(one[0]) and len(one[1]) > 1]
    made = _EVERY[_word(name)]
    return bool(told) and all(
        any(abs(value - one) <= near + 1e-9 * float(np.abs(x).sum()) for one in made(x))
        for value, x, near in told
    )


def _near(value: float) -> float:
    """Half of the last digit of a number that has decimals."""
    digits = len(f"{value:.12g}".partition(".")[2])
    return max(_NEAR, 0.5 * 10**-digits) if digits else _NEAR


def _word(text: str) -> str:
    return text.strip().casefold().rstrip(" :")


def number(text: str, comma: bool) -> float | None:
    """A cell as a number, without regard to its sign of per cent; None where it is none."""
    cell = text.strip().rstrip("% ")
    cell = cell.replace(".", "").replace(",", ".") if comma else cell
    return float(cell) if re.fullmatch(r"[+-]?\d+(\.\d+)?", cell, re.ASCII) else None
