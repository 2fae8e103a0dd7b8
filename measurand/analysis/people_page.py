"""What labels say of a judge, as a section: sentences first, then the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from measurand.analysis.cells import interval, value
from measurand.reporting.document import Block, Figure, Section, Table, Text

Record = Mapping[str, Any]

_INTRO = (
    "The judge scored everything, people some of it. The corrected mean is the labels' mean, moved "
    "by what the judge sees elsewhere; its interval is about what people would say, and holds for "
    "any judge, however biased, where the labelled items were drawn at random."
)
_METHOD = (
    "Prediction-powered inference with the weight of the judge tuned (Angelopoulos, Duchi & Zrnic "
    "2023). Effective labels: labels that would give the same error without the judge. Bias: judge "
    "minus people on what both scored. Kappa with quadratic weights."
)


def section(found: Record) -> Section:
    """The section "Judge and people"."""
    blocks: list[Block] = [Text("\n".join(f"- {line}" for line in texts(found)))]
    blocks.append(_means(found))
    blocks.append(_forest(found))
    blocks += list(_pairs(found))
    blocks += list(_slices(found))
    if found["next"]:
        blocks.append(
            Text(
                f"Label next, in this order ({len(found['next']):,} items, drawn at random whatever"
                f" their scores, so that the interval stays valid): {', '.join(found['next'])}"
            )
        )
    if found["lost"]:
        blocks.append(Text("\n".join(f"- {line}" for line in found["lost"])))
    return Section("Judge and people", tuple(blocks), _INTRO)


def texts(found: Record) -> list[str]:
    """A sentence a judged score: what people would say, how sure, what the judge saves."""
    lines = []
    for one in found["scores"]:
        mean, name = one["corrected"], f"{one['name']}, {one['model']}"
        if mean["value"] is None or mean["ci_lo"] is None:
            lines.append(f"{name}: no corrected mean: {mean['reason']}.")
            continue
        saved = one["effective"] or one["labelled"]
        lines.append(
            f"{name}: people would give {mean['value']:.3g} [{mean['ci_lo']:.3g}, "
            f"{mean['ci_hi']:.3g}]; the judge says {one['judge']:.3g}. With the judge "
            f"{one['labelled']:,} labels are worth {saved:,.0f}."
        )
        if (needed := one["needed"]) is None:
            continue
        if needed["labels"] is None:
            end = f"is out of reach: {needed['reason']}"
        elif not needed["more"]:
            end = "is reached"
        else:
            end = f"needs about {needed['more']:,} more labels"
        lines.append(f"{name}: an interval of width {found['width']:g} {end}.")
    return lines


def _means(found: Record) -> Table:
    rows = [
        (
            one["name"],
            one["model"],
            interval(one["corrected"]),
            interval(one["labels"]),
            value(one["judge"], "nothing judged"),
            interval(one["bias"]),
            one["labelled"],
            one["items"],
            value(one["effective"], "no corrected mean"),
            value(one["agreement"], "scores are no categories"),
            interval(one["kappa"]),
            value(one["flips"], "one repeat"),
        )
        for one in found["scores"]
    ]
    columns = ("score", "model", "corrected mean", "labels alone", "judge alone", "judge's bias",
               "labels", "items", "effective labels", "same score", "kappa", "repeats differ",
               )  # fmt: skip
    return Table("Judge and people", columns, tuple(rows), (_METHOD,))


def _forest(found: Record) -> Figure:
    rows = []
    for one in found["scores"]:
        for kind, label in (("corrected", "corrected"), ("labels", "labels alone")):
            figure = one[kind]
            rows.append(
                {
                    "label": f"{one['model']}, {label}",
                    "estimate": figure["value"],
                    "lower": figure["ci_lo"],
                    "upper": figure["ci_hi"],
                    "reason": figure["reason"],
                }
            )
    return Figure(
        "forest",
        "What people would say",
        "The corrected mean and that of the labels alone, with 95% intervals.",
        {"rows": rows, "axis": "mean"},
    )


def _pairs(found: Record) -> Iterator[Table]:
    rows = [
        (
            pair["name"],
            f"{pair['a']} - {pair['b']}",
            interval(pair["difference"]),
            value(pair["judge"], "no common item"),
            interval(pair["wins"]),
            pair["labelled"],
            value(pair["effective"], "no corrected mean"),
        )
        for pair in found["pairs"]
    ]
    if rows:
        columns = ("score", "models", "corrected difference", "judge's difference",
                   "corrected win rate", "labels", "effective labels")  # fmt: skip
        yield Table("Models compared, as people would", columns, tuple(rows))


def _slices(found: Record) -> Iterator[Table]:
    rows = [
        (one["name"], one["model"], part["slice"], interval(part["bias"]), part["labelled"])
        for one in found["scores"]
        for part in one["slices"]
    ]
    if rows:
        columns = ("score", "model", "slice", "judge's bias", "labels")
        yield Table("The judge's bias by slice", columns, tuple(rows))
