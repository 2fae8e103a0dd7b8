"""Figures of the statistics table, looked up for tables and pictures of a report."""

from __future__ import annotations

from typing import Any, cast

import pyarrow as pa

from measurand.reporting.document import Cell
from measurand.reporting.worth import WORTH, worth
from measurand.results import StatisticRow, slice_text
from measurand.statistics import EXACT


class Figures:
    """The statistics table, by model, metric and slice."""

    def __init__(self, statistics: pa.Table) -> None:
        rows = cast("list[StatisticRow]", statistics.to_pylist())
        self._rows = {(row["model"], row["metric"], row["slice"]): row for row in rows}

    @property
    def models(self) -> list[str]:
        """Models that have any figure, in the order of the table."""
        return list(dict.fromkeys(model for model, _, _ in self._rows))

    def get(self, model: str, metric: str, **parts: str) -> StatisticRow | None:
        """The row, None where the statistic was not made."""
        return self._rows.get((model, metric, slice_text(parts)))

    def value(self, model: str, metric: str, **parts: str) -> float | None:
        """The estimate, None where undefined or not made."""
        row = self.get(model, metric, **parts)
        return None if row is None else row["estimate"]

    def cell(self, model: str, metric: str, **parts: str) -> Cell:
        """A table cell: estimate with interval, or null with its reason."""
        row = self.get(model, metric, **parts)
        if row is None:
            return {"value": None, "reason": "not asked"}
        if row["ci_lo"] is None or row["method"] == EXACT:
            # An estimate without interval needs no note: the interval's reason stands in the data.
            reason = row["reason"] if row["estimate"] is None else None
            return {"value": row["estimate"], "reason": reason}
        return {
            "estimate": row["estimate"],
            "lower": row["ci_lo"],
            "upper": row["ci_hi"],
            "reason": row["reason"],
            **_worth(row),
        }

    def dot(self, label: str, model: str, metric: str, **parts: str) -> dict[str, Any]:
        """A row of a forest plot."""
        row = self.get(model, metric, **parts)
        if row is None:
            return {"label": label, "estimate": None, "lower": None, "upper": None,
                    "reason": "not asked"}  # fmt: skip
        return {
            "label": label,
            "estimate": row["estimate"],
            "lower": row["ci_lo"],
            "upper": row["ci_hi"],
            "reason": row["reason"],
            **_worth(row),
        }

    def point(
        self, panel: str, series: str, x: float, model: str, metric: str, **parts: str
    ) -> dict[str, Any]:
        """A row of curves."""
        dot = self.dot("", model, metric, **parts)
        del dot["label"]
        return {"panel": panel, "series": series, "x": x, **dot}

    def metrics(self, model: str, metric: str) -> list[StatisticRow]:
        """All rows of one metric of one model, in the order of their slices."""
        found = [r for (m, name, _), r in self._rows.items() if m == model and name == metric]
        return sorted(found, key=lambda r: r["slice"])


def _worth(row: StatisticRow) -> dict[str, str]:
    words = worth(row)
    return {} if words is None else {WORTH: words}
