"""A scoring key in other people's spelling: capitals in its header, ``+`` and ``-`` for signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from measurand.columns import labels
from measurand.responses import Responses

KEYED, LABELS = "keyed", "labels"
_SIGNS = {"+": "1", "-": "-1", "\N{MINUS SIGN}": "-1", "\N{EN DASH}": "-1"}


def spelled(table: Responses, columns: Sequence[str]) -> Responses:
    """The key with its columns named in small letters and its signs as numbers.

    Args:
        table: the key as its file has it.
        columns: names that it has to have.
    """
    own = {*columns, LABELS}
    small = [name.lower() if name.lower() in own else name for name in table.names]
    if len(set(small)) == len(small):
        table = replace(table, names=tuple(small))
    if KEYED not in table.names:
        return table
    texts = labels(table.column(KEYED), missing=("",))
    if not any(text in _SIGNS for text in texts):
        return table
    signs = pa.chunked_array([[_SIGNS.get(str(text), text) for text in texts]], pa.string())
    at = table.names.index(KEYED)
    return replace(table, columns=(*table.columns[:at], signs, *table.columns[at + 1 :]))
