"""Tables that were written as one JSON value: which shapes there are, and their rows.

Read are a list of records; one list of records among other fields; ``{"columns": [...], "data":
[[...]]}`` (pandas' ``split``, tables of Weights & Biases and MLflow); columns as lists; columns by
row number (pandas' ``columns``); records by their id. What could be two of them is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from measurand.errors import InputError
from measurand.texts import scrub

Row = dict[str, Any]
ID = "id"
"""Column of the names of records that are held by name."""
EXACT = 2.0**53
"""A whole number from here on is not told from its neighbours in a double."""
_MARK = b"\xef\xbb\xbf"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NULL = re.compile(rb"(?:\A|\n)\s*null")
_MORE = ("has_more", "next", "next_page", "next_page_token", "nextPageToken", "next_cursor")
"""Fields of an answer that is one page of several."""
_SHAPES = "give a list of objects, or one object a line"


def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its pairs, as ``object_pairs_hook`` of :mod:`json` wants it.

    Raises:
        ValueError: a key is given twice, with the key.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} is given twice")
    return found


def table_of(data: bytes, name: str, said: list[str]) -> pa.Table:
    """The table that one JSON value holds, or lines of them.

    Args:
        data: text in UTF-8.
        name: of the file, for messages.
        said: gets a sentence for what is not plain.

    Raises:
        InputError: code ``bad_json``, or as :func:`rows_of`.
    """
    text = data.removeprefix(_MARK)
    try:
        found = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith(b"{") and b"\n" in text.strip():
            return of_lines(data, name)
        raise InputError(
            f"{name}: no JSON: {error}"[:300], hint="write it again", code="bad_json"
        ) from error
    rows = rows_of(found, name, said)
    if wrong := next((at for at, row in enumerate(rows, 1) if not isinstance(row, dict)), None):
        raise InputError(
            f"{name}: row {wrong} is no record", hint="fields by name", code="bad_json"
        )
    if not rows:
        return pa.table({})
    return of_lines("\n".join(map(json.dumps, rows)).encode(), name)


def of_lines(data: bytes, name: str) -> pa.Table:
    """A row a line of JSON.

    Texts stay texts, though they look like dates, and whole numbers keep all their digits.

    Raises:
        InputError: code ``bad_json``.
    """
    text = data.removeprefix(_MARK)
    # pyarrow's reader ends the process at a first line of null.
    if (found := _NULL.search(text)) is not None:
        line = text.count(b"\n", 0, found.end()) + 1
        raise InputError(
            f"{name}: line {line} is null and no record", hint="leave it out", code="bad_json"
        )
    try:
        text = _storable(text)
        table = _lines(text, None)
        every = zip(table.column_names, table.columns, strict=True)
        wanted = pa.schema([pa.field(title, _as_written(column)) for title, column in every])
        if wanted != table.schema:
            table = _lines(text, wanted)
    except (pa.ArrowException, ValueError, RecursionError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{name}: no lines of JSON: {first}"[:300],
            hint="one record a line, with the same kind of value in a field of all",
            code="bad_json",
        ) from error
    return table


def _lines(data: bytes, schema: pa.Schema | None) -> pa.Table:
    from pyarrow import json as lines

    return lines.read_json(
        pa.BufferReader(data),
        lines.ReadOptions(use_threads=False, block_size=max(len(data), 1)),
        lines.ParseOptions(explicit_schema=schema),
    )


def _storable(text: bytes) -> bytes:
    """Lines without lone surrogates, which a cut through a character leaves."""
    if not _SURROGATE.search(text):
        return text
    return b"\n".join(
        json.dumps(scrub(json.loads(line, object_pairs_hook=once))).encode()
        if _SURROGATE.search(line)
        else line
        for line in text.split(b"\n")
    )


def _as_written(column: pa.ChunkedArray) -> pa.DataType:
    """The type that keeps what the text says, where pyarrow chose one that does not."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        parts = zip(kind, column.flatten(), strict=True)
        return pa.struct([pa.field(f.name, _as_written(part)) for f, part in parts])
    if pa.types.is_list(kind):
        inner = pa.chunked_array([chunk.flatten() for chunk in column.chunks], kind.value_type)
        return pa.list_(pa.field(kind.value_field.name, _as_written(inner)))
    if not pa.types.is_floating(kind):
        return kind
    some = column.drop_null()
    whole = pc.all(pc.equal(pc.floor(some), some)).as_py()
    size = pc.max(pc.abs(some)).as_py()
    return pa.decimal128(38, 0) if whole and size is not None and EXACT <= size < 1e37 else kind


def rows_of(found: Any, name: str, said: list[str]) -> list[Any]:
    """The rows of a JSON value, in its order.

    Args:
        found: the value.
        name: of the file, for messages.
        said: gets a sentence for what is not plain.

    Returns:
        Records; in a list of other things, these as they are.

    Raises:
        InputError: code ``no_rows``: it holds none, several tables, or rows of unequal length;
            ``ambiguous``: rows and columns could be each other.
    """
    if isinstance(found, list):
        return found
    if not isinstance(found, dict) or not found:
        raise _refused(f"{name} holds no rows")
    names, data = found.get("columns"), found.get("data")
    if isinstance(names, list) and _strings(names) and isinstance(data, list):
        return _split(names, data, name)
    tables = [key for key, value in found.items() if _records(value)]
    if len(tables) == 1:
        if others := [key for key in found if key != tables[0]]:
            said.append(
                f"{name}: rows are those of {tables[0]!r}; other fields are left out "
                f"({', '.join(map(repr, others[:4]))})."
            )
        if more := [key for key in found if key in _MORE and found[key]]:
            said.append(
                f"{name}: it is one page of several ({more[0]!r}); rows of others are missing."
            )
        return list(found[tables[0]])
    if tables:
        raise _refused(f"{name} holds several lists of records: {', '.join(tables[:5])}")
    values = list(found.values())
    if all(isinstance(value, list) for value in values):
        return _columns(found, name)
    if all(isinstance(value, dict) for value in values):
        return _of_objects(found, name, said)
    inner = [value for value in values if isinstance(value, dict) and len(value) > 1]
    if len(inner) == 1 and all(isinstance(row, dict) for row in inner[0].values()):
        field = next(key for key, value in found.items() if value is inner[0])
        said.append(f"{name}: rows are those of {field!r}; other fields are left out.")
        return _of_objects(inner[0], name, said)
    return [found]


def _split(names: Sequence[str], data: Sequence[Any], name: str) -> list[Row]:
    if wrong := next(
        (
            at
            for at, row in enumerate(data, 1)
            if not isinstance(row, list) or len(row) != len(names)
        ),
        None,
    ):
        raise _refused(f"{name}: row {wrong} of 'data' has not one cell a column")
    if len(set(names)) < len(names):
        raise _refused(f"{name}: 'columns' names one twice")
    return [dict(zip(names, row, strict=True)) for row in data]


def _columns(found: Mapping[str, list[Any]], name: str) -> list[Row]:
    if len({len(value) for value in found.values()}) > 1:
        raise _refused(f"{name}: its columns have different lengths")
    return [dict(zip(found, cells, strict=True)) for cells in zip(*found.values(), strict=True)]


def _of_objects(found: Mapping[str, Row], name: str, said: list[str]) -> list[Row]:
    """Columns by row number, or records by their id."""
    inner = list(dict.fromkeys(key for value in found.values() for key in value))
    columns = _numbered(inner)
    if columns and _numbered(list(found)):
        raise InputError(
            f"{name}: objects of objects, both named by numbers: which are the rows?",
            hint=_SHAPES,
            code="ambiguous",
        )
    if columns:
        if any(list(value) != inner for value in found.values()):
            raise _refused(f"{name}: its columns have different rows")
        return [{title: found[title][key] for title in found} for key in inner]
    if any(isinstance(value, dict | list) for row in found.values() for value in row.values()) and (
        len(found) < 2
    ):
        return [dict(found)]
    title = ID if ID not in inner else "key"
    said.append(f"{name}: records by their names, which are column {title!r}.")
    return [{title: key, **row} for key, row in found.items()]


def _numbered(keys: Sequence[str]) -> bool:
    return bool(keys) and all(re.fullmatch(r"\d+", key) for key in keys)


def _records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _strings(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(x, str) for x in value)


def _refused(what: str) -> InputError:
    return InputError(what, hint=_SHAPES, code="no_rows")
