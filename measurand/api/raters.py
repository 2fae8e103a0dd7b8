"""Raters, judges and repeats, from anybody's ratings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from measurand.api.frames import Source, responses_of
from measurand.api.result import Figure, Result, columns, figure
from measurand.api.wishes import DialectOptions, Pairs, names_of, pairs_of
from measurand.dialects import dialect_of

if TYPE_CHECKING:
    from measurand.reporting.document import Document


class Agreement(Result):
    """How far raters agree."""

    _columns = columns(
        figure="text", estimate="number", low="number", high="number", units="count",
        reason="text",
    )  # fmt: skip

    def document(self) -> Document:
        """The page of ``measurand agreement``."""
        from measurand.raters.page import document

        return document(self.record)

    def __getitem__(self, name: str) -> Figure:
        """A figure: ``alpha``, and of numbers ``icc_1``, ``icc_a1``, ``icc_c1``."""
        return figure(self.record["figures"][name])

    def rows(self) -> list[dict[str, Any]]:
        """A row a figure."""
        return [
            {
                "figure": name,
                "estimate": f["value"],
                "low": f["ci_lo"],
                "high": f["ci_hi"],
                "units": f["n"],
                "reason": f["reason"],
            }
            for name, f in self.record["figures"].items()
        ]


def agreement(
    table: Source,
    *,
    raters: str | Sequence[str] = (),
    map: Pairs | None = None,
    level: str | None = None,
    cluster: str | None = None,
    resamples: int = 2000,
    seed: int = 42,
    **dialect: Unpack[DialectOptions],
) -> Agreement:
    """Krippendorff's alpha, intraclass correlations, kappa of each pair; gaps allowed.

    Source: see docs/statistics.md; the figures are those of ``measurand agreement``.

    Args:
        table: a file or a frame with a row a unit and a column a rater, or a row a rating.
        raters: the raters' columns.
        map: of a table with a row a rating: columns of unit, rater, value.
        level: nominal, ordinal, interval or ratio.
        cluster: column that names the independently sampled unit.
        resamples: bootstrap resamples.
        seed: start of the random streams.
        **dialect: see :class:`measurand.api.wishes.DialectOptions`.

    Raises:
        InputError: a file, a cell or an argument cannot be used; the code says why.

    >>> import measurand
    >>> ratings = {"anna": [1, 2, 3, 3, 2], "ben": [1, 2, 3, 3, 1], "cara": [None, 3, 3, 3, 2]}
    >>> round(measurand.agreement(ratings, resamples=0)["alpha"].estimate, 3)
    0.79
    """
    from measurand.raters.record import analyse, read, roles
    from measurand.scales.record import check_arguments

    check_arguments(resamples, seed)
    written = dialect_of(**dialect)
    found = responses_of(table, written)
    ratings = read(found, names_of(raters), roles(pairs_of(map, "map")), cluster)
    return Agreement(analyse(ratings, level, cluster=cluster, resamples=resamples, seed=seed))
