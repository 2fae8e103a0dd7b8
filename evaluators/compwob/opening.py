"""The first screen: what an agent that solves single tasks loses when they are composed."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.compwob.context import ORDERS, Subject, View
from evaluators.compwob.pictures import WORDS
from measurand.reporting.document import Figure, Opening
from measurand.reporting.evidence import say, size
from measurand.reporting.lookup import Figures
from measurand.subject import measured

CONTROLS = ("oracle", "random")
"""Scripts whose success is known: the top and the bottom of the picture."""


def opening(view: View) -> Opening | None:
    """The gap of what was measured, turned sentences, and what the scripts show."""
    figures = view.figures
    agents = measured(view.found)
    if not agents:
        return None
    first = agents[0]
    lines = [_gap(first, figures), _reverse(first, figures), _parts(first, figures)]
    lines.append(_controls(view.found, figures))
    shown = [s for s in view.found if s in agents or s.agent in CONTROLS]
    gap = figures.get(first.agent, "gap_base", order="forward")
    named = {"model": first.agent, "metric": "gap_base", "slice": "order=forward"}
    return Opening(
        tuple(line for line in lines if line),
        _picture(shown, figures),
        None if gap is None else {"label": "loss by composing, share of episodes", **named},
    )


def _gap(subject: Subject, figures: Figures) -> str:
    rates = [figures.get(subject.agent, "success", order=order) for order in ("single", "forward")]
    told = [
        f"{size(row)} of {words}"
        for row, words in zip(rates, ("single tasks", "compositions of them"), strict=True)
        if row is not None and row["estimate"] is not None
    ]
    gap = figures.get(subject.agent, "gap_base", order="forward")
    if not told:
        return f"{subject.agent} finished no episode."
    head = f"{subject.agent} solves {' and '.join(told)}"
    if gap is None or gap["estimate"] is None:
        return f"{head}."
    ends = say(
        gap,
        above="composing lowers the share by {size}",
        below="composing raises the share by {size}",
        unsure="composing changes the share by {size}",
    )
    return f"{head}: on the same problems {ends} ({len(subject.of('forward'))} episodes)."


def _reverse(subject: Subject, figures: Figures) -> str:
    row = figures.get(subject.agent, "gap_reverse")
    if row is None or row["estimate"] is None:
        return ""
    ends = say(
        row,
        above="lowers that by another {size}",
        below="raises that by {size}",
        unsure="changes that by {size}",
    )
    return f"Turning the sentence round (do this, after that) {ends}."


def _parts(subject: Subject, figures: Figures) -> str:
    """Where in a composition it first goes wrong."""
    row = figures.get(subject.agent, "first_failing", order="forward", part="1")
    if row is None or row["estimate"] is None:
        return ""
    return f"Of its failed compositions {size(row)} fail at the first part already."


def _controls(everyone: Sequence[Subject], figures: Figures) -> str:
    told = []
    for subject in everyone:
        if subject.agent in CONTROLS:
            rates = [
                f"{size(row)} of {WORDS[order]}"
                for order in ("single", *ORDERS[:1])
                if (row := figures.get(subject.agent, "success", order=order)) is not None
            ]
            told.append(f"the script {subject.agent} solves {' and '.join(rates)}")
    return f"Controls: {'; '.join(told)}." if told else ""


def _picture(shown: Sequence[Subject], figures: Figures) -> Figure:
    dots = [
        {**figures.dot(WORDS[order], subject.agent, "success", order=order), "group": subject.agent}
        for subject in shown
        for order in ("single", *ORDERS)
    ]
    rows = [dot for dot in dots if dot["reason"] != "not asked"]
    return Figure(
        "forest",
        "Share of episodes solved",
        "Single tasks, compositions of the same tasks, and compositions whose sentence is turned "
        "round, with 95% intervals over episodes."
        + (" Scripts with known success stand beside." if any(s.is_control for s in shown) else ""),
        {"rows": rows, "axis": "share of episodes"}
        if rows
        else {"reason": "no episode was played"},
    )
