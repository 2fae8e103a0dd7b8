"""The first screen: what agents carry out, what planner and summariser add, where it fails."""

from __future__ import annotations

from evaluators.webagent.crossing import Square, squares
from evaluators.webagent.evaluate.context import ORACLE, RANDOM, Found, Subject, View
from evaluators.webagent.evaluate.walking import KINDS
from evaluators.webagent.pictures import success_figure
from measurand.reporting.document import Opening
from measurand.reporting.evidence import say, size
from measurand.reporting.lookup import Figures
from measurand.subject import measured


def opening(view: View) -> Opening | None:
    """One sentence a question, the main one first, then what the controls did."""
    found, figures = view.found, view.figures
    agents = measured(found.everyone)
    if not agents:
        return None
    square = _square(found)
    first = square.both if square else agents[0]
    lines = [_success(first, figures)]
    if square:
        lines.append(_square_line(square, figures))
    lines += [
        _failures(first, figures),
        _shuffled(found, first, figures),
        _controls(found, figures),
    ]
    return Opening(
        tuple(line for line in lines if line),
        success_figure(found.everyone, figures),
        {"label": "share of instructions carried out", "model": first.agent, "metric": "success",
         "slice": ""},
    )  # fmt: skip


def _square(found: Found) -> Square | None:
    """The first square of what is measured, the rules' own where there is no other."""
    every = squares(found)
    return next((one for one in every if not one.both.is_control), every[0] if every else None)


def _success(subject: Subject, figures: Figures) -> str:
    row, score = (figures.get(subject.agent, name) for name in ("success", "score"))
    if row is None or row["estimate"] is None:
        return f"{subject.agent} has no episode with a result."
    least = figures.get(subject.agent, "success_infra_failed")
    lost = figures.get(subject.agent, "missing_share")
    words = f"{subject.agent} carries out {size(row)} of its instructions ({row['n']} episodes)"
    if score is not None and score["ci_lo"] is not None:
        words += f" and {size(score)} of what they ask for"
    if least is not None and lost is not None and lost["estimate"]:
        words += f"; {size(least)} where episodes whose browser failed count as failures"
    return f"{words}."


def _square_line(square: Square, figures: Figures) -> str:
    told = []
    asked = (
        (square.plans, "the snippet", "s"),
        (square.summaries, "the planner's words", ""),
    )
    for cell, what, s in asked:
        if cell is None:
            continue
        row = figures.get(square.both.agent, "success_difference", over=cell.agent)
        p = figures.get(square.both.agent, "mcnemar", over=cell.agent)
        if row is None or row["estimate"] is None:
            continue
        ends = say(
            row,
            above=f"{what} add{s} {{size}}",
            below=f"{what} take{s} {{size}} away",
            unsure=f"{what} change{s} it by {{size}}",
        )
        exact = "" if p is None or p["estimate"] is None else f" (McNemar's p {p['estimate']:.2g})"
        told.append(f"{ends}{exact}")
    if not told:
        return ""
    return f"On the same instructions, with the other one kept: {'; '.join(told)}."


def _failures(subject: Subject, figures: Figures) -> str:
    shares = {kind: figures.get(subject.agent, "failure_share", kind=kind) for kind in KINDS}
    known = {k: r for k, r in shares.items() if r is not None and r["estimate"]}
    if not known:
        return ""
    parts = ", ".join(f"{kind} {size(row)}" for kind, row in known.items())
    return f"Where its episodes first part from the oracle's, as shares of all of them: {parts}."


def _shuffled(found: Found, first: Subject, figures: Figures) -> str:
    for other in found.everyone:
        if other.spec and other.spec.shuffled:
            row = figures.get(first.agent, "score_difference", over=other.agent)
            if row is not None and row["estimate"] is not None:
                return f"Snippets around other elements of the page cost {size(row)} of the score."
    return ""


def _controls(found: Found, figures: Figures) -> str:
    told = []
    for planner, words in ((ORACLE, "rules that know the steps"), (RANDOM, "random clicks")):
        who = found.planned_by(planner)
        row = None if who is None else figures.get(who.agent, "success")
        if row is not None and row["estimate"] is not None:
            told.append(f"{words} carry out {size(row)}")
    for square in squares(found):
        if square.both.is_control and square.plans is not None:
            row = figures.get(square.plans.agent, "success")
            if row is not None and row["estimate"] is not None:
                told.append(f"rules that see no snippet {size(row)}")
    return f"Controls: {'; '.join(told)}." if told else ""
