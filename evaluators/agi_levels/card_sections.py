"""Sections that only a card has: horizons, items out of line, what was read, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluators.agi_levels.context import Standing
from evaluators.agi_levels.pictures import ladder
from evaluators.agi_levels.placing import Placement, Result
from measurand.reporting.document import Cell, Opening, Section, Table, Text
from measurand.stats.estimate import Estimate
from schemas.agi_levels.taxonomy import PAPER

LIMITS = (
    "Percentiles describe who took part in the norms, not jobs.",
    "Items that stood in training data inflate every figure.",
    "A level says nothing of safe autonomy, which is declared and never inferred.",
    "The cuts are conventions of the paper; what is asked before one is claimed is our own rule.",
    "Names of levels in later texts are aliases of these.",
)


MOST_PLACES, MOST_DRAWN = 3, 24
"""Placements that the first screen tells, and draws."""


def opening(standing: Standing) -> Opening:
    """The first screen: where scores stand, against whom, and what is not said."""
    counted = {(p.model, p.task, p.norm) for one in standing.profiles for p in one.counted}
    placed = [p for p in standing.measured if p.p]
    placed.sort(key=lambda p: ((p.model, p.task, p.norm) not in counted, p.reference != "skilled"))
    lines = [_placed(p) for p in placed[:MOST_PLACES]]
    reasons = dict.fromkeys(one.reason for one in standing.profiles if one.reason)
    lines += [f"No general level: {reason}." for reason in list(reasons)[:1]]
    alone = sum(p.norm == "-" for p in standing.measured)
    idle = sum(p.model == "-" for p in standing.measured)
    if alone or idle:
        lines.append(
            f"Scores without a norm: {alone}; norms without a score: {idle}. Each is a row."
        )
    if not lines:
        lines.append("No score was given.")
    return Opening(tuple(lines), ladder(placed[:MOST_DRAWN]) if placed else None)


def _placed(p: Placement) -> str:
    place = p.place
    among = f"{p.group}" + ("" if p.n is None else f" ({p.n:,} people)")
    if place.value is None:
        return f"{p.model}, {p.task}: {p.words}."
    ends = "" if place.ci_lo is None else f" [{place.ci_lo:.0%}, {place.ci_hi:.0%}]"
    told = p.words[:1].upper() + p.words[1:]
    return f"{p.model}, {p.task}: above {place.value:.0%}{ends} of {among}. {told}."


def horizon_section(found: Mapping[tuple[str, str, float], Estimate]) -> Section | None:
    """How long tasks may be; None where no norm has minutes."""
    rows: list[list[Cell]] = []
    for (model, norm, share), e in found.items():
        shown: Cell = {"value": e.value, "reason": e.reason or "undefined"}
        if e.value is not None and e.ci_lo is not None:
            shown = {"estimate": e.value, "lower": e.ci_lo, "upper": e.ci_hi, "reason": None}
        rows.append([{"text": model, "detail": norm}, f"{share:.0%}", shown])
    if not rows:
        return None
    heads = ["model", "solved with probability", "minutes of people"]
    notes = ["Minutes that people need for a task of which the model solves this share: no level."]
    return Section("Time horizons", (Table("Length of tasks", heads, rows, notes),))


def bias_section(standing: Standing) -> Section | None:
    """Items on which models are out of line; None where no model answered people's items."""
    tables = []
    for one in standing.calibrations:
        bias = one.bias
        if bias is None:
            continue
        told = one.items.discriminates
        rows: list[list[Cell]] = [
            [
                item,
                {
                    "value": float(one.items.difficulty[j]) if told[j] else None,
                    "reason": "its discrimination is not told from 0",
                },
                float(bias.expected[j]),
                float(bias.observed[j]),
                {"value": bias.adjusted[j], "reason": "not answered"},
            ]
            for j, item in enumerate(one.norm.items)
        ]
        heads = ["item", "difficulty for people", "expected right", "right", "p (Holm)"]
        notes = [
            f"Expected from the answers to the other items, {len(one.models)} models together. A "
            "small p names an item that is easier or harder for models than for people of their "
            "ability: a leak, or a format."
        ]
        tables.append(Table(f"{one.norm.id}: models beside people", heads, rows, notes))
    return Section("Single items", tuple(tables)) if tables else None


def input_section(origin: str, notes: Sequence[str], results: Sequence[Result]) -> Section:
    """What was read."""
    rows: list[list[Cell]] = [
        [{"text": r.model, "detail": r.task.id}, len(r.items), len(set(r.clusters)), r.mean,
         r.task.tools or "not said"]
        for r in results
    ]  # fmt: skip
    said = "\n".join(f"- {note}" for note in notes) or "Everything given was read."
    table = Table(f"Results of {origin}", ["model", "items", "clusters", "score", "tools"], rows)
    return Section("What was read", (table, Text(said)), folded=True)


def limit_section() -> Section:
    """What a card does not say."""
    said = "\n".join(f"- {line}" for line in LIMITS)
    return Section("Limits", (Text(f"Taxonomy: {PAPER}.\n\n{said}"),))
