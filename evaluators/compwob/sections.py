"""Report sections on what agents reach and what composing costs them."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.compwob.context import ORDERS, Subject, View, measured
from evaluators.compwob.pictures import (
    GROUPS,
    WORDS,
    films,
    heat_figure,
    parts_figure,
    reverse_figure,
    slope_figure,
)
from measurand.report.document import Block, Cell, Section, Table, Text
from measurand.report.evidence import say
from measurand.report.lookup import Figures
from schemas.compwob.params import CATEGORIES


def summary_section(view: View) -> Section:
    """One row an agent: single tasks, compositions, reversed, and the gaps."""
    everyone, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    for subject in everyone:
        agent = subject.agent
        rows.append(
            [
                agent,
                *(figures.cell(agent, "success", order=order) for order in ("single", *ORDERS)),
                figures.cell(agent, "gap_base", order="forward"),
                figures.cell(agent, "gap_reverse"),
            ]
        )
    table = Table(
        "Share of episodes solved, and paired gaps",
        ["agent", "base tasks", "compositions", "reversed", "parts alone minus composed",
         "forward minus reversed"],
        rows,
        [
            "Rates have Wilson intervals over episodes. Gaps are paired by task and seed, with "
            "intervals that allow for other tasks and, of five seeds or more, other seeds.",
        ],
    )  # fmt: skip
    sentences = [line for subject in everyone for line in _sentence(subject, figures)]
    blocks: list[Block] = [Text("\n".join(sentences))] if sentences else []
    return Section(
        "In short",
        (*blocks, table, slope_figure(everyone, figures)),
        "Does an agent that solves single web tasks solve sequences of them?",
    )


def _sentence(subject: Subject, figures: Figures) -> list[str]:
    gap = figures.get(subject.agent, "gap_base", order="forward")
    if subject.is_script or gap is None or gap["estimate"] is None:
        return []
    words = say(
        gap,
        above="is lower by {size} when tasks are composed",
        below="is higher by {size} when tasks are composed",
        unsure="alone less that of compositions is {size}",
    )
    return [f"- {subject.agent}: the share of solved episodes {words}."]


def composition_section(view: View) -> Section:
    """Measured against what independent parts would give."""
    everyone, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    for subject in measured(everyone):
        agent = subject.agent
        for order in ORDERS:
            for category in CATEGORIES:
                here = {"order": order, "category": category}
                if figures.get(agent, "predicted", **here) is None:
                    continue
                rows.append(
                    [
                        {"text": f"{GROUPS[category]}, {WORDS[order]}", "detail": agent},
                        figures.cell(agent, "success", **here),
                        figures.cell(agent, "predicted", **here),
                        figures.cell(agent, "residual", **here),
                    ]
                )
    table = Table(
        "Measured and predicted success of compositions",
        ["category", "measured", "if parts were independent", "composition effect"],
        rows,
        [
            "The prediction is the product of the agent's own rates on the parts alone. The effect "
            "is measured minus predicted, with clusters of tasks: what sequence costs beyond the "
            "parts."
        ],
    )
    return Section(
        "The composition effect",
        (table, _pairs(everyone, figures), parts_figure(everyone, figures)),
        "An agent that fails one part in ten fails more than half of the sequences of eight; only "
        "what it loses beyond that is the composition's doing.",
    )


def _pairs(everyone: Sequence[Subject], figures: Figures) -> Table:
    rows: list[list[Cell]] = []
    for subject in everyone:
        for order in ORDERS:
            if figures.get(subject.agent, "gap_alone", order=order) is None:
                continue
            rows.append(
                [
                    {"text": subject.agent, "detail": WORDS[order]},
                    figures.cell(subject.agent, "gap_base", order=order),
                    figures.cell(subject.agent, "gap_base_resampled", order=order),
                    figures.cell(subject.agent, "gap_alone", order=order),
                    figures.cell(subject.agent, "mcnemar_alone", order=order),
                ]
            )
    return Table(
        "The same problems alone and composed",
        ["agent", "mean of parts minus composed", "with a bootstrap over tasks",
         "all parts alone minus composed", "McNemar's exact p"],
        rows,
        [
            "A part of a composition is the same problem as the base task alone with the same "
            "seed, so pairs are exact. McNemar's test takes pairs as independent."
        ],
    )  # fmt: skip


def reverse_section(view: View) -> Section:
    """What turning the sentence costs."""
    everyone, figures = view.found, view.figures
    rows: list[list[Cell]] = [
        [
            subject.agent,
            figures.cell(subject.agent, "gap_reverse"),
            figures.cell(subject.agent, "gap_reverse_resampled"),
            figures.cell(subject.agent, "mcnemar_reverse"),
        ]
        for subject in everyone
    ]
    table = Table(
        "Forward minus reversed",
        ["agent", "paired gap", "with a bootstrap over tasks", "McNemar's exact p"],
        rows,
    )
    return Section(
        "Reversed sentences",
        (reverse_figure(everyone, figures), table),
        "The same problems, acted on in the same order; only the sentence says it the other way "
        "round.",
    )


def task_section(view: View) -> Section:
    """Success of every task."""
    everyone = view.found
    return Section(
        "Task by task",
        tuple(heat_figure(everyone, order) for order in ("single", *ORDERS)),
        "Which tasks are hard, and for whom.",
    )


def film_section(view: View) -> Section | None:
    """One episode a category, as it was seen."""
    results = view.results
    found = films(results)
    if not found:
        return None
    return Section(
        "What an episode looks like",
        tuple(found),
        "The pages are those of the published package, unmodified, side by side on one page. The "
        "agent sees their text form, not these pictures.",
    )
