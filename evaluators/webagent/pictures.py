"""Figures of the report: success, the square, first deviations, length of pages, losses, films."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from evaluators.webagent.crossing import Square
from evaluators.webagent.evaluate.context import Found, Subject
from evaluators.webagent.evaluate.walking import KINDS
from evaluators.webagent.pointing import LENGTHS
from evaluators.webagent.strips import strip
from measurand import shards
from measurand.manifest import MANIFEST
from measurand.reporting.document import Figure
from measurand.reporting.lookup import Figures
from measurand.web.film import Picture

SITES = {"": "all sites", "estate": "real estate", "forum": "forum", "map": "map"}
"""How sites are named."""


def success_figure(everyone: Sequence[Subject], figures: Figures) -> Figure:
    """Success of every agent, on all sites."""
    rows = [figures.dot(subject.agent, subject.agent, "success") for subject in everyone]
    return _bars("Instructions carried out", rows)


def site_figure(everyone: Sequence[Subject], figures: Figures) -> Figure:
    """Success of every agent on each site."""
    rows = [
        {**figures.dot(SITES[site], subject.agent, "success", site=site), "group": subject.agent}
        for subject in everyone
        for site in subject.sites
    ]
    return _bars("Instructions carried out, by site", rows)


def _bars(title: str, rows: Sequence[dict[str, Any]]) -> Figure:
    return Figure(
        "bars",
        title,
        "Share of episodes in which all that was asked for holds and nothing else has changed, "
        "with 95% intervals.",
        {"rows": rows, "axis": "share of episodes", "minimum": 0.0, "maximum": 1.0}
        if rows
        else {"reason": "nothing was played"},
    )


def square_figure(square: Square, figures: Figures) -> Figure:
    """The four cells, as shares of instructions carried out."""

    def value(cell: Subject | None) -> float | None:
        return None if cell is None else figures.value(cell.agent, "success")

    neither, plans, summaries, both = (value(cell) for cell in square.cells)
    return Figure(
        "heatmap",
        f"With and without planner and summariser: {square.both.agent}",
        "Share of episodes carried out. Rows: whether the writer is told the planner's words; "
        "columns: whether it is shown what was pointed at, or the page from its beginning.",
        {
            "labels": ["told the instruction", "told by the planner"],
            "columns": ["page from its beginning", "snippet"],
            "values": [[neither, summaries], [plans, both]],
            "reasons": [["not played"] * 2] * 2,
            "range": "share",
            "axis": "share of episodes carried out",
        },
    )


def failure_figure(everyone: Sequence[Subject], figures: Figures) -> Figure:
    """Kinds of first deviations of every agent."""
    rows = [
        {**figures.dot(kind, subject.agent, "failure_share", kind=kind), "group": subject.agent}
        for subject in everyone
        for kind in KINDS
    ]
    return Figure(
        "bars",
        "Where episodes part from the oracle's",
        "Share of all of an agent's episodes; together with its successes, and with failures that "
        "have no reference, they make 1.",
        {"rows": rows, "axis": "share of episodes", "minimum": 0.0, "maximum": 1.0}
        if rows
        else {"reason": "nothing was played"},
    )


def length_figure(everyone: Sequence[Subject], figures: Figures) -> Figure:
    """What was found, and the score, against the length of the page."""
    panels = {
        "ref_recall": "elements pointed at",
        "in_view": "element in what the writer saw",
        "score": "score",
    }
    rows = [
        figures.point(words, subject.agent, most / 1000, subject.agent, metric, page=name)
        for metric, words in panels.items()
        for subject in everyone
        for name, most in LENGTHS.items()
        if figures.get(subject.agent, metric, page=name) is not None
    ]
    return Figure(
        "curves",
        "Against the length of the page",
        "Pages of at most so many thousand words and signs; a gap: no such page. The score stands "
        "at the longest page on the oracle's way.",
        {"rows": rows, "x_axis": "thousand words and signs", "y_axis": "share", "x_scale": "log2",
         "minimum": 0.0, "maximum": 1.0, "reason": "no step has a known reference"},
    )  # fmt: skip


def loss_figure(found: Found, figures: Figures) -> Figure:
    """Loss against the mean length of masked spans, a line a kind of token."""
    probes = found.probes
    spans = probes["mu"].unique().sort().to_list()
    kinds = probes["kind"].unique().sort().to_list()
    rows = [
        figures.point(model, kind, mu, model, "loss", mu=str(mu), kind=kind)
        for model in probes["model"].unique().sort().to_list()
        for kind in kinds
        for mu in spans
    ]
    return Figure(
        "curves",
        "Loss on masked parts that all models are given alike",
        "By mean length of the masked spans and by what a token is part of; lower is better.",
        {"rows": rows, "x_axis": "mean tokens of a span", "y_axis": "nats a token",
         "x_scale": "log2", "minimum": 0.0},
    )  # fmt: skip


def _told_once(rows: list[dict[str, Any]]) -> Iterator[tuple[tuple[Any, ...], int]]:
    """What was seen and said, and how often in a row: who says the same again is shown it once."""
    each = [(r["picture"], r["sub_instruction"] or "the end", r["box"]) for r in rows]
    for one, same in groupby(each):
        yield one, len(list(same))


def films(results: Path, found: Found) -> list[Figure]:
    """The pages of each filmed episode, each with what was to be done next."""
    if not (results / "films" / MANIFEST).exists():
        return []
    strips: dict[str, list[dict[str, Any]]] = {}
    for row in shards.read_table(results / "films").to_pylist():
        strips.setdefault(row["episode_id"], []).append(row)
    episodes = {row["episode_id"]: row for one in found.everyone for row in one.every.to_dicts()}
    made = []
    for name, rows in strips.items():
        rows.sort(key=lambda row: row["step"])
        known = episodes.get(name)
        ended = "a film of no listed episode"
        if known is not None:
            ended = "carried out" if known["success"] else "not carried out"
        seen = [
            Picture(picture, said if often == 1 else f"{said} ({often} times)", box)
            for (picture, said, box), often in _told_once(rows)
        ]
        about = known["instruction"] if known is not None else ""
        made.append(
            Figure(
                "screens",
                f"{name.replace('|', ', ')}: {ended}",
                f"{about} Each picture shows a part of the page before what is said below it; the "
                "element pointed at is framed.".strip(),
                {"rows": strip(seen)},
            )
        )
    return made
