"""Item rows as a value that may be analysed more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from measurand.api.result import Result

if TYPE_CHECKING:
    import pyarrow as pa

    from measurand.interop.rows import ItemRows
    from measurand.reporting.document import Document


class Rows(Result):
    """Item rows as they were read, with an account of everything given.

    Attributes:
        items: the rows, their origin, notes and account.
    """

    def __init__(self, rows: ItemRows) -> None:
        from measurand.analysis.understood import record

        super().__init__(record(rows))
        self.items = rows

    def document(self) -> Document:
        """What was understood, and the first rows."""
        from measurand.analysis.understood import document

        return document(self.items)

    def rows(self) -> list[dict[str, Any]]:
        """All item rows, a dictionary each."""
        found: list[dict[str, Any]] = self.items.table.to_pylist()
        return found

    def to_arrow(self) -> pa.Table:
        """All item rows, in the columns of :data:`measurand.results.RESULTS`."""
        return self.items.table
