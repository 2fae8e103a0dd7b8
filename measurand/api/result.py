"""What a verb found: figures as attributes, the record as JSON, a page for a notebook."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from measurand.errors import CapabilityError
from measurand.outputs import as_json, drawn

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from measurand.api.pictures import Svg
    from measurand.reporting.document import Document


Kind = Literal["text", "number", "count"]
"""What a column holds."""


def columns(**kinds: Kind) -> Mapping[str, Kind]:
    """Columns of a table, in their order, and what they hold."""
    return kinds


@dataclass(frozen=True)
class Figure:
    """A figure with its uncertainty, or the reason why there is none.

    Attributes:
        estimate: the figure, None where it is undefined.
        low: lower end of the 95% interval.
        high: upper end of it.
        n: rows or items used.
        clusters: independent units behind them; None where rows are independent.
        reason: why estimate or interval are None.
        method: how both were made, in words.
        se: standard error.

    >>> Figure(0.5, 0.4, 0.6, 100)
    0.50 [0.40, 0.60]
    >>> Figure(None, reason="no rows")
    undefined (no rows)
    """

    estimate: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    clusters: int | None = None
    reason: str | None = None
    method: str = ""
    se: float | None = None

    def __repr__(self) -> str:
        """The figure in a line, with the digits that its interval leaves."""
        from measurand.reporting.text import decimals

        if self.estimate is None:
            return f"undefined ({self.reason})"
        if self.low is None or self.high is None:
            why = (self.reason or "unknown").removeprefix("no interval: ")
            return f"{self.estimate:.4g} (no interval: {why})"
        places = decimals(self.estimate, self.low, self.high)
        low, estimate, high = (f"{x:.{places}f}" for x in (self.low, self.estimate, self.high))
        return f"{estimate} [{low}, {high}]"


def figure(found: Mapping[str, Any]) -> Figure:
    """The figure of an estimate in a record."""
    return Figure(
        estimate=found["value"],
        low=found["ci_lo"],
        high=found["ci_hi"],
        n=found["n"],
        clusters=found["n_clusters"],
        reason=found["reason"],
        method=found["method"],
        se=found["se"],
    )


class Result(ABC):
    """What a verb found.

    Attributes:
        record: plain JSON values; a copy is what :meth:`to_dict` gives.
    """

    #: Columns of the main table, so that their types do not hang on which figures are undefined;
    #: where none are told, the rows say.
    _columns: ClassVar[Mapping[str, Kind]] = {}

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = dict(record)

    @abstractmethod
    def document(self) -> Document:
        """The page that all formats are drawn from."""

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """The main table, a dictionary a row."""

    def to_dict(self) -> dict[str, Any]:
        """The record, as the command line's JSON has it."""
        import copy

        return copy.deepcopy(self.record)

    def to_json(self) -> str:
        """The command line's JSON, byte for byte."""
        return as_json(self.record)

    def render(self, form: str = "text") -> str:
        """``text``, ``json``, ``md`` or ``html``, as ``--format`` names them."""
        return self.to_json() if form == "json" else drawn(self.document(), form)

    def to_arrow(self) -> pa.Table:
        """The main table as a pyarrow table."""
        import pyarrow as pa

        types = {"text": pa.string(), "number": pa.float64(), "count": pa.int64()}
        declared = [(name, types[kind]) for name, kind in self._columns.items()]
        return pa.Table.from_pylist(self.rows(), schema=pa.schema(declared) if declared else None)

    def to_polars(self) -> pl.DataFrame:
        """The main table as a polars frame.

        Raises:
            CapabilityError: code ``missing_extra``: polars is not installed.
        """
        _there("polars")
        import polars as pl

        found = pl.from_arrow(self.to_arrow())
        assert isinstance(found, pl.DataFrame)
        return found

    def to_pandas(self) -> pd.DataFrame:
        """The main table as a pandas frame.

        Raises:
            CapabilityError: code ``missing_extra``: pandas is not installed.
        """
        _there("pandas")
        found: pd.DataFrame = self.to_arrow().to_pandas()
        return found

    def plot(self, kind: str | None = None) -> Svg:
        """The first picture of the page, or the first of a kind.

        Args:
            kind: ``forest``, ``histogram``, ...; any without.

        Raises:
            InputError: code ``no_picture``; the hint names the kinds that the page has.
        """
        from measurand.api.pictures import picture

        return picture(self.document(), kind)

    def _repr_html_(self) -> str:
        """The first screen of the page, for a notebook."""
        from measurand.api.pictures import first_screen

        return first_screen(self.document())

    def _repr_markdown_(self) -> str:
        return drawn(self.document(), "md")

    def __repr__(self) -> str:
        """A few lines for a terminal."""
        lines = self.render("text").splitlines()
        more = f"... {len(lines) - 24} more lines: print(x.render())" if len(lines) > 24 else ""
        return "\n".join([*lines[:24], *([more] if more else [])])


def _there(package: str) -> None:
    """Name what is missing before pyarrow does, in other words; no extra is needed for it."""
    if importlib.util.find_spec(package) is None:
        raise CapabilityError(
            f"to_{package}() needs the package {package}, which is not installed",
            hint=f"pip install {package}, or take to_arrow()",
            code="missing_extra",
        )
