"""The comparison as a document, and as Markdown that fits into a pull request's comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from measurand.interop.account import lines
from measurand.reporting.document import Block, Cell, Document, Section, Table, Text
from measurand.reporting.markdown import to_markdown

Record = Mapping[str, Any]
ALPHA = 0.05
LIMIT = 65_536
"""Characters that a comment on GitHub may have."""
LEAST = 60
"""Characters that no row of a table has fewer of."""
_COLUMNS = ("figure", "A", "B", "change", "n", "p (Holm)", "p (BH)", "smallest detectable",
            "finding")  # fmt: skip


def document(record: Record, rows: int | None = None) -> Document:
    """What changed, what could have been seen, what cannot be told.

    Args:
        record: as from :func:`measurand.comparison.record.compare`.
        rows: most rows of a table; findings are kept before others. All of them by default.
    """
    sections = [Section("In short", (Text(_summary(record)),))]
    for title, family, intro in (
        ("Metrics, paired by item", record["metrics"], _PAIRED),
        ("Slices, paired by item", record["slices"], ""),
        ("Other statistics that changed", record["statistics"], _UNPAIRED),
    ):
        if family:
            sections.append(Section(title, (_table(title, family, rows),), intro))
    seen = _seen(record["metrics"], rows)
    if seen:
        sections.append(Section("What this sample could have seen", tuple(seen)))
    left = [line for side in "ab" for line in lines(record["account"][side])]
    if record["notes"] or left:
        notes = _list([f"- {note}" for note in (*record["notes"], *left)], rows)
        sections.append(Section("What could not be compared", (Text(notes),)))
    sections.append(Section("Method", (Text(_METHOD),)))
    return Document(
        title="Comparison",
        subtitle=f"A: {record['a']}; B: {record['b']}; a change is B - A",
        verdict=None,
        sections=tuple(sections),
        provenance={k: record[k] for k in ("version", "a", "b")},
    )


def markdown(record: Record, limit: int = LIMIT) -> str:
    """The document in at most ``limit`` characters: rows without a finding go first."""
    rows = max(len(record[k]) for k in ("metrics", "slices", "statistics", "notes"))
    # No more rows than could fit are ever drawn.
    rows = min(rows, limit // LEAST)
    text = to_markdown(document(record, rows))
    while len(text) > limit and rows > 0:
        rows = rows * 2 // 3
        text = to_markdown(document(record, rows))
    return text if len(text) <= limit else text[: limit - 20] + "\n\n(cut off here)\n"


_PAIRED = "The same items on both sides; the interval allows for clusters where there are any."
_UNPAIRED = (
    "These figures are no means over items. Their intervals add the standard errors of the sides "
    "as if the samples were independent; over the same items they are usually too wide."
)
_METHOD = (
    "Paired changes: mean over items of B - A, repeats averaged within the item first, "
    "cluster-robust error (CR1) with Student's t; McNemar's mid-p for single 0/1 answers to "
    "independent items, else the t test. p values are adjusted within each table: Holm holds the "
    "chance of any false finding, BH (Benjamini-Hochberg) the share of false ones. A finding is p "
    "(Holm) at most .05. Smallest detectable: the change that such a sample finds in four of five "
    "tries (80% power, two-sided 5%)."
)


def finding(row: Record) -> str:
    """What a row shows, in words."""
    value, p = row["difference"]["value"], row["p_holm"]
    if value is None:
        return "undefined"
    if p is None:
        return "the same" if value == 0 else "changed, no test"
    if p <= ALPHA:
        return "higher" if value > 0 else "lower"
    return "no change shown"


def _order(row: Record) -> tuple[bool, float, str]:
    p = row["p_holm"]
    found = finding(row) in ("higher", "lower", "changed, no test", "undefined")
    return not found, 2.0 if p is None else p, row["metric"] + row["slice"] + row["model"]


def _table(title: str, family: Sequence[Record], most: int | None) -> Table:
    ordered = sorted(family, key=_order)
    shown = ordered if most is None else ordered[:most]
    left = len(ordered) - len(shown)
    hidden = sum(finding(r) in ("higher", "lower") for r in ordered[len(shown) :])
    notes = (f"{left:,} more rows are not shown, {hidden} of them with a finding.",) if left else ()
    return Table(title, _COLUMNS, tuple(map(_row, shown)), notes)


def _row(row: Record) -> tuple[Cell, ...]:
    change = row["difference"]
    name = f"{row['metric']} [{row['slice']}]" if row["slice"] else row["metric"]
    cell: Cell = {
        "estimate": change["value"],
        "lower": change["ci_lo"],
        "upper": change["ci_hi"],
        "reason": change["reason"],
    }
    if change["value"] is not None and change["ci_lo"] is None:
        cell = {"value": change["value"], "reason": None}
    return (
        {"text": name, "detail": f"{row['system']}, {row['model']}"},
        row["mean_a"],
        row["mean_b"],
        cell,
        change["n"],
        row["p_holm"],
        row["p_bh"],
        row["smallest_detectable"],
        finding(row),
    )


def _summary(record: Record) -> str:
    lines = []
    for what, family in (
        ("metrics", record["metrics"]),
        ("slices", record["slices"]),
        ("other statistics", record["statistics"]),
    ):
        words = [finding(row) for row in family]
        higher, lower = words.count("higher"), words.count("lower")
        if family:
            lines.append(
                f"- {what.capitalize()}: {len(family):,} compared, {higher} higher in B, {lower} "
                f"lower, {len(family) - higher - lower:,} without a change shown."
            )
    same = record["unchanged_statistics"]
    if same:
        lines.append(f"- Statistics equal to six digits: {same:,}.")
    for side in ("a", "b"):
        count = record[f"only_in_{side}"]
        if count:
            lines.append(f"- Statistics in {side.upper()} only: {count:,}.")
    return "\n".join(lines) or "Nothing could be compared."


def _list(lines: Sequence[str], most: int | None) -> str:
    left = 0 if most is None else max(len(lines) - most, 0)
    more = [f"- {left:,} more are not shown."] if left else []
    return "\n".join([*lines[: len(lines) - left], *more])


def _seen(metrics: Sequence[Record], most: int | None) -> list[Block]:
    """One line a metric, those of the table's first rows first."""
    lines = []
    for row in sorted(metrics, key=_order):
        change, least = row["difference"], row["smallest_detectable"]
        name = f"{row['metric']} of {row['model']}"
        if least is None and change["se"] is None and change["ci_lo"] is not None:
            lines.append(
                f"- {name}: all {change['n']:,} items changed alike, so there is no standard "
                f"error; a change below {change['ci_lo']:.3g} or above {change['ci_hi']:.3g} is "
                "ruled out."
            )
            continue
        if least is None:
            lines.append(f"- {name}: nothing, {change['reason'] or 'there is no standard error'}.")
            continue
        r = row["correlation"]
        gain = f" (the pairs correlate with r = {r:.2f})" if r is not None else ""
        units = change["n_clusters"]
        over = f"{change['n']:,} items" + (f" in {units:,} clusters" if units else "")
        lines.append(
            f"- {name}: with {over} a change of {least:.3g} or more is found in four of five "
            f"tries{gain}; a smaller one may have happened unseen."
        )
    return [Text(_list(lines, most))] if lines else []
