"""Report sections on what policies write: win rates, strengths, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evaluators.soft_labels.context import Material, View
from evaluators.soft_labels.wins import duels, order
from measurand.reporting.document import Block, Figure, Section, Table, Text
from measurand.reporting.grid import Line, grid
from measurand.reporting.lookup import Figures
from schemas.soft_labels.params import REFERENCE_RUN

Parts = dict[str, str]


def win_section(view: View) -> Section | None:
    """Who is preferred by whom, one matrix and one ranking a judge."""
    material, figures = view.found, view.figures
    judged = judged_sets(material)
    if not judged:
        return None
    blocks: list[Block] = []
    for parts in judged:
        why = _blocked(material, figures, parts)
        if why is not None:
            blocks.append(Text(f"No win rates by {parts['judge']} on {parts['set']}, since {why}."))
            continue
        blocks += [_matrix(material, figures, parts), _ranking(material, figures, parts)]
        blocks.append(_table(material, figures, parts))
    return Section(
        "Win rates",
        tuple(blocks),
        "Policies continue the same beginnings of held-out responses; judges compare what they "
        "wrote in both orders. Intervals are over beginnings, for the policies as trained.",
    )


def distance_section(view: View) -> Section | None:
    """Over-optimisation: what is won against how far the policy went from where it started."""
    material, figures = view.found, view.figures
    if material.samples.is_empty():
        return None
    written = material.samples.select("run_id", "set").unique(maintain_order=True)
    place = {run: at for at, run in enumerate(order(material))}
    pairs = sorted(written.iter_rows(), key=lambda p: (p[1], place.get(p[0], len(place))))
    table = grid(
        figures,
        "What was written",
        "policy and set",
        [Line(f"{run}, {name}", material.model, {"run": run, "set": name}) for run, name in pairs],
        {
            "reward, learned": "text_reward",
            "reward, known": "text_reward_known",
            "KL per token, nats": "kl_per_token",
            "words": "text_n_words",
            "distinct pairs of words": "distinct_2",
            "missing": "sample_missing",
        },
        [
            "KL per token: mean log-ratio to the policy before training over what the policy wrote "
            "itself, an estimate that sampling noise can take below 0. The known reward is exact; "
            "the learned one is a model of ratings and can be gamed."
        ],
    )
    return Section(
        "Distance from the start",
        (_distance_figure(material, figures), table),
        "A reward that rises with the distance and then falls is over-optimised.",
    )


def judged_sets(material: Material) -> list[Parts]:
    """Judge and pair set of every table of comparisons, instruments without a model first."""
    pairs = material.comparisons.select("judge", "set").unique(maintain_order=True)
    models = {judge.id for judge in material.params.build.judges}
    ordered = sorted(pairs.iter_rows(), key=lambda p: (p[0] in models, p))
    return [{"judge": judge, "set": name} for judge, name in ordered]


def _blocked(material: Material, figures: Figures, parts: Parts) -> str | None:
    """Why none of a judge's win rates is defined; None where one is."""
    found = [
        figures.get(material.model, "win_percentage", **duel.parts)
        for duel in duels(material, parts["judge"], parts["set"])
    ]
    rows = [row for row in found if row is not None]
    if any(row["estimate"] is not None for row in rows):
        return None
    return rows[0]["reason"] if rows else "no comparison succeeded"


def _matrix(material: Material, figures: Figures, parts: Parts) -> Figure:
    values: dict[tuple[str, str], float] = {}
    for duel in duels(material, parts["judge"], parts["set"]):
        value = figures.value(material.model, "win_percentage", **duel.parts)
        if value is not None:
            values[duel.run, duel.over] = value - 0.5
            values[duel.over, duel.run] = 0.5 - value
    names = [name for name in order(material) if any(name in pair for pair in values)]
    return Figure(
        "heatmap",
        f"Win rate minus one half, judge {parts['judge']}, {parts['set']}",
        "Mean preference for the policy of the row against that of the column, less .5.",
        {
            "labels": names,
            "columns": names,
            "values": [[values.get((a, b)) for b in names] for a in names],
            "reasons": [
                [
                    None if (a, b) in values else "itself" if a == b else "not compared"
                    for b in names
                ]
                for a in names
            ],
            "extent": 0.5,
            "axis": "win rate - .5",
        },
    )


def _ranking(material: Material, figures: Figures, parts: Parts) -> Figure:
    rows = [
        figures.dot(run, material.model, "strength", **parts, run=run)
        for run in order(material)
        if figures.get(material.model, "strength", **parts, run=run) is not None
    ]
    rows.sort(key=lambda row: -(row["estimate"] if row["estimate"] is not None else -1e9))
    return Figure(
        "forest",
        f"Bradley-Terry strength, judge {parts['judge']}, {parts['set']}",
        "Log-odds of being preferred to the policy before training, from all comparisons together.",
        {
            "rows": rows,
            "axis": "strength, log-odds",
            "limit": 0.0,
            "limit_label": REFERENCE_RUN,
        },
    )


def _table(material: Material, figures: Figures, parts: Parts) -> Table:
    return grid(
        figures,
        f"Win rates by {parts['judge']} on {parts['set']}",
        "policies",
        [
            Line(f"{duel.run} over {duel.over}", material.model, duel.parts)
            for duel in duels(material, parts["judge"], parts["set"])
        ],
        {
            "percentage": "win_percentage",
            "binary": "win_binary",
            "shown first": "win_12",
            "shown second": "win_21",
            "matched length": "win_matched",
            "Wilcoxon p": "win_p",
        },
        [
            "Percentage: mean preference. Binary: share of texts preferred, ties as halves. "
            "Matched length: texts within two words of each other. Wilcoxon: signed-rank test of "
            "preference minus one half over beginnings, not corrected for the number of rows."
        ],
    )


def _distance_figure(material: Material, figures: Figures) -> Figure:
    """Rewards and win rates against distance, a dot a policy."""
    rows: list[dict[str, Any]] = []
    levels: list[dict[str, Any]] = []
    for name in material.samples["set"].unique().sort().to_list():
        for panel, metric, parts, level in _gains(material, figures, name):
            dots = []
            for run in material.params.train.runs:
                x = figures.value(material.model, "kl_per_token", run=run.id, set=name)
                dot = figures.dot(run.id, material.model, metric, run=run.id, set=name, **parts)
                if x is not None and dot["estimate"] is not None:
                    dots.append({"panel": panel, "series": dot.pop("label"), "x": x, **dot})
            rows += sorted(dots, key=lambda row: row["x"])
            if dots and level is not None:
                levels.append({"panel": panel, "series": REFERENCE_RUN, "y": level})
    return Figure(
        "curves",
        "What was gained, against the distance from the start",
        "One dot a policy: mean reward, and win rate over the policy before training, against its "
        "divergence per token. The dashed level is the policy before training.",
        {
            "rows": rows,
            "lines": levels,
            "x_axis": "KL per token, nats",
            "y_axis": "mean reward, or win rate",
            "own_scale": True,
        }
        if rows
        else {"reason": "no policy has a distance and a reward"},
    )


def _gains(
    material: Material, figures: Figures, name: str
) -> Iterator[tuple[str, str, Parts, float | None]]:
    """(panel, metric, its further slices, level of the reference) of one set."""
    for metric, title in (("text_reward_known", "known reward"), ("text_reward", "learned reward")):
        level = figures.value(material.model, metric, run=REFERENCE_RUN, set=name)
        yield f"{name}, {title}", metric, {}, level
    for parts in judged_sets(material):
        if parts["set"] == name:
            over = {"judge": parts["judge"], "over": REFERENCE_RUN}
            yield f"{name}, win rate by {parts['judge']}", "win_percentage", over, 0.5
