"""Report sections on shaping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from evaluators.personality.context import Subject
from evaluators.personality.figures import NAMES, Figures
from evaluators.personality.shaping import shaping_scores
from measurand.report.document import Block, Cell, Figure, Section, Table
from schemas.personality import DOMAINS


def single_section(everyone: Sequence[Subject], figures: Figures) -> Section | None:
    """One trait at a time, at levels 1 to 9."""
    blocks: list[Block] = []
    for subject in everyone:
        scores = shaping_scores(subject, "single")
        if not scores.is_empty():
            blocks += _single_blocks(subject, scores, figures)
    if not blocks:
        return None
    return Section(
        "Shaping one trait",
        tuple(blocks),
        "A prompt asks for one trait at a level from 1 (extremely low) to 9 (extremely high). Its "
        "own score should follow; the others should stay.",
    )


def _single_blocks(subject: Subject, scores: pl.DataFrame, figures: Figures) -> list[Block]:
    model = subject.model
    prompted = [d for d in DOMAINS if not scores.filter(pl.col(f"level_{d}") > 0).is_empty()]
    rho = [[_rho(figures, model, p, m) for m in DOMAINS] for p in prompted]
    rows: list[list[Cell]] = []
    for p, line in zip(prompted, rho, strict=True):
        parts = {"experiment": "single", "trait": p}
        others = [c["estimate"] for m, c in zip(DOMAINS, line, strict=True) if c and m != p]
        known = [abs(r) for r in others if r is not None]
        low, high = (
            figures.cell(model, "level_median", **parts, level=str(level))
            for level in _ends(scores, p)
        )
        strongest: Cell = {"value": max(known) if known else None, "reason": "scores do not vary"}
        own = figures.cell(model, "shaping_rho", **parts)
        rows.append([NAMES[p], own, strongest, low, high])
    return [
        Table(
            f"{model}: prompted level and score",
            ["trait prompted", "Spearman's rho, own score", "largest absolute rho, other scores",
             "median at the lowest level", "median at the highest level"],
            rows,
        ),
        Figure(
            "heatmap",
            f"{model}: Spearman's rho of prompted level and score",
            "Rows are the trait prompted, columns the trait measured. The framed cells should be "
            "near 1, the others near 0.",
            {
                "labels": [NAMES[p] for p in prompted],
                "columns": list(NAMES.values()),
                "values": [[cell and cell["estimate"] for cell in line] for line in rho],
                "reasons": [[cell and cell["reason"] for cell in line] for line in rho],
                "outlined": [[i, DOMAINS.index(p)] for i, p in enumerate(prompted)],
                "axis": "Spearman's rho",
            },
        ),
        _ridges(model, scores, prompted),
        _levels(model, scores, prompted),
    ]  # fmt: skip


def _rho(figures: Figures, model: str, prompted: str, measured: str) -> dict[str, Any] | None:
    if prompted == measured:
        return figures.get(model, "shaping_rho", experiment="single", trait=prompted)
    parts = {"experiment": "single", "prompted": prompted, "measured": measured}
    return figures.get(model, "cross_rho", **parts)


def _ends(scores: pl.DataFrame, domain: str) -> tuple[int, int]:
    levels = scores.filter(pl.col(f"level_{domain}") > 0)[f"level_{domain}"].to_list()
    return min(levels), max(levels)


def _ridges(model: str, scores: pl.DataFrame, prompted: list[str]) -> Figure:
    cells = []
    for p in prompted:
        own = scores.filter(pl.col(f"level_{p}") > 0)
        for m in DOMAINS:
            for level in own[f"level_{p}"].unique().sort().to_list():
                at = own.filter((pl.col("domain") == m) & (pl.col(f"level_{p}") == level))
                values = at.sort("participant_id")["score"].to_list()
                cells.append(
                    {"prompted": NAMES[p], "measured": NAMES[m], "level": level, "values": values}
                )
    return Figure(
        "ridges",
        f"{model}: scores at every prompted level",
        "One ridge a level, the lowest at the bottom. On the diagonal the ridges should walk to "
        "the right; elsewhere they should stand still.",
        {"cells": cells, "minimum": 1, "maximum": 5, "axis": "score"},
    )


def _levels(model: str, scores: pl.DataFrame, prompted: list[str]) -> Figure:
    rows = []
    for p in prompted:
        own = scores.filter(pl.col(f"level_{p}") > 0)
        grouped = own.group_by("domain", f"level_{p}").agg(
            pl.col("score").median().alias("median"),
            pl.col("score").quantile(0.25, "linear").alias("low"),
            pl.col("score").quantile(0.75, "linear").alias("high"),
        )
        for domain, level, median, low, high in grouped.sort("domain", f"level_{p}").iter_rows():
            rows.append(
                {
                    "panel": NAMES[p],
                    "series": NAMES[domain],
                    "level": level,
                    "estimate": median,
                    "lower": low,
                    "upper": high,
                }
            )
    return Figure(
        "levels",
        f"{model}: median score by prompted level",
        "One panel a trait prompted: its own score strongly, with quartiles; the others quietly.",
        {"rows": rows, "minimum": 1, "maximum": 5, "axis": "median score"},
    )


def concurrent_section(everyone: Sequence[Subject], figures: Figures) -> Section | None:
    """All five traits at once."""
    blocks: list[Block] = []
    for subject in everyone:
        scores = shaping_scores(subject, "concurrent")
        if scores.is_empty():
            continue
        rows: list[dict[str, object]] = []
        cells: list[list[Cell]] = []
        for domain in DOMAINS:
            own = scores.filter(pl.col("domain") == domain).sort("participant_id")
            level = pl.col(f"level_{domain}")
            high = own.filter(level == level.max())["score"].to_list()
            low = own.filter(level == level.min())["score"].to_list()
            rows.append({"label": NAMES[domain], "values": {"low": low, "high": high}})
            difference = figures.cell(
                subject.model, "concurrent_difference", experiment="concurrent", trait=domain
            )
            cells.append([NAMES[domain], difference, len(low), len(high)])
        blocks += [
            Table(
                f"{subject.model}: median score, prompted high minus prompted low",
                ["trait", "difference of medians", "profiles low", "profiles high"],
                cells,
            ),
            Figure(
                "densities",
                f"{subject.model}: scores where a trait was prompted low and high",
                "Densities of the scores; the further apart, the better a trait follows while four "
                "others are prompted too.",
                {
                    "rows": rows,
                    "groups": ["low", "high"],
                    "minimum": 1,
                    "maximum": 5,
                    "axis": "score",
                },
            ),
        ]
    if not blocks:
        return None
    return Section(
        "Shaping all traits at once",
        tuple(blocks),
        "A prompt asks for all five traits, each extremely low or extremely high.",
    )
