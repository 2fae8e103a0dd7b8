"""A scoring key applied to responses: which columns form which scale, and which are reversed.

A key is a CSV with the columns ``item, scale, keyed, minimum, maximum``. A reversed item (keyed -1)
is turned round by ``minimum + maximum - x``, so that more always means more of the scale. An item
may stand in several scales (a domain and a facet), once in each. A column ``labels`` says what
the words of the answers count: ``1=never;2=sometimes``, or the words alone from the minimum up.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import numpy.typing as npt

from measurand import respondents, responses, strangers
from measurand.columns import Numbers, labels, numbers, parse, shown
from measurand.errors import InputError
from measurand.guesses import code_warnings, is_code
from measurand.key_spelling import spelled
from measurand.responses import Responses
from measurand.stats.reliability import MAX_ITEMS

KEY_COLUMNS = ("item", "scale", "keyed", "minimum", "maximum")
_WORDS = "not numeric"
_MOST_HEADERS = 3  # rows below the header that a survey tool may write


@dataclass(frozen=True)
class KeyedItem:
    """One line of a key.

    Attributes:
        item: column of the responses.
        scale: scale that the item belongs to.
        keyed: +1, or -1 where a high answer means less of the scale.
        minimum: lowest possible answer.
        maximum: highest possible answer.
        labels: (word, number) of answers that are words.
    """

    item: str
    scale: str
    keyed: int
    minimum: float
    maximum: float
    labels: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Scale:
    """One scale, keyed.

    Attributes:
        name: name of the scale.
        items: its k items.
        keyed: +1 or -1 for each.
        values: (n, k) float64 keyed answers, NaN where missing.
    """

    name: str
    items: tuple[str, ...]
    keyed: tuple[int, ...]
    values: npt.NDArray[np.float64]


@dataclass(frozen=True)
class KeyedResponses:
    """Every scale of a file.

    Attributes:
        name: file name.
        n_rows: rows of the file.
        scales: in the order of the key.
        clusters: (n,) cluster number of each row, or None.
        ignored: (column, why) of every column that is in no scale.
        understood: how the file was read, a sentence each.
        warnings: what may be wrong in it.
    """

    name: str
    n_rows: int
    scales: tuple[Scale, ...]
    clusters: npt.NDArray[np.int64] | None
    ignored: tuple[tuple[str, str], ...]
    understood: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_key(path: Path) -> tuple[KeyedItem, ...]:
    """Read a key file; see :func:`parse_key`."""
    return parse_key(responses.read_file(path))


def parse_key(table: Responses) -> tuple[KeyedItem, ...]:
    """The lines of a key; other columns than ``KEY_COLUMNS`` are left alone.

    Raises:
        InputError: code ``bad_key``: a column or a cell is missing, ``keyed`` is not +1 or -1,
            ``minimum`` is not below ``maximum``, an item stands twice in a scale or has two ranges.
    """
    table = spelled(table, KEY_COLUMNS)
    if absent := [c for c in KEY_COLUMNS if c not in table.names]:
        raise _bad_key(table.name, f"no column {shown(absent)}")
    # Only an empty cell is missing here: "NA" is a good name for a scale (negative affect).
    items = labels(table.column("item"), missing=("",))
    scales = labels(table.column("scale"), missing=("",))
    for column, texts in (("item", items), ("scale", scales)):
        if empty := [row for row, text in enumerate(texts, 1) if text is None]:
            raise _bad_key(table.name, f"no {column} in rows {shown(empty)}")
    keyed = _key_numbers(table, "keyed")
    minimum, maximum = _key_numbers(table, "minimum"), _key_numbers(table, "maximum")
    if wrong := [row for row, sign in enumerate(keyed, 1) if sign not in (-1, 1)]:
        raise _bad_key(table.name, f"keyed is neither +1 nor -1 in rows {shown(wrong)}")
    if wrong := [i + 1 for i in range(len(items)) if minimum[i] >= maximum[i]]:
        raise _bad_key(table.name, f"minimum is not below maximum in rows {shown(wrong)}")
    words: list[str | None] = [None] * len(items)
    if "labels" in table.names:
        words = labels(table.column("labels"), missing=("",))
    lines = tuple(
        KeyedItem(
            *(str(items[i]), str(scales[i]), int(keyed[i]), minimum[i], maximum[i]),
            labels=_labels(table.name, i + 1, words[i], (minimum[i], maximum[i])),
        )
        for i in range(len(items))
    )
    _check_lines(table.name, lines)
    return lines


def _labels(
    name: str, row: int, text: str | None, limits: tuple[float, float]
) -> tuple[tuple[str, float], ...]:
    """Words of answers and their numbers: ``1=no;2=yes``, ``no=1|yes=2`` or ``no;yes``."""
    if text is None:
        return ()
    parts = [part.strip() for part in re.split(r"[;|\n]", text) if part.strip()]
    if all("=" not in part for part in parts):
        low, high = limits
        if len(parts) != high - low + 1:
            raise _bad_key(
                name, f"{len(parts)} labels for the answers {low:g} to {high:g} in row {row}"
            )
        return tuple((part, low + i) for i, part in enumerate(parts))
    found = []
    for part in parts:
        left, _, right = (x.strip() for x in part.partition("="))
        number, word = next(
            ((n, w) for t, w in ((left, right), (right, left)) if _is_number(n := parse(t))),
            (None, ""),
        )
        if number is None or not word:
            raise _bad_key(name, f"label {part!r} in row {row} is no NUMBER=WORD")
        found.append((word, number))
    return tuple(found)


def _is_number(value: float | None) -> bool:
    """Whether a cell holds one; "none" may be the word of an answer."""
    return value is not None and not math.isnan(value)


def _key_numbers(table: Responses, column: str) -> list[float]:
    found = numbers(table.numeric(column))
    if found.n_bad:
        row, text = found.bad[0]
        raise _bad_key(table.name, f"{column} is no number in row {row}: {text!r}")
    if missing := [row for row, x in enumerate(found.values, 1) if math.isnan(x)]:
        raise _bad_key(table.name, f"no {column} in rows {shown(missing)}")
    return [float(x) for x in found.values]


def _check_lines(name: str, lines: Sequence[KeyedItem]) -> None:
    places = Counter((line.item, line.scale) for line in lines)
    if twice := [place for place, count in places.items() if count > 1]:
        item, scale = twice[0]
        raise _bad_key(name, f"item {item!r} stands {places[twice[0]]} times in scale {scale!r}")
    ranges: dict[str, tuple[float, float]] = {}
    for line in lines:
        if ranges.setdefault(line.item, (line.minimum, line.maximum)) != (
            line.minimum,
            line.maximum,
        ):
            raise _bad_key(name, f"item {line.item!r} has two ranges of answers")


def _bad_key(name: str, what: str) -> InputError:
    hint = f"columns {', '.join(KEY_COLUMNS)}, one line per item; keyed is +1 or -1"
    return InputError(f"{name}: {what}", hint=hint, code="bad_key")


def apply_key(
    table: Responses, key: Sequence[KeyedItem], cluster: str | None = None
) -> KeyedResponses:
    """Key the responses.

    Args:
        table: the responses.
        key: lines of the key.
        cluster: column that names the sampling unit of a row.

    Raises:
        InputError: ``missing_items``, ``not_a_number``, ``out_of_range``, ``too_many_items``,
            ``bad_cluster``; the message names columns and first rows.
    """
    wanted = list(dict.fromkeys(line.item for line in key))
    if absent := [item for item in wanted if item not in table.names]:
        raise InputError(
            f"{table.name} has no column for {len(absent)} of {len(wanted)} items of the key: "
            f"{shown(absent)}",
            hint=_similar(absent[0], table.names) or "the key's items are the column names",
            code="missing_items",
        )
    if cluster in wanted:
        raise InputError(
            f"cluster column {cluster!r} is an item of the key",
            hint="name a column that is no item, or take it out of the key",
            code="bad_cluster",
        )
    ranges = {line.item: (line.minimum, line.maximum) for line in key}
    words = _words(table.name, key)
    answers = {item: _answers(table, item, ranges[item], words[item]) for item in wanted}
    scales = []
    for name in dict.fromkeys(line.scale for line in key):
        lines = [line for line in key if line.scale == name]
        columns = [
            answers[x.item] if x.keyed == 1 else x.minimum + x.maximum - answers[x.item]
            for x in lines
        ]
        scales.append(_scale(name, [x.item for x in lines], [x.keyed for x in lines], columns))
    ignored = [(c, "not in the key") for c in table.names if c not in ranges and c != cluster]
    return KeyedResponses(
        *(table.name, table.n_rows, tuple(scales), clusters_of(table, cluster), tuple(ignored)),
        understood=tuple(table.understood),
        warnings=tuple(respondents.notes(table, wanted, cluster)),
    )


def _words(name: str, key: Sequence[KeyedItem]) -> dict[str, dict[str, float]]:
    """Labels of each item, which any of its lines may give."""
    found: dict[str, dict[str, float]] = {line.item: {} for line in key}
    for line in key:
        own = dict(line.labels)
        if found[line.item] and own and own != found[line.item]:
            raise _bad_key(name, f"item {line.item!r} has two sets of labels")
        found[line.item] = found[line.item] or own
    return found


def without_key(table: Responses, cluster: str | None = None) -> KeyedResponses:
    """All numeric columns as one scale keyed +1.

    Columns of text, without any answer, or that merely number the rows are left out and listed; a
    column with numbers and something else in it is an error, not a guess.

    Raises:
        InputError: ``no_items``, ``not_a_number``, ``too_many_items``, ``bad_cluster``.
    """
    clusters = clusters_of(table, cluster)
    items, columns, ignored = [], [], []
    for name in table.names:
        if name == cluster:
            continue
        found = numbers(table.numeric(name), table.missing)
        if found.n_text == 0:
            ignored.append((name, "no answers"))
        elif found.n_bad == found.n_text and not _looks_numeric(found.bad):
            if (read := _with_labels(table, name)) is None:
                ignored.append((name, _WORDS))
            else:
                items.append(name)
                columns.append(read)
        elif strangers.tells_of_respondent(name, table.names):
            ignored.append((name, "about the respondent"))
        elif strangers.numbers_rows(name, found.values):
            ignored.append((name, "numbers the rows"))
        elif strangers.names_things(name, found.values):
            ignored.append((name, "named for ids"))
        else:
            items.append(name)
            columns.append(_answers(table, name, None))
    if not items:
        items, columns = _right_or_wrong(table, [n for n, why in ignored if why == _WORDS])
        ignored = [(name, why) for name, why in ignored if name not in items]
    if not items:
        raise InputError(
            f"{table.name} has no numeric column",
            hint="rows are respondents, columns are items, cells are numbers; answers in words "
            "need a --key with their labels",
            code="no_items",
        )
    while (at := strangers.summing(columns)) is not None:
        ignored.append((items.pop(at), "sums up the other columns"))
        columns.pop(at)
    scale = _scale("all items", items, [1] * len(items), columns)
    warnings = [
        *code_warnings(columns, table.name),
        *strangers.apart(table.name, items, columns),
        *strangers.twins(table.name, items, columns),
        *_about_rows(table, len(items), [n for n, why in ignored if why == _WORDS]),
        *respondents.notes(table, items, cluster),
    ]
    return KeyedResponses(
        *(table.name, table.n_rows, (scale,), clusters, tuple(ignored)),
        understood=tuple(table.understood),
        warnings=tuple(warnings),
    )


def _with_labels(table: Responses, name: str) -> npt.NDArray[np.float64] | None:
    """Answers each of which has its number and its label, or a percent sign; None of others."""
    found = replace(table, understood=[]).numbers(name)
    if found.n_bad or set(found.values[~np.isnan(found.values)]) <= {0.0, 1.0}:
        return None
    if strangers.numbers_rows(name, found.values) or strangers.names_things(name, found.values):
        return None
    return table.numbers(name).values


def _right_or_wrong(
    table: Responses, names: Sequence[str]
) -> tuple[list[str], list[npt.NDArray[np.float64]]]:
    """Columns in which every answer is true or false, in words."""
    found = {name: table.numbers(name) for name in names}
    kept = {
        name: numbers.values
        for name, numbers in found.items()
        if not numbers.n_bad and set(numbers.values[~np.isnan(numbers.values)]) == {0.0, 1.0}
    }
    return list(kept), list(kept.values())


def _about_rows(table: Responses, items: int, names: Sequence[str]) -> list[str]:
    told = [strangers.repeated(table.name, name, table.ids(name)) for name in names]
    return [line for line in (*told, strangers.lying(table.name, table.n_rows, items)) if line]


def _looks_numeric(bad: Sequence[tuple[int, str]]) -> bool:
    """Whether unusable cells are numbers all the same: infinite, or far too large."""
    for _, text in bad:
        try:
            float(text)
        except ValueError:
            return False
    return True


def _answers(
    table: Responses,
    item: str,
    limits: tuple[float, float] | None,
    words: Mapping[str, float] | None = None,
) -> npt.NDArray[np.float64]:
    found = table.numbers(item, words)
    if found.n_bad:
        rows = ", ".join(f"row {row}: {text!r}" for row, text in found.bad)
        raise InputError(
            f"{table.name}: column {item!r} has {found.n_bad} cells that are no usable number: "
            f"{rows}",
            hint=_words_hint(found),
            code="not_a_number",
        )
    if limits is not None:
        low, high = limits
        outside = np.flatnonzero((found.values < low) | (found.values > high))
        if len(outside):
            rows = ", ".join(f"row {i + 1}: {found.values[i]:g}" for i in outside[:5])
            raise InputError(
                f"{table.name}: column {item!r} has {len(outside)} answers outside "
                f"[{low:g}, {high:g}]: {rows}",
                hint=_outside_hint(found.values[outside]),
                code="out_of_range",
            )
    return found.values


def _words_hint(found: Numbers) -> str:
    last = max(row for row, _ in found.bad)
    if found.n_bad == len(found.bad) == last <= _MOST_HEADERS:
        return f"if these rows are headers and no answers: --skip-rows {last}"
    return (
        "leave a missing answer empty or write NA, name what means none with --missing-codes; "
        "what words count stands in the key's column labels: 1=never;2=often"
    )


def _outside_hint(values: npt.NDArray[np.float64]) -> str:
    codes = sorted({float(x) for x in values})
    if all(map(is_code, codes)):
        return f"if they mean no answer: --missing-codes {' '.join(f'{c:g}' for c in codes)}"
    return "mend the answers, or minimum and maximum in the key"


def _scale(
    name: str,
    items: Sequence[str],
    keyed: Sequence[int],
    columns: Sequence[npt.NDArray[np.float64]],
) -> Scale:
    if len(items) > MAX_ITEMS:
        raise InputError(
            f"scale {name!r} has {len(items):,} items; the limit is {MAX_ITEMS}",
            hint="give a key that says which columns form which scale",
            code="too_many_items",
        )
    return Scale(name, tuple(items), tuple(keyed), np.column_stack(columns))


def clusters_of(table: Responses, cluster: str | None) -> npt.NDArray[np.int64] | None:
    """The cluster of every row, as numbers; None without a cluster column.

    Raises:
        InputError: code ``bad_cluster``: there is no such column, or a cell of it is empty.
    """
    if cluster is None:
        return None
    if cluster not in table.names:
        hint = _similar(cluster, table.names) or "name a column of the responses"
        raise InputError(
            f"{table.name} has no cluster column {cluster!r}", hint=hint, code="bad_cluster"
        )
    names = labels(table.column(cluster))
    if empty := [row for row, label in enumerate(names, 1) if label is None]:
        raise InputError(
            f"{table.name}: cluster column {cluster!r} is empty in {len(empty)} rows: "
            f"{shown(empty)}",
            hint="every row belongs to a cluster",
            code="bad_cluster",
        )
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1].astype(np.int64)


def _similar(name: str, names: Sequence[str]) -> str:
    lower = {other.lower(): other for other in names}
    close = [lower[match] for match in get_close_matches(name.lower(), lower, n=3)]
    return f"did you mean {' or '.join(map(repr, close))}?" if close else ""
