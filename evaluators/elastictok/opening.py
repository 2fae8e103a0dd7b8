"""The first screen: how many tokens does a piece of video deserve."""

from __future__ import annotations

from dataclasses import replace

from evaluators.elastictok.context import HEADLINE, Findings, View
from evaluators.elastictok.pictures import saving_figure
from measurand.reporting.document import Figure, Opening
from measurand.reporting.evidence import UNSURE, evidence_of, say, size
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow

UNSURE_SAVING = {
    "undecided": ": the interval holds 1, so it may save nothing",
    "below": ": none are saved",
    "few": f": {UNSURE['few']}",
    "one": f": {UNSURE['one']}",
}
Saving = tuple[str, str, StatisticRow]
"""Threshold, fixed model, and the row."""


def opening(view: View) -> Opening | None:
    """Tokens saved, what tokens buy, whether halving may be used, and what tokens follow."""
    found, figures = view.found, view.figures
    saving = _told(found, figures)
    lines = [
        _saving(found, figures, saving),
        _gain(found, figures),
        falls(found.model, figures),
        _follows(found, figures),
    ]
    kept = tuple(line for line in lines if line)
    if not kept:
        return None
    named = None if saving is None or saving[2]["ci_lo"] is None else {
        "label": f"times fewer tokens than {saving[1]}, threshold {saving[0]}",
        "model": found.model,
        "metric": "token_saving",
        "slice": str(saving[2]["slice"]),
    }  # fmt: skip
    return Opening(kept, _picture(saving_figure(found, figures), saving), named)


def _picture(whole: Figure, saving: Saving | None) -> Figure:
    """The panel of the saving that is told."""
    rows = whole.data.get("rows") or []
    if saving is None or not rows:
        return whole
    own = [row for row in rows if str(row["panel"]).split(":")[0] == saving[0]]
    return replace(whole, data={**whole.data, "rows": own})


def _told(found: Findings, figures: Figures) -> Saving | None:
    """The saving that the parameters name; none where it was not measured."""
    named = found.params.report.headline
    if named is None or named.against not in found.fixed:
        return None
    parts = {"threshold": named.threshold, "split": HEADLINE, "against": named.against}
    row = figures.get(found.model, "token_saving", **parts, n=str(found.fixed[named.against]))
    return None if row is None else (named.threshold, named.against, row)


def _saving(found: Findings, figures: Figures, told: Saving | None) -> str:
    """The saving with its condition, the share of blocks at which it holds."""
    if told is None:
        return ""
    threshold, fixed, row = told
    if row["ci_lo"] is None:
        # Where some trainings or resamples have nothing to divide by, it is no headline.
        return f"No saving over {fixed}, threshold {threshold}, can be told ({row['reason']})."
    where = {"n": str(found.fixed[fixed]), "split": HEADLINE, "threshold": threshold}
    share = figures.get(fixed, "budget_feasible", **where)
    reached = "an unknown share" if share is None else size(share, form=".0%")
    tokens = figures.get(found.model, "tokens", threshold=threshold, split=HEADLINE)
    needs = "" if tokens is None else f" (alone {size(tokens, form='.1f')} of {found.slots})"
    unsure = UNSURE_SAVING.get(evidence_of(row, 1.0, "method"), "")
    return (
        f"Where both bring {reached} of unseen blocks under the {threshold} threshold, a search "
        f"takes {size(row)} times fewer tokens than {fixed}{needs}{unsure}."
    )


def _gain(found: Findings, figures: Figures) -> str:
    row = figures.get(found.model, "gain", split=HEADLINE)
    if row is None or row["estimate"] is None:
        return ""
    budgets = found.budgets(found.model)
    ratio = f"{size(row, form='.1f')} times"
    change = f"the error at {budgets[-1]} instead of {budgets[0]} tokens of one model"
    told = say(
        row,
        above=f"More tokens help: {change} is {ratio} smaller",
        below=f"More tokens do not help: {change} is {ratio} as small",
        unsure=f"Whether more tokens help: {change} is {ratio} smaller",
        against=1.0,
    )
    return f"{told}, over {row['n_clusters']} unseen clips."


def falls(model: str, figures: Figures) -> str:
    """How much of the error curve falls, and what it means for halving."""
    row = figures.get(model, "monotone_share")
    if row is None or row["estimate"] is None:
        return ""
    return (
        f"Of the steps of one token more {size(row, form='.0%')} make a block's error smaller; "
        "where one does not, halving may pass over a smaller number of tokens."
    )


def _follows(found: Findings, figures: Figures) -> str:
    """What is known to be in a block, and the tokens it gets."""
    threshold = next((name for name in found.limits if name == "middle"), next(iter(found.limits)))
    row = figures.get(found.model, "rho", threshold=threshold, **{"with": "objects"})
    if row is None or row["estimate"] is None:
        return ""
    return (
        f"Blocks with more moving objects get more tokens: Spearman's rho {size(row)}, threshold "
        f"{threshold}, {row['n_clusters']} made clips."
        if evidence_of(row) == "above"
        else f"Tokens and the number of moving objects: Spearman's rho {size(row, '+')}."
    )
