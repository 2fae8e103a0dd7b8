"""The first screen: where the model stands among people, and what one score is worth."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.agi_levels.context import Rater, View
from evaluators.agi_levels.pictures import ladder
from evaluators.agi_levels.placing import Placement
from measurand.reporting.document import Opening
from measurand.reporting.evidence import say, size
from measurand.reporting.lookup import Figures
from measurand.subject import measured
from schemas.agi_levels.taxonomy import CUTS


def opening(view: View) -> Opening | None:
    """Raters, the same score against several groups, generality, controls."""
    figures, standing = view.figures, view.found.standing
    raters = measured(view.found.raters)
    if not raters:
        return None
    first = raters[0]
    lines = [_ahead(first, figures), _quiz(first, standing.measured)]
    lines += [strip(standing.measured), _general(view), _controls(view)]
    corpus = first.corpora[0]
    slice_ = f"corpus={corpus},reading=rating"
    named = {"model": first.model, "metric": "ahead", "slice": slice_}
    return Opening(
        tuple(line for line in lines if line)[:5],
        ladder(standing.measured),
        {"label": f"share of raters that it is ahead of, {corpus}", **named},
    )


def _ahead(rater: Rater, figures: Figures) -> str:
    """Among the raters of the first corpus in words, of the others as figures."""
    corpus, *others = rater.corpora
    row = figures.get(rater.model, "ahead", corpus=corpus, reading="rating")
    if row is None:
        return ""
    told = say(
        row,
        against=CUTS[0],
        above="ahead of {size} of the raters: more than half",
        below="ahead of {size} of the raters: less than half",
        unsure="ahead of {size} of the raters",
    )
    alpha = figures.get(rater.model, "consensus_r", corpus=corpus, reading="rating")
    together = "" if alpha is None else f" Its ratings go with the mean by r = {size(alpha)}."
    rows = [(c, figures.get(rater.model, "ahead", corpus=c, reading="rating")) for c in others]
    more = ", ".join(f"{size(found)} for {c}" for c, found in rows if found is not None)
    return (
        f"{corpus}: {rater.model} is {told} ({row['n']} texts).{together}"
        f"{f' The same share is {more}.' if more else ''}"
    )


def _quiz(rater: Rater, placements: Sequence[Placement]) -> str:
    """The questions that people answered too; the first task of them."""
    own = [p for p in placements if p.model == rater.model and p.kind == "items" and p.p]
    if not own:
        return ""
    place = own[0].place
    ends = "" if place.ci_lo is None else f" [{place.ci_lo:.0%}, {place.ci_hi:.0%}]"
    return (
        f"{own[0].task}: it answers {own[0].score:.0%} of the questions rightly and is above "
        f"{_percent(own[0])}{ends} of {own[0].n:,} {own[0].group} on the same ones."
    )


def strip(placements: Sequence[Placement]) -> str:
    """One score against all groups of its task: as many findings as groups."""
    tasks = {p.task for p in placements if p.p}
    for task in sorted(tasks):
        own = [p for p in placements if p.task == task and p.p]
        model = own[0].model
        own = [p for p in own if p.model == model]
        if len(own) > 1:
            told = "; ".join(f"{_percent(p)} of {p.group}" for p in own)
            return (
                f"One score of {model} on {task} lies above {told}: without a group it has no "
                "level."
            )
    return ""


def _percent(placement: Placement) -> str:
    value = placement.place.value
    return "an unknown share" if value is None else f"{value:.0%}"


def _general(view: View) -> str:
    profiles = view.found.standing.profiles
    if not profiles:
        return ""
    reasons = {found.reason for found in profiles}
    if None in reasons:
        return ""
    return f"No general level of any model: {profiles[0].reason}."


def _controls(view: View) -> str:
    told = []
    for rater in view.found.raters:
        if not rater.is_control:
            continue
        values = [
            row["estimate"]
            for row in view.figures.metrics(rater.model, "ahead")
            if "reading=rating" in row["slice"] and row["estimate"] is not None
        ]
        if values:
            told.append(f"{rater.model.partition(':')[2]} {min(values):.2f} to {max(values):.2f}")
    if not told:
        return ""
    return (
        "Where the truth is known the same comparison gives, as shares of raters behind: "
        f"{', '.join(told)} (a rater of the texts belongs at .50)."
    )
