"""The first screen: how many tokens does a piece of video deserve."""

from __future__ import annotations

from dataclasses import replace

from evaluators.elastictok.context import HEADLINE, Findings, View
from evaluators.elastictok.pictures import saving_figure
from measurand.report.document import Figure, Opening
from measurand.report.evidence import UNSURE, evidence_of, say, size
from measurand.report.lookup import Figures
from measurand.results import StatisticRow

UNSURE_SAVING = {
    "undecided": ": the interval holds 1, so it may save nothing",
    "below": ": none are saved",
    "few": f": {UNSURE['few']}",
    "one": f": {UNSURE['one']}",
}
REACHED = 0.5
"""Share of blocks that a fixed model must bring under a threshold to be worth a headline."""


def opening(view: View) -> Opening | None:
    """Tokens saved, what tokens buy, whether halving may be used, and what tokens follow."""
    found, figures = view.found, view.figures
    saving = _hardest(found, figures)
    lines = [
        _saving(found, figures, saving),
        _gain(found, figures),
        _falls(found.model, figures),
        _follows(found, figures),
    ]
    kept = tuple(line for line in lines if line)
    if not kept:
        return None
    named = None if saving is None else {
        "label": f"times fewer tokens than {saving[1]}, threshold {saving[0]}",
        "model": found.model,
        "metric": "token_saving",
        "slice": str(saving[2]["slice"]),
    }  # fmt: skip
    return Opening(kept, _picture(saving_figure(found, figures), saving), named)


def _picture(whole: Figure, saving: tuple[str, str, StatisticRow] | None) -> Figure:
    """The panel of the saving that is told."""
    rows = whole.data.get("rows") or []
    if saving is None or not rows:
        return whole
    own = [row for row in rows if str(row["panel"]).split(":")[0] == saving[0]]
    return replace(whole, data={**whole.data, "rows": own})


def _reached(figures: Figures, threshold: str, fixed: str, n: int) -> float:
    """Share of blocks that a fixed model brings under a threshold."""
    parts = {"n": str(n), "split": HEADLINE, "threshold": threshold}
    return figures.value(fixed, "budget_feasible", **parts) or 0.0


def _hardest(found: Findings, figures: Figures) -> tuple[str, str, StatisticRow] | None:
    """(threshold, fixed model, row) of the least saving where the fixed model is of use at all."""
    rows: list[tuple[float, tuple[str, str, StatisticRow]]] = []
    for threshold in found.limits:
        for fixed, n in found.fixed.items():
            row = figures.get(found.model, "token_saving", threshold=threshold, split=HEADLINE,
                              against=fixed, n=str(n))  # fmt: skip
            useful = _reached(figures, threshold, fixed, n) >= REACHED
            # Where some trainings or resamples have nothing to divide by, it is no headline.
            if not useful or row is None or row["ci_lo"] is None:
                continue
            if row["estimate"] is not None:
                rows.append((row["estimate"], (threshold, fixed, row)))
    return min(rows, key=lambda one: one[0])[1] if rows else None


def _saving(
    found: Findings, figures: Figures, hardest: tuple[str, str, StatisticRow] | None
) -> str:
    if hardest is None:
        return ""
    threshold, fixed, row = hardest
    tokens = figures.get(found.model, "tokens", threshold=threshold, split=HEADLINE)
    needs = "" if tokens is None else f" (alone {size(tokens, form='.1f')} of {found.slots})"
    share = _reached(figures, threshold, fixed, found.fixed[fixed])
    unsure = UNSURE_SAVING.get(evidence_of(row, 1.0, "method"), "")
    return (
        f"Where both bring {share:.0%} of unseen blocks under the {threshold} threshold, a search "
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


def _falls(model: str, figures: Figures) -> str:
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
