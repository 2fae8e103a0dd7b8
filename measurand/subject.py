"""What the statistics of one model are made from, and the rows that they become."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

import pyarrow as pa

from measurand.results import Rows, StatisticRow
from measurand.statistics import statistic_row
from measurand.stats.estimate import Estimate

if TYPE_CHECKING:
    import polars as pl

CONTROLS = ("synthetic:", "oracle:")
"""How the names of respondents and readers begin whose answers are known beforehand."""


@dataclass(frozen=True)
class Subject:
    """Whose figures they are. A system's own subject adds its tables.

    Attributes:
        scripts: names of a system's further controls, which begin with none of ``CONTROLS``.
        system: the measuring system.
        model: model string.
        seed: seed of the report's resampling.
        resamples: bootstrap resamples B.
    """

    system: str
    model: str
    seed: int
    resamples: int
    scripts: ClassVar[Collection[str]] = ()

    @property
    def is_control(self) -> bool:
        """Whether it is a control of the instrument rather than what is measured."""
        return self.model.startswith(CONTROLS) or self.model in self.scripts

    def words(self, *more: str) -> tuple[str | int, ...]:
        """Seed words of a statistic; the model is none of them, so all see the same resamples."""
        return (self.system, self.seed, *more)

    def row(
        self,
        metric: str,
        parts: Mapping[str, str],
        estimate: Estimate,
        reliability: float | None = None,
    ) -> StatisticRow:
        """A row of the statistics table."""
        return statistic_row(self.system, self.model, metric, parts, estimate, reliability)

    def scored(
        self,
        parts: Mapping[str, str],
        figures: Mapping[str, Estimate],
        name: str | None,
        reliability: Estimate,
    ) -> Rows:
        """Rows of scores made of the same values, each with the reliability of these.

        The reliability itself follows as a row, its slice saying ``of`` which score: the first.

        Args:
            parts: slice of the scores.
            figures: scores by metric.
            name: metric of the reliability; None where it has no row of its own.
            reliability: of the values behind the scores.
        """
        for metric, estimate in figures.items():
            yield self.row(metric, parts, estimate, reliability.value)
        if name is not None:
            yield self.row(name, {**parts, "of": next(iter(figures))}, reliability)


S = TypeVar("S", bound=Subject)


def measured(everyone: Iterable[S]) -> list[S]:
    """Those that a report is about: all but the controls; the controls where nothing else ran."""
    found = list(everyone)
    return [one for one in found if not one.is_control] or found


def in_order(found: Collection[str], listed: Iterable[str]) -> list[str]:
    """Those found: the listed ones in the order of the list, then the rest, sorted."""
    first = [name for name in dict.fromkeys(listed) if name in found]
    return first + sorted(set(found) - set(first))


def frame(table: pa.Table) -> pl.DataFrame:
    """An Arrow table as a polars frame."""
    import polars as pl

    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found
