"""Sentences: whether and where a classification loss does better than squared error."""

from __future__ import annotations

from evaluators.value_functions.context import Material, View
from measurand.reporting.document import Figure, Opening
from measurand.reporting.evidence import say, size
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from schemas.value_functions.params import BASELINE, BOOTSTRAPPED, LOSSES, PLAYED, Run

NAMES = {
    "mse": "squared error",
    "huber": "Huber's loss",
    "mse_softmax": "squared error of a softmax's mean",
    "one_hot": "one-hot cross-entropy",
    "two_hot": "two-hot cross-entropy",
    "hl_gauss": "HL-Gauss",
    "c51": "C51",
}
LEAD = "hl_gauss"
MOST = 5
MORE = {
    "noise": "more noise",
    "width": "more units",
    "experts": "more experts",
    "conservative": "more weight on what the data hold",
}
"""What may make a loss's lead grow."""


def opening(view: View) -> Opening | None:
    """One sentence a claim, on the loss that the paper argues for, and a forest of all."""
    lines = _plains(view.found, view.figures, LEAD)[: MOST - 1]
    if changes := " ".join(_changes(view.found, view.figures, LEAD)):
        lines.append(changes)
    if not lines:
        return None
    named = None
    for run in plain_runs(view.found):
        if view.figures.get(LEAD, "score_difference", run=run.id, over=BASELINE):
            named = {
                "label": f"{NAMES[LEAD]} minus squared error, {run.id}",
                "model": LEAD,
                "metric": "score_difference",
                "slice": f"over={BASELINE},run={run.id}",
            }
            break
    return Opening(tuple(lines), forest(view.found, view.figures), named)


def claims(material: Material, figures: Figures, loss: str) -> list[str]:
    """Given targets, targets that move, bootstrapped ones; then noise; then width."""
    return [*_plains(material, figures, loss), *_changes(material, figures, loss)]


def _plains(material: Material, figures: Figures, loss: str) -> list[str]:
    return [
        _plain(material, run, loss, row)
        for run in plain_runs(material)
        if (row := figures.get(loss, "score_difference", run=run.id, over=BASELINE))
    ]


def _changes(material: Material, figures: Figures, loss: str) -> list[str]:
    pairs = sorted((p for p in material.siblings() if p[2] in MORE), key=lambda pair: pair[2])
    return [
        _change(run, other, part, loss, row)
        for run, other, part in pairs
        if (row := figures.get(loss, "score_difference_change", run=run.id, over=other.id))
    ]


def plain_runs(material: Material) -> list[Run]:
    """Runs that are no controls and not the noisier or narrower version of another one.

    A chain's values are found exactly by every loss: it is a check of the instrument.
    """
    versions = {
        _version(material, run, other, part).id
        for run, other, part in material.siblings()
        if part in MORE
    }
    return [
        run
        for run in material.params.train.runs
        if not run.shuffled
        and run.id not in versions
        and material.params.build.source(run.source).kind != "chain"
    ]


def _version(material: Material, more: Run, less: Run, part: str) -> Run:
    """Which of two runs is a version of the other; of weights of CQL's penalty the later named."""
    if part == "conservative":
        return max(more, less, key=material.params.train.runs.index)
    return more if part == "noise" else less


def _what(material: Material, run: Run) -> str:
    source = material.params.build.source(run.source)
    if run.shifts:
        return f"where targets move ({run.id})"
    words = {"chess": "on chess moves", "wordle": "on Wordle", "file": "on the table",
             "control": "on the arm"}  # fmt: skip
    place = words.get(source.kind, "on the game")
    boot = ", learned from its own targets" if source.kind in BOOTSTRAPPED else ""
    return f"{place} ({run.id}){boot}"


def _plain(material: Material, run: Run, loss: str, row: StatisticRow) -> str:
    told = say(
        row,
        above="raises the score by {size}",
        below="lowers the score by {size}",
        unsure="changes the score by {size}",
        scope="method",
    )
    scale = _scale(material, run)
    return (
        f"{_capital(_what(material, run))}, {NAMES[loss]} instead of squared error {told} "
        f"({scale}; {material.params.train.seeds} trainings, {row['n_clusters']} clusters)."
    )


def _scale(material: Material, run: Run) -> str:
    kind = material.params.build.source(run.source).kind
    return {
        "chess": "0 a random move, 1 Stockfish's own",
        **dict.fromkeys(PLAYED, "0 random play, 1 the script"),
        "wordle": "share of secrets found",
    }.get(kind, "share of variance explained")


def _change(run: Run, other: Run, part: str, loss: str, row: StatisticRow) -> str:
    more = MORE[part]
    told = say(
        row,
        above="grows by {size}",
        below="shrinks by {size}",
        unsure="changes by {size}",
        scope="method",
    )
    values = f"{getattr(other, part):g} to {getattr(run, part):g}"
    return (
        f"With {more} ({part} {values}, {other.id} to {run.id}) the lead of {NAMES[loss]} over "
        f"squared error {told}."
    )


def control_lines(material: Material, figures: Figures) -> list[str]:
    """What shuffled targets teach, and whether squared error beats what needs no learning."""
    found = []
    for run in material.params.train.runs:
        if run.shuffled:
            told = [
                f"{NAMES[loss]} {size(row)}"
                for loss in material.losses(run)
                if (row := figures.get(loss, "score", run=run.id))
            ]
            found.append(f"Trained on shuffled targets ({run.id}) the score is {', '.join(told)}.")
            continue
        for over in ("constant", "material", "random"):
            row = figures.get(BASELINE, "score_difference", run=run.id, over=over)
            if row is not None:
                told_ = say(
                    row,
                    above="scores higher by {size}",
                    below="scores lower by {size}",
                    unsure="differs in score by {size}",
                    scope="method",
                )
                found.append(f"{run.id}: squared error against the control `{over}` {told_}.")
    return found + _narrowing(material, figures)


def _narrowing(material: Material, figures: Figures) -> list[str]:
    """What half of the trainings would have made of the intervals."""
    found = []
    many = material.params.train.seeds
    for loss in LOSSES:
        row = figures.get(loss, "narrowing", over=BASELINE)
        wanted = figures.get(loss, "narrowing_expected", over=BASELINE)
        if row is not None and wanted is not None:
            found.append(
                f"With {many // 2} of the {many} trainings the intervals of {NAMES[loss]} against "
                f"squared error are {size(row)} times as wide; by the spread of trainings and "
                f"items {wanted['estimate']:.2f} is expected."
            )
    return found


def forest(material: Material, figures: Figures) -> Figure:
    """Score of every loss minus that of squared error, a group a run."""
    rows = []
    for run in material.params.train.runs:
        if run.shuffled or material.params.build.source(run.source).kind == "chain":
            continue
        for loss in material.losses(run):
            if loss == BASELINE:
                continue
            dot = figures.dot(NAMES[loss], loss, "score_difference", run=run.id, over=BASELINE)
            rows.append({**dot, "group": run.id})
    return Figure(
        "forest",
        "Every loss minus squared error",
        "Difference in score, on the same items under the same seeds, each loss with its own "
        "learning rate; intervals over trainings and items. Right of 0 a loss does better than "
        "squared error. Scores are 0 without knowledge and 1 for the teacher, the script, all "
        "secrets found or no error.",
        {"rows": rows, "axis": "difference in score", "limit": 0, "limit_label": "squared error",
         "around": 0} if rows else {"reason": "no run was measured"},
    )  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
