"""Frames as people have them: anything that speaks Arrow, plain columns, arrays, lists of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from measurand.dialects import Dialect
    from measurand.responses import Responses

Source = Any
"""A path, or a frame: polars, pandas, pyarrow, DuckDB, ``datasets.Dataset``, a dictionary of
columns, a list of dictionaries, a two-dimensional numpy array."""
NAME = "frame"
_NOT_YET = {
    "LazyFrame": "collect it first: frame.collect()",
    "DatasetDict": "choose a split: frame['train']",
    "IterableDatasetDict": "choose a split, and load it whole: streaming=False",
    "IterableDataset": "load it whole: streaming=False",
}
"""Types that hold frames or become one, and how."""


def is_path(data: Source) -> bool:
    """Whether it names a file, folder or revision."""
    return isinstance(data, str | Path)


def table_of(data: Source, name: str = NAME) -> pa.Table:
    """The frame as an Arrow table; columns are not copied where the frame can lend them.

    Args:
        data: any of :data:`Source` but a path.
        name: what to call it in an error.

    Raises:
        InputError: code ``not_a_frame`` where it is none of these, ``duplicate_columns``, or
            ``bad_frame`` where Arrow cannot hold what is in it.
    """
    import pyarrow as pa

    if (hint := _NOT_YET.get(type(data).__name__)) is not None:
        raise _no_frame(data, name, hint)
    data = _with_names(data, name)
    try:
        if isinstance(data, pa.Table):
            return data
        if hasattr(data, "__arrow_c_stream__"):
            return pa.table(data)
        if hasattr(data, "with_format") and hasattr(data, "column_names"):  # datasets.Dataset
            return pa.table(data.with_format("arrow")[:])
        if isinstance(data, Mapping):
            return pa.table({str(k): _column(v) for k, v in data.items()})
        if hasattr(data, "ndim") and hasattr(data, "dtype"):
            return _of_array(data, name)
        if isinstance(data, Sequence) and all(isinstance(r, Mapping) for r in data):
            return pa.Table.from_pylist([dict(r) for r in data])
    except (pa.ArrowException, TypeError, ValueError, OverflowError, UnicodeError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise InputError(
            f"{name}: Arrow cannot hold it: {why}",
            hint="give columns of one type each: numbers below 2**63, Unicode text, booleans",
            code="bad_frame",
        ) from error
    raise _no_frame(
        data,
        name,
        "give a path, a frame (polars, pandas, pyarrow, DuckDB), a dictionary of columns, a list "
        "of dictionaries or a two-dimensional array",
    )


def _no_frame(data: Source, name: str, hint: str) -> InputError:
    return InputError(f"{name} is a {type(data).__name__}", hint=hint, code="not_a_frame")


def _column(values: Any) -> Any:
    """A series lends its values; Arrow would read them one by one."""
    import pyarrow as pa

    return pa.chunked_array(values) if hasattr(values, "__arrow_c_stream__") else values


def _with_names(data: Source, name: str) -> Source:
    """Pandas may name columns by numbers, two of them alike, or each by several words."""
    columns = getattr(data, "columns", None)
    if columns is None or not hasattr(columns, "is_unique"):
        return data
    if getattr(columns, "nlevels", 1) > 1:
        raise InputError(
            f"{name}: columns have {columns.nlevels} levels of names",
            hint="give each column one name: frame.columns = ['_'.join(c) for c in frame.columns]",
            code="bad_frame",
        )
    if columns.inferred_type != "string":
        columns = columns.map(str)
        data = data.set_axis(columns, axis=1)
    if not columns.is_unique:
        twice = sorted({str(c) for c in columns[columns.duplicated()]})
        raise InputError(
            f"{name}: columns named twice: {', '.join(twice[:5])}",
            hint="give every column a name of its own",
            code="duplicate_columns",
        )
    return data


def _of_array(data: Any, name: str) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    array = np.asarray(data)
    if array.ndim != 2:
        raise InputError(
            f"{name} has {array.ndim} dimensions",
            hint="rows are respondents, units or items; columns are what they have",
            code="not_a_frame",
        )
    width = len(str(array.shape[1] - 1))
    return pa.table({f"c{j:0{width}d}": array[:, j] for j in range(array.shape[1])})


def responses_of(data: Source, dialect: Dialect, name: str = NAME) -> Responses:
    """A path or a frame as the readers of tables take it.

    Raises:
        InputError: as :func:`table_of`, or as :func:`measurand.responses.read_file`.
    """
    from measurand import responses

    if is_path(data):
        return responses.read_file(Path(data), dialect=dialect)
    return responses.of_table(table_of(data, name), name, dialect)
