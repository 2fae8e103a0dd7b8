"""Report sections on what agents reach and what composing costs them."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.compwob.context import ORDERS, Subject, View
from evaluators.compwob.pictures import (
    GROUPS,
    WORDS,
    films,
    heat_figure,
    parts_figure,
    reverse_figure,
)
from measurand.reporting.document import Section, Table
from measurand.reporting.grid import Line, grid
from measurand.reporting.lookup import Figures
from measurand.subject import measured
from schemas.compwob.params import CATEGORIES


def summary_section(view: View) -> Section:
    """One row an agent: single tasks, compositions, reversed, and the gaps."""
    everyone, figures = view.found, view.figures
    table = grid(
        figures,
        "Share of episodes solved, and paired gaps",
        "agent",
        [Line(subject.agent, subject.agent) for subject in everyone],
        {
            **{WORDS[order]: ("success", {"order": order}) for order in ("single", *ORDERS)},
            "parts alone minus composed": ("gap_base", {"order": "forward"}),
            "forward minus reversed": "gap_reverse",
        },
        [
            "Rates have Wilson intervals over episodes. Gaps are paired by task and seed, with "
            "intervals that allow for other tasks and, of five seeds or more, other seeds.",
        ],
    )
    return Section(
        "Every agent",
        (table,),
        "Does an agent that solves single web tasks solve sequences of them?",
    )


def composition_section(view: View) -> Section:
    """Measured against what independent parts would give."""
    everyone, figures = view.found, view.figures
    table = grid(
        figures,
        "Measured and predicted success of compositions",
        "category",
        [
            Line(
                {"text": f"{GROUPS[category]}, {WORDS[order]}", "detail": subject.agent},
                subject.agent,
                {"order": order, "category": category},
            )
            for subject in measured(everyone)
            for order in ORDERS
            for category in CATEGORIES
        ],
        {
            "measured": "success",
            "if parts were independent": "predicted",
            "composition effect": "residual",
        },
        [
            "The prediction is the product of the agent's own rates on the parts alone. The effect "
            "is measured minus predicted, with clusters of tasks: what sequence costs beyond the "
            "parts."
        ],
        made="predicted",
    )
    return Section(
        "The composition effect",
        (table, _pairs(everyone, figures), parts_figure(everyone, figures)),
        "An agent that fails one part in ten fails more than half of the sequences of eight; only "
        "what it loses beyond that is the composition's doing.",
    )


def by_order(everyone: Sequence[Subject], orders: Sequence[str]) -> list[Line]:
    """A line an agent and wording."""
    return [
        Line({"text": subject.agent, "detail": WORDS[order]}, subject.agent, {"order": order})
        for subject in everyone
        for order in orders
    ]


def _pairs(everyone: Sequence[Subject], figures: Figures) -> Table:
    return grid(
        figures,
        "The same problems alone and composed",
        "agent",
        by_order(everyone, ORDERS),
        {
            "mean of parts minus composed": "gap_base",
            "with a bootstrap over tasks": "gap_base_resampled",
            "all parts alone minus composed": "gap_alone",
            "McNemar's exact p": "mcnemar_alone",
        },
        [
            "A part of a composition is the same problem as the base task alone with the same "
            "seed, so pairs are exact. McNemar's test takes pairs as independent."
        ],
        made="gap_alone",
    )


def reverse_section(view: View) -> Section:
    """What turning the sentence costs."""
    everyone, figures = view.found, view.figures
    table = grid(
        figures,
        "Forward minus reversed",
        "agent",
        [Line(subject.agent, subject.agent) for subject in everyone],
        {
            "paired gap": "gap_reverse",
            "with a bootstrap over tasks": "gap_reverse_resampled",
            "McNemar's exact p": "mcnemar_reverse",
        },
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
