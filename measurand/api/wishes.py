"""What a call asks of the reading, from the names that the command line has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from measurand.api.frames import NAME, is_path, responses_of
from measurand.api.rows import Rows
from measurand.dialects import Dialect, dialect_of
from measurand.errors import InputError

if TYPE_CHECKING:
    from measurand.interop.rows import ItemRows, Wish

Pairs = Mapping[str, Any] | Sequence[str]
"""``{"item_id": "question"}``, or as the command line has it: ``["item_id=question"]``."""


_FORMS = {
    "map": "ROLE=COLUMN",
    "scale": "WORD=NUMBER, such as A=4",
    "price": "WHAT=X, such as call=0.2",
    "most": "WHAT=N, such as items=40",
    "budget": "UNIT=X, such as calls=5000",
}


def pairs_of(given: Pairs | None, option: str) -> dict[str, str]:
    """Names and what they stand for.

    Raises:
        InputError: code ``bad_argument``: a text without ``=``.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(k): str(v) for k, v in given.items()}
    found = {}
    for pair in [given] if isinstance(given, str) else given:
        left, equals, right = pair.rpartition("=") if option == "scale" else pair.partition("=")
        if not equals:
            raise InputError(f"--{option} {pair}", hint=_FORMS[option], code="bad_argument")
        found[left] = right
    return found


def names_of(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """One name or several."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


class DialectOptions(TypedDict, total=False):
    """How a file's table is written; what is not said is guessed, and said.

    Attributes:
        separator: between cells.
        decimal: decimal mark, ``.`` or ``,``.
        encoding: such as cp1252.
        skip_rows: rows below the header that are no data.
        missing_codes: numbers or words that mean no answer.
        sheet: sheet of a workbook.
    """

    separator: str | None
    decimal: str | None
    encoding: str | None
    skip_rows: int
    missing_codes: Sequence[Any]
    sheet: str | None


class ReadingOptions(DialectOptions, total=False):
    """How item results are read.

    Attributes:
        cluster: field or column that names the independently sampled unit.
        by: fields to slice by.
        model: name of the model, instead of the log's own.
        reruns: two logs of one model and task: ``refuse``, or take them as ``repeats``.
        map: columns by role: item_id, value, model, metric, repeat, cluster_id, status, document.
        values: score columns.
        label: settings of logs that tell runs of one model apart.
        scale: numbers of words that stand as scores.
        by_content: items are what they say, whatever their ids.
        changed: items of one id that are two documents: ``refuse`` or ``leave-out``.
    """

    cluster: str | None
    by: str | Sequence[str]
    model: str | None
    reruns: str
    map: Pairs | None
    values: str | Sequence[str]
    label: str | Sequence[str]
    scale: Pairs | None
    by_content: bool
    changed: str


_DIALECT = frozenset(DialectOptions.__annotations__)
_READING = frozenset(ReadingOptions.__annotations__)


def wish(*, describe: bool = False, **given: Unpack[ReadingOptions]) -> Wish:
    """The wish that a call spells out.

    Args:
        describe: whether columns of plain tables are listed.
        **given: see :class:`ReadingOptions`.

    Raises:
        InputError: code ``bad_argument``.
        TypeError: an option has no such name.
    """
    from measurand.interop.plain import roles
    from measurand.interop.rows import Wish

    if unknown := sorted(set(given) - _READING):
        raise TypeError(f"no option {unknown[0]!r}; there are {', '.join(sorted(_READING))}")
    known = {"reruns": ("refuse", "repeats"), "changed": ("refuse", "leave-out")}
    for name, words in known.items():
        if given.get(name, words[0]) not in words:
            raise InputError(
                f"--{name} {given.get(name)}",
                hint=f"one of {', '.join(words)}",
                code="bad_argument",
            )
    return Wish(
        cluster=given.get("cluster"),
        by=names_of(given.get("by")),
        model=given.get("model"),
        reruns=given.get("reruns", "refuse"),
        columns=roles(pairs_of(given.get("map"), "map")),
        values=names_of(given.get("values")),
        label=names_of(given.get("label")),
        scale=_scale(pairs_of(given.get("scale"), "scale")),
        by_content=given.get("by_content", False),
        changed=given.get("changed", "refuse"),
        dialect=dialect(given),
        describe=describe,
    )


def dialect(given: Mapping[str, Any]) -> Dialect:
    """The dialect among options.

    Raises:
        InputError: code ``bad_argument``.
    """
    return dialect_of(**{k: v for k, v in given.items() if k in _DIALECT})


def _scale(given: Mapping[str, str]) -> dict[str, float]:
    import math

    numbers = {}
    for word, text in given.items():
        try:
            numbers[word] = float(text)
        except ValueError:
            numbers[word] = math.nan
        if not word or not math.isfinite(numbers[word]):
            raise InputError(
                f"--scale {word}={text}", hint="WORD=NUMBER, such as A=4", code="bad_argument"
            )
    return numbers


def rows_of(data: Any, wished: Wish) -> ItemRows:
    """Item rows of paths, of a frame, or as they were read before.

    Raises:
        InputError: what the reader raises.
    """
    from measurand.interop import plain
    from measurand.interop.read import of_logs, read

    if isinstance(data, Rows):
        return data.items
    several = isinstance(data, list | tuple) and bool(data) and all(map(is_path, data))
    if several or is_path(data):
        return read([Path(p) for p in (data if several else [data])], wished)
    table = responses_of(data, wished.dialect)
    notes: list[str] = []
    logs = [plain.of_responses(table, Path(NAME), wished, notes)]
    return of_logs(logs, [*notes, *plain.alike(logs)], wished)
