"""The record of a new parser as a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from measurand.analysis.cells import interval, value
from measurand.reporting.document import Block, Document, Section, Table, Text

Record = Mapping[str, Any]
NO_OLD = "the table has no scores: name them with --map value=COLUMN"
METHOD = (
    "An answer that nothing was read out of is no wrong answer: its share stands alone, and means "
    "are shown with these answers as wrong and without them. Differences are new minus old on the "
    "same answers, those that were not read counted as wrong; p by McNemar's mid-p where answers "
    "are single and items independent, else by t. Intervals are those of `measurand analyse`."
)


def document(record: Record) -> Document:
    """Old and new side by side, what changed, how it was done."""
    blocks: list[Block] = [_sides(record)]
    if record["models"] and record["models"][0]["old"] is not None:
        blocks.append(_differences(record))
    else:
        blocks.append(Text(f"No difference: {NO_OLD}."))
    sections = [Section("Scores", tuple(blocks))]
    if record["changed_shown"]:
        sections.append(Section("Answers whose score changed", (_changed(record),)))
    sections.append(Section("Method", (Text(METHOD),)))
    return Document(
        "Stored answers scored anew",
        f"{record['answers']}: {record['rows']:,} answers; parser: {record['parser']}",
        None,
        tuple(sections),
    )


def _sides(record: Record) -> Table:
    rows = tuple(
        (m["model"], name, interval(side["mean"]), interval(side["of_read"]),
         interval(side["unread"]), side["n_unread"])
        for m in record["models"]
        for name, side in (("new", m["new"]), ("old", m["old"]))
        if side is not None
    )  # fmt: skip
    columns = ("model", "parser", "mean, not read as wrong", "mean of those read",
               "share not read", "not read")  # fmt: skip
    return Table("Means and answers that were not read", columns, rows)


def _differences(record: Record) -> Table:
    rows = tuple(
        (m["model"], interval(m["difference"]["difference"]),
         value(m["difference"]["p"], m["difference"]["p_reason"]), m["gained"], m["lost"])
        for m in record["models"]
    )  # fmt: skip
    columns = ("model", "new - old", "p", "answers that gained", "that lost")
    return Table("What the parser changes", columns, rows)


def _changed(record: Record) -> Table:
    none = "nothing was read"
    rows = tuple(
        (one["item"], one["model"], value(one["old"], "no score"), value(one["new"], none),
         one["read"] if one["read"] is not None else none, one["end"])
        for one in record["changed_shown"]
    )  # fmt: skip
    more = record["changed"] - len(rows)
    left = (f"{more:,} more answers changed; the saved rows have all.",) if more else ()
    columns = ("item", "model", "old", "new", "read", "end of the answer")
    return Table("Answers whose score changed", columns, rows, left)
