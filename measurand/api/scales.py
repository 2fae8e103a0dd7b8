"""Scales of a questionnaire, from anybody's responses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from measurand.api.frames import Source, is_path, responses_of
from measurand.api.result import Figure, Result, columns, figure
from measurand.api.wishes import DialectOptions
from measurand.dialects import dialect_of
from measurand.errors import InputError
from measurand.progress import Progress, Where, reporting

if TYPE_CHECKING:
    from measurand.reporting.document import Document


class Reliability(Result):
    """How reliable scales are."""

    _columns = columns(
        scale="text", figure="text", estimate="number", low="number", high="number",
        rows="count", reason="text",
    )  # fmt: skip

    def document(self) -> Document:
        """The page of ``measurand reliability``."""
        from measurand.scales.page import document

        return document(self.record)

    def __getitem__(self, scale: str) -> dict[str, Figure]:
        """Figures of a scale: ``found["conscientiousness"]["alpha"]``.

        Raises:
            InputError: code ``no_scale``; the hint names the scales.
        """
        known = {s["scale"]: s["figures"] for s in self.record["scales"]}
        if scale not in known:
            raise InputError(
                f"no scale {scale!r}", hint=f"one of {', '.join(map(str, known))}", code="no_scale"
            )
        return {name: figure(one) for name, one in known[scale].items()}

    def rows(self) -> list[dict[str, Any]]:
        """A row a scale and figure."""
        return [
            {
                "scale": s["scale"],
                "figure": name,
                "estimate": f["value"],
                "low": f["ci_lo"],
                "high": f["ci_hi"],
                "rows": f["n"],
                "reason": f["reason"],
            }
            for s in self.record["scales"]
            for name, f in s["figures"].items()
        ]


class Understood(Result):
    """What was understood of a table; nothing was computed."""

    def document(self) -> Document:
        """The page of ``--dry-run``."""
        from measurand import understanding

        found = self.record
        about = f"{self.about}; nothing was computed"
        return understanding.document(about, found["columns"], found["notes"])

    def __init__(self, record: dict[str, Any], about: str) -> None:
        super().__init__(record)
        self.about = about

    def rows(self) -> list[dict[str, Any]]:
        """A row a column."""
        return [{**c, "first": ", ".join(map(str, c["first"]))} for c in self.record["columns"]]


def reliability(
    responses: Source,
    *,
    key: str | Path | None = None,
    cluster: str | None = None,
    missing: Literal["pairwise", "listwise"] = "pairwise",
    resamples: int = 2000,
    seed: int = 42,
    dry_run: bool = False,
    progress: Where = None,
    **dialect: Unpack[DialectOptions],
) -> Reliability | Understood:
    """Alpha, lambda-6, omega and item statistics of scales, with intervals.

    Source: see docs/statistics.md; the figures are those of ``measurand reliability``.

    Args:
        responses: a CSV, Parquet or Excel file, or a frame: a row a respondent, a column an item.
        key: CSV with columns item, scale, keyed, minimum, maximum; without it all numeric columns
            are one scale.
        cluster: column that names the independently sampled unit.
        missing: ``pairwise`` or ``listwise``.
        resamples: bootstrap resamples.
        seed: start of the random streams.
        dry_run: say what was understood, compute nothing.
        progress: a callback, ``"stderr"``, or None for silence.
        **dialect: see :class:`measurand.api.wishes.DialectOptions`.

    Raises:
        InputError: a file, a cell or an argument cannot be used; the code says why.

    >>> import measurand
    >>> answers = {"q1": [1, 2, 4, 5], "q2": [2, 2, 5, 4], "q3": [1, 3, 4, 5]}
    >>> round(measurand.reliability(answers, resamples=0)["all items"]["alpha"].estimate, 3)
    0.946
    """
    from measurand import keying
    from measurand import responses as tables
    from measurand.scales.record import analyse, check_arguments, understood

    check_arguments(resamples, seed)
    written = dialect_of(**dialect)
    lines = None if key is None else keying.read_key(Path(key))
    if is_path(responses):
        wanted = None if lines is None else {line.item for line in lines} | {cluster or ""}
        table = tables.read_file(Path(responses), wanted, written)
    else:
        table = responses_of(responses, written)
    if lines is None:
        keyed = keying.without_key(table, cluster)
    else:
        keyed = keying.apply_key(table, lines, cluster)
    if dry_run:
        about = f"{table.name}: {table.n_rows:,} rows, {len(table.names):,} columns"
        return Understood(understood(table, keyed, cluster), about)
    with reporting(progress), Progress("reliability", len(keyed.scales), "scales") as shown:
        record = analyse(
            keyed,
            cluster=cluster,
            missing=missing,
            resamples=resamples,
            seed=seed,
            on_scale=shown.advance,
        )
    return Reliability(record)
