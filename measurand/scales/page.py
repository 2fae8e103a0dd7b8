"""The reliability record as a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from measurand.reporting.document import Document, Section, Table, Text
from measurand.stats.reliability import FIGURES

_MISSING_RULE = {
    "pairwise": "alpha takes each pair of items from the rows that answered both, the other "
    "coefficients take complete rows",
    "listwise": "all figures of a scale take the rows that answered all its items",
}


def document(record: Mapping[str, Any]) -> Document:
    """Findings first: all scales, then each scale's figures and items, then how it was done."""
    scales = record["scales"]
    sections = [
        Section("Scales", (_overview(record), *_flip_warning(scales))),
        *(Section(f"Scale {s['scale']}", (_figures(s, record), _items(s))) for s in scales),
        Section("Method", (Text(_method(record)), _methods(scales))),
    ]
    cautions = [f"Scale {s['scale']}: {s['caution']}." for s in scales if s["caution"]]
    before = [*record["warnings"], *_dropped(scales), *_gaps(scales), *cautions]
    before += record["understood"]
    if before:
        notes = Text("\n".join(f"- {line}" for line in before))
        sections.insert(0, Section("Before you read on", (notes,)))
    ignored = record["ignored"]
    if ignored:
        lines = "\n".join(f"- {column['column']!r}: {column['why']}" for column in ignored[:50])
        more = f"\n- and {len(ignored) - 50} more" if len(ignored) > 50 else ""
        sections.append(Section("Columns left out", (Text(lines + more),)))
    return Document(
        title="Reliability",
        subtitle=f"{record['file']}: {record['rows']} rows, {len(scales)} "
        f"{'scale' if len(scales) == 1 else 'scales'}",
        verdict=None,
        sections=tuple(sections),
        provenance={
            name: record[name]
            for name in ("version", "file", "rows", "missing", "cluster", "resamples", "seed")
        },
    )


def _dropped(scales: list[dict[str, Any]]) -> list[str]:
    """Items that never vary, and what alpha is with and without them."""
    lines = []
    for s in scales:
        if s["left_out"]:
            both = "alpha is undefined"
            if s["alpha_of_all"] is not None:
                alpha = s["figures"]["alpha"]["value"]
                both = f"alpha is {alpha:.3f} without and {s['alpha_of_all']:.3f} with them"
            names = ", ".join(map(str, s["left_out"][:5]))
            more = f" and {len(s['left_out']) - 5} more" if len(s["left_out"]) > 5 else ""
            lines.append(f"Scale {s['scale']}: {names}{more} never vary and are left out; {both}.")
    return lines


def _gaps(scales: list[dict[str, Any]]) -> list[str]:
    """A way out where columns share too few rows, as those of judges do."""
    reasons = [(s["scale"], s["figures"]["alpha"]["reason"] or "") for s in scales]
    return [
        f"Scale {name}: too few rows have an answer in two columns. Where columns are raters, "
        "`measurand agreement` takes tables with gaps."
        for name, reason in reasons
        if "answered together" in reason
    ]


def _interval(figure: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "estimate": figure["value"],
        "lower": figure["ci_lo"],
        "upper": figure["ci_hi"],
        "reason": figure["reason"],
    }


def _value(figure: Mapping[str, Any]) -> dict[str, Any]:
    return {"value": figure["value"], "reason": figure["reason"]}


def _overview(record: Mapping[str, Any]) -> Table:
    rows = [
        (
            s["scale"],
            s["k"],
            s["rows_used"],
            _interval(s["figures"]["alpha"]),
            {
                "value": s["figures"]["lambda6"]["value"],
                "reason": s["figures"]["lambda6"]["reason"],
            },
            {
                "value": s["figures"]["omega_m1"]["value"],
                "reason": s["figures"]["omega_m1"]["reason"],
            },
            s["n_flipped"],
            s["band"],
        )
        for s in record["scales"]
    ]
    return Table(
        caption="Reliability of each scale, with 95% interval of alpha",
        columns=("scale", "items", "rows used", "alpha", "lambda-6", "omega", "flips", "band"),
        rows=tuple(rows),
        notes=(
            f"Missing answers: {record['missing']}; {_MISSING_RULE[record['missing']]}.",
            "Omega: total, one factor, items as keyed. Band: of alpha; a convention, no finding.",
        ),
    )


def _flip_warning(scales: list[dict[str, Any]]) -> tuple[Text, ...]:
    flipped = [s["scale"] for s in scales if s["n_flipped"]]
    if not flipped:
        return ()
    return (
        Text(
            f"Items that load against their scale: in {', '.join(map(str, flipped))}. Either the "
            "key turns the wrong items round, or these items do not measure what the others do."
        ),
    )


def _figures(scale: Mapping[str, Any], record: Mapping[str, Any]) -> Table:
    figures = scale["figures"]
    return Table(
        caption=f"{scale['scale']}: figures with 95% interval",
        columns=("figure", "estimate", "rows"),
        rows=tuple(
            (label, _interval(figures[name]), figures[name]["n"])
            for name, label in FIGURES.items()
            if name != "omega_flip" or scale["n_flipped"]
        ),
        notes=(
            f"{scale['k']} items; {scale['n']} of {record['rows']} rows have an answer, "
            f"{scale['n_complete']} are complete; {scale['rows_used']} used ({record['missing']}).",
        ),
    )


def _items(scale: Mapping[str, Any]) -> Table:
    def cell(item: Mapping[str, Any], name: str) -> dict[str, Any]:
        return {"value": item[name], "reason": item[f"{name}_reason"]}

    return Table(
        caption=f"{scale['scale']}: items",
        columns=("item", "keyed", "item-rest r", "alpha if deleted"),
        rows=tuple(
            (
                item["item"],
                "+1" if item["keyed"] == 1 else "-1",
                cell(item, "item_rest_r"),
                cell(item, "alpha_if_deleted"),
            )
            for item in scale["items"]
        ),
    )


def _method(record: Mapping[str, Any]) -> str:
    cluster = record["cluster"]
    unit = (
        "rows, taken as independent"
        if cluster is None
        else f"the {cluster['n']} clusters of column {cluster['column']!r}"
    )
    return (
        f"Bootstrap over {unit}; {record['resamples']} resamples, seed {record['seed']}.\n\n"
        "Alpha: Cronbach (1951), interval by bootstrap and after Feldt (1965). Lambda-6: Guttman "
        "(1945). Omega total: one minus the summed uniquenesses of a minres solution over the "
        "variance of the standardised sum score (McDonald 1999, as in psych). An undefined figure "
        "is left empty and its reason is named."
    )


def _methods(scales: list[dict[str, Any]]) -> Table:
    def methods(name: str) -> str:
        used = dict.fromkeys(s["figures"][name]["method"] for s in scales)
        return " / ".join(method for method in used if method)

    rows = tuple((label, methods(name)) for name, label in FIGURES.items())
    return Table("How each figure was made", ("figure", "method"), rows)
