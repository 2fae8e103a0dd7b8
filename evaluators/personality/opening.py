"""The first screen: do the answers measure anything, in words and in one picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from evaluators.personality.evaluate.context import KNOWN, Subject, View
from evaluators.personality.figures import NAMES
from measurand.reporting.document import Figure, Opening
from measurand.reporting.evidence import evidence_of, size
from measurand.reporting.lookup import Figures
from measurand.subject import measured
from schemas.personality.params import DOMAINS

VALIDITY = {"experiment": "validity"}
CHOICES = 5
SAME = 0.9
"""Share of one answer from which on nothing else is worth saying first."""
ALL = 0.995
"""Probability on the choices that is shown as 1.00."""


def opening(view: View) -> Opening | None:
    """Answers, probability, reliability and shaping of the first model; controls beside it."""
    models = measured(view.found)
    if not models:
        return None
    first, figures = models[0], view.figures
    lines = [_answers(first, figures), _mass(models, figures), _shaping(first, figures)]
    lines.append(_controls([s for s in view.found if s not in models], figures))
    mass = figures.get(first.model, "mass_mean", **VALIDITY)
    named = {"model": first.model, "metric": "mass_mean", "slice": "experiment=validity"}
    return Opening(
        tuple(line for line in lines if line),
        _picture(view.found),
        None if mass is None else {"label": "probability on the choices", **named},
    )


def _shares(subject: Subject) -> list[float] | None:
    """Share of every answer, 1 to :data:`CHOICES`."""
    values = subject.responses["value"].drop_nulls().to_numpy()
    if not len(values):
        return None
    counts = np.bincount(values, minlength=CHOICES + 1)[1 : CHOICES + 1]
    return [float(count / len(values)) for count in counts]


def _answers(subject: Subject, figures: Figures) -> str:
    shares, asked = _shares(subject), len(subject.responses["value"].drop_nulls())
    if shares is None:
        return f"{subject.model} answered nothing."
    most = int(np.argmax(shares))
    if shares[most] > SAME:
        how = "every one" if shares[most] == 1 else f"{shares[most]:.1%}"
        return (
            f"{subject.model} answers {most + 1} to {how} of {asked:,} questions, as who does not "
            "read them would: its likeliest answers measure no trait."
        )
    rows = [figures.get(subject.model, "alpha", **VALIDITY, form="first", scale=d) for d in DOMAINS]
    known = {d: r for d, r in zip(DOMAINS, rows, strict=True) if r and r["estimate"] is not None}
    if not known:
        return (
            f"{subject.model} answers {most + 1} to {shares[most]:.0%} of {asked:,} questions; the "
            "reliability of none of its five domain scores is defined."
        )
    ordered = sorted(known, key=lambda d: known[d]["estimate"] or 0.0)
    low, high = ordered[0], ordered[-1]
    return (
        f"Reliability (alpha) of {subject.model}'s domain scores runs from {size(known[low])} of "
        f"{NAMES[low]} to {size(known[high])} of {NAMES[high]}, over {known[low]['n']} simulated "
        "participants."
    )


def _mass(models: list[Subject], figures: Figures) -> str:
    told, least = [], 1.0
    for subject in models:
        row = figures.get(subject.model, "mass_mean", **VALIDITY)
        if row is not None and row["estimate"] is not None:
            told.append(f"{size(row)} by {subject.model}")
            least = min(least, row["estimate"])
    if not told:
        return ""
    rest = " The rest would have been said in other words." if least < ALL else ""
    return f"Probability put on the five choices at all: {', '.join(told)}.{rest}"


def _shaping(subject: Subject, figures: Figures) -> str:
    """Whether scores follow a prompt that asks for a level, by likeliest and expected answers."""
    likeliest = _followed(subject.model, figures, "shaping_rho")
    expected = _followed(subject.model, figures, "shaping_rho_expected")
    if not (likeliest or expected):
        return ""
    words = [f"likeliest answers follow {likeliest}"] if likeliest else []
    words += [f"answers weighed by probability follow {expected}"] if expected else []
    return f"Prompted for more of a trait, its {'; '.join(words)}."


def _followed(model: str, figures: Figures, metric: str) -> str:
    rows = figures.metrics(model, metric)
    values = [row["estimate"] for row in rows if row["estimate"] is not None]
    if not rows:
        return ""
    if not values:
        return f"in no trait ({rows[0]['reason']})"
    sure = sum(evidence_of(row) == "above" for row in rows)
    right = sum(value > 0 for value in values)
    told = (
        f"by their intervals above 0 in {sure}"
        if any(row["ci_lo"] is not None for row in rows)
        else "no intervals"
    )
    return (
        f"in {right} of {len(rows)} traits (Spearman's rho {min(values):.2f} to {max(values):.2f}, "
        f"n = {rows[0]['n']} each, {told})"
    )


def _controls(known: list[Subject], figures: Figures) -> str:
    """What respondents with known answers show: whether the instrument works."""
    told = []
    for subject in known:
        rows = [
            figures.get(subject.model, "alpha", **VALIDITY, form="first", scale=d) for d in DOMAINS
        ]
        values = [row["estimate"] for row in rows if row is not None]
        defined = [value for value in values if value is not None]
        name = subject.model.removeprefix(KNOWN)
        if values:
            ends = f"{min(defined):.2f} to {max(defined):.2f}" if defined else "undefined"
            told.append(f"{name} {ends}")
    if not told:
        return ""
    return (
        "Alpha of the five domains where the answers are known, through the same instrument: "
        + ", ".join(told)
        + "."
    )


def _name(model: str) -> str:
    return f"known: {model.removeprefix(KNOWN)}" if model.startswith(KNOWN) else model


def _picture(everyone: Any) -> Figure:
    shown = [(subject.model, shares) for subject in everyone if (shares := _shares(subject))]
    return Figure(
        "heatmap",
        "Which answers were given",
        "Share of each answer, from 1 (least) to 5, among all questions of a respondent. Who has "
        "traits uses the scale; who answers one number to everything has none to be measured.",
        {
            "labels": [_name(model) for model, _ in shown],
            "columns": [str(i) for i in range(1, CHOICES + 1)],
            "values": [shares for _, shares in shown],
            "axis": "share of answers",
            "range": "share",
        }
        if shown
        else {"reason": "nothing was answered"},
    )
