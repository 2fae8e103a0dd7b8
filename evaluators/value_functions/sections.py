"""Sections of the report: what was found, curves over noise, shifts and width, tuning, methods."""

from __future__ import annotations

from typing import Any

from evaluators.value_functions.claims import NAMES, claims, control_lines, forest
from evaluators.value_functions.context import CONTROLS, Material, View
from evaluators.value_functions.figures import PROFILE
from evaluators.value_functions.pictures import (
    learning_figures,
    reliability_figures,
    support_maps,
    validation_figures,
)
from measurand.reporting.document import Block, Cell, Figure, Section, Table, Text
from measurand.reporting.grid import Line, grid
from measurand.reporting.lookup import Figures
from measurand.reporting.methods import methods
from schemas.value_functions.params import BASELINE, LOSSES, Run

_METRICS = (
    "score", "regret", "top_1", "puzzle", "tau", "absolute_error", "log_loss", "squared_error",
    "return", "steps", "worst_error", "won", "elo",
)  # fmt: skip


CURVES = {
    "noise": "noise of the targets",
    "width": "units of a hidden layer",
    "experts": "experts of a mixture",
    "conservative": "weight of CQL's penalty",
    "bins": "bins of the support",
    "ratio": "standard deviation of HL-Gauss in bins",
}
"""What curves are drawn over, in words."""
SCALES = {"noise": "linear", "ratio": "linear", "conservative": "log10"}
"""Scales of those whose values are not doubled from run to run."""


def summary_section(view: View) -> Section:
    """Every claim of every loss, then the controls."""
    material, figures = view.found, view.figures
    losses = list(dict.fromkeys(x for run in material.params.train.runs
                                for x in material.losses(run) if x != BASELINE))  # fmt: skip
    told = [line for loss in losses for line in claims(material, figures, loss)]
    controls = control_lines(material, figures)
    blocks: list[Block] = [Text("\n".join(f"- {line}" for line in told) or "Nothing was measured.")]
    if controls:
        blocks.append(Text("\n".join(f"- {line}" for line in controls)))
    return Section("In short", tuple(blocks), "Is a value better learned by classification?")


def difference_section(view: View) -> Section:
    """The forest again, with its table."""
    text = "A loss is compared with squared error on the same items, under the same seeds."
    return Section("Every loss against squared error", (forest(view.found, view.figures),), text)


def run_section(view: View) -> Section:
    """A table a run: every loss and control, every metric."""
    material, figures = view.found, view.figures
    return Section(
        "Every run",
        tuple(_table(material, figures, run) for run in material.params.train.runs),
        "Means over trainings and clusters, with intervals over both.",
    )


def _table(material: Material, figures: Figures, run: Run) -> Table:
    models = [*material.losses(run), *CONTROLS]
    made = [m for m in _METRICS if any(figures.get(x, m, run=run.id) for x in models)]
    lines = [
        Line({"text": model, "detail": NAMES.get(model, "control")}, model, {"run": run.id})
        for model in models
        if any(figures.get(model, metric, run=run.id) for metric in made)
    ]
    noise = f", noise {run.noise:g}" if run.noise else ""
    shuffled = ", targets shuffled" if run.shuffled else ""
    trunk = "" if run.trunk == "dense" else f", {run.trunk}"
    experts = f" of {run.experts} experts" if run.trunk == "moe" else ""
    caption = f"{run.id}: {run.source}, width {run.width}{trunk}{experts}{noise}{shuffled}"
    skipped = [
        f"{NAMES.get(model, model)}: {row['estimate']:.0f} items have no {metric}."
        for model in models
        for metric in made
        if (row := figures.get(model, f"{metric}_skipped", run=run.id)) and row["estimate"]
    ]
    return grid(figures, caption, "loss", lines, {m: m for m in made}, skipped)


def game_section(view: View) -> Section | None:
    """All games together."""
    figures = view.figures
    models = [loss for loss in LOSSES if figures.metrics(loss, "iqm")]
    if not models:
        return None
    games = figures.metrics(models[0], "iqm")[0]["slice"].partition("=")[2]
    lines = [Line({"text": x, "detail": NAMES[x]}, x, {"games": games}) for x in models]
    columns = {"interquartile mean": "iqm", "P(better than squared error)": "improvement"}
    caption = f"Scores of all trainings on {games} games: 0 random play, 1 the script"
    notes = ["Intervals are over trainings on these games (Agarwal et al. 2021)."]
    rows = [
        figures.point("", x, beyond, x, "profile", games=games, above=f"{beyond:g}")
        for x in models
        for beyond in PROFILE
    ]
    title = "Performance profile: share of trainings and games above a score"
    profile = _curves(rows, title, "score", "share above it", "linear")
    table = grid(figures, caption, "loss", lines, columns, notes)
    return Section("All games", (table, profile), "", True)


def curve_section(view: View) -> Section | None:
    """Score against noise, width, experts, CQL's weight, bins and ratio; error by shift."""
    material, figures = view.found, view.figures
    maps = support_maps(material, figures)
    blocks = [*_versions(material, figures), *maps, *_shifts(material, figures)]
    if not blocks:
        return None
    return Section("Noise, shifts, sizes, bins", tuple(blocks), "Lines are losses.")


def _versions(material: Material, figures: Figures) -> list[Figure]:
    found = []
    for part, words in CURVES.items():
        pairs = [(run, other) for run, other, which in material.siblings() if which == part]
        names = {run.id for pair in pairs for run in pair}
        runs = [run for run in material.params.train.runs if run.id in names]
        rows: list[dict[str, Any]] = [
            figures.point(run.source, loss, getattr(run, part), loss, "score", run=run.id)
            for loss in dict.fromkeys(x for run in runs for x in material.losses(run))
            for run in sorted(runs, key=lambda one: float(getattr(one, part)))
            if figures.get(loss, "score", run=run.id)
        ]
        if rows:
            scale = SCALES.get(part, "log2")
            found.append(_curves(rows, f"Score against {words}", words, "score", scale))
    return found


def _shifts(material: Material, figures: Figures) -> list[Figure]:
    rows: list[dict[str, Any]] = []
    for run in material.params.train.runs:
        for loss in material.losses(run):
            for phase, shift in enumerate(run.shifts):
                parts = {"run": run.id, "phase": str(phase)}
                if figures.get(loss, "squared_error", **parts):
                    rows.append(figures.point(run.id, loss, shift, loss, "squared_error", **parts))
    if not rows:
        return []
    title = "Squared error at the end of every shift"
    return [_curves(rows, title, "added to the targets", "squared error", "linear")]


def _curves(rows: list[dict[str, Any]], title: str, x: str, y: str, scale: str) -> Figure:
    data = {"rows": rows, "x_axis": x, "x_scale": scale, "y_axis": y, "own_scale": True}
    return Figure("curves", title, "Intervals are over trainings and items.", data)


def tuning_section(view: View) -> Section:
    """Every loss tried every rate of one grid; which one validation picked; how it was learned."""
    tuning = view.found.tuning
    rates = sorted(tuning["rate"].unique().to_list(), key=float)
    rows: list[list[Cell]] = []
    for run in view.found.params.train.runs:
        for loss in view.found.losses(run):
            own = tuning.filter(run=run.id, loss=loss)
            cells: list[Cell] = []
            for rate in rates:
                some = own.filter(rate=rate)
                if some.is_empty():
                    cells.append("")
                    continue
                mean = float(some["score"].mean() or 0.0)  # type: ignore[arg-type]
                star = " *" if bool(some["chosen"][0]) else ""
                cells.append(f"{mean:.4g}{star}")
            rows.append([{"text": run.id, "detail": loss}, *cells])
    table = Table(
        "Score on validation by learning rate, mean over trainings; * the rate of the loss",
        ["run and loss", *rates],
        rows,
        [
            "Squared error with its sign turned, discounted return, or on a chain the worst error. "
            "Empty: not in the grid of this run.",
            *_at_the_ends(view.found),
        ],
    )
    told = "All losses of a run have the same grid and as many trainings."
    curves = (*validation_figures(view.found, view.figures), *learning_figures(view.found))
    return Section("Tuning", (table, *curves), told, True)


def _at_the_ends(material: Material) -> list[str]:
    """Which losses picked the lowest or the highest rate: beyond it may lie a better one.

    Where targets are shuffled there is nothing to pick by.
    """
    names = []
    for run in material.params.train.runs:
        grid_ = sorted(material.params.rates(run))
        if run.shuffled or len(grid_) == 1:
            continue
        for loss in material.losses(run):
            rate = material.tuning.filter(run=run.id, loss=loss, chosen=True)["rate"][0]
            if float(rate) in (grid_[0], grid_[-1]):
                names.append(f"{run.id} {loss}")
    if not names:
        return []
    return [
        f"Picked at an end of the grid, beyond which a better rate may lie: {', '.join(names)}."
    ]


def representation_section(view: View) -> Section:
    """Rank, dead units, read-out, entropy, calibration, clipped targets."""
    material, figures = view.found, view.figures
    lines = [
        Line({"text": run.id, "detail": loss}, loss, {"run": run.id})
        for run in material.params.train.runs
        for loss in material.losses(run)
    ]
    names = ("rank", "dead", "probe", "entropy", "covered", "calibration", "clipped")
    columns = {name: name for name in names}
    notes = [
        "rank: singular values of the last hidden layer that hold 99% of their sum; dead: share of "
        "units that are never active; probe: share of variance that a linear read-out of it "
        "explains on other rows; entropy: of the head's distribution, in nats; covered: share of "
        "true targets in its central 90%; calibration: mean distance of said and true win "
        "probability in ten bins; clipped: share of training targets beyond the support."
    ]
    table = grid(figures, "Last hidden layer and head", "run and loss", lines, columns, notes)
    reliability = reliability_figures(material, figures)
    return Section("Inside the networks", (table, *reliability), "", True)


def method_section(view: View) -> Section:
    """How the figures were made, and what this is not."""
    params = view.found.params
    rows: list[list[Cell]] = [
        [
            source.id,
            source.kind,
            ", ".join(f"{k} {v}" for k, v in source if k not in ("id", "kind")),
        ]
        for source in params.build.sources
    ]
    table = Table("Sources", ["source", "kind", "parameters"], rows)
    seeds = params.train.seeds
    return Section("Methods", (methods(__file__, params, seeds=seeds), table))
