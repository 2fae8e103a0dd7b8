"""The agreement record as a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from measurand.analysis.cells import interval
from measurand.reporting.document import Block, Document, Section, Table, Text

Record = Mapping[str, Any]
_FORMS = {
    "alpha": "Krippendorff's alpha",
    "icc_1": "ICC(1): raters not told apart",
    "icc_a1": "ICC(A,1): severity of raters counts",
    "icc_c1": "ICC(C,1): severity does not count",
}


def document(record: Record) -> Document:
    """Figures of all raters, then kappa of each pair, then how it was done."""
    sections = [Section("All raters", (_figures(record),)), *_pairs(record)]
    if record["understood"]:
        lines = "\n".join(f"- {line}" for line in record["understood"])
        sections.insert(0, Section("Before you read on", (Text(lines),)))
    sections.append(Section("Method", (Text(_method(record)),)))
    return Document(
        title="Agreement",
        subtitle=f"{record['file']}: {record['units']:,} units, {len(record['raters'])} raters, "
        f"{record['ratings']:,} ratings",
        verdict=None,
        sections=tuple(sections),
        provenance={
            k: record[k] for k in ("version", "file", "level", "cluster", "resamples", "seed")
        },
    )


def _figures(record: Record) -> Table:
    rows = []
    for name, figure in record["figures"].items():
        label = f"{_FORMS[name]}, {record['level']}" if name == "alpha" else _FORMS[name]
        rows.append((label, interval(figure), figure["n"]))
    units, two = record["units"], record["units_with_two"]
    note = f"{two:,} of {units:,} units have two ratings or more; alpha is made of these."
    columns = ("figure", "estimate", "units used")
    return Table("Agreement of one rating, with its interval", columns, tuple(rows), (note,))


def _pairs(record: Record) -> list[Section]:
    left = record["pairs_left_out"]
    if not record["pairs"]:
        return [Section("Pairs of raters", (Text(left),))] if left else []
    weighted = record["level"] != "nominal"
    columns = ["raters", "units used", "the same", "kappa", *(["kappa, quadratic"] * weighted)]
    rows = tuple(
        (
            f"{pair['a']} - {pair['b']}",
            pair["units"],
            {"value": pair["same"], "reason": None if pair["units"] else "no unit in common"},
            interval(pair["kappa"]),
            *([interval(pair["weighted"])] if weighted else []),
        )
        for pair in record["pairs"]
    )
    title = "Each pair of raters, on the units that both rated"
    table: Block = Table(title, columns, rows, (left,) if left else ())
    return [Section("Pairs of raters", (table,))]


def _method(record: Record) -> str:
    unit = "units, taken as independent"
    if record["cluster"] is not None:
        unit = f"the clusters of column {record['cluster']!r}"
    return (
        f"Bootstrap over {unit}; {record['resamples']} resamples, seed {record['seed']}.\n\n"
        "Alpha: Krippendorff (2011): one minus the disagreement within units over that of all "
        "ratings put together. ICC: share of variance that lies between units, components by "
        "constants fitted to the ratings that there are (Henderson's method III), so that gaps "
        "are no obstacle. Kappa: Cohen (1960, 1968), for at most 20 categories. An undefined "
        "figure is left empty and its reason is named."
    )
