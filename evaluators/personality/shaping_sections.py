"""Report sections on shaping."""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from evaluators.personality.evaluate.context import FOLLOWER, Subject, View
from evaluators.personality.evaluate.scores import SUFFIX, Kind
from evaluators.personality.figures import NAMES, WORDS, kinds_of
from evaluators.personality.shaping import shaping_scores
from measurand.reporting.document import Block, Cell, Figure, Section, Table
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from schemas.personality.params import DOMAINS

ASKED = 0.4
"""Limit of the gate ``follows-the-prompt``."""


def single_section(view: View) -> Section | None:
    """One trait at a time, at levels 1 to 9."""
    everyone, figures = view.found, view.figures
    blocks: list[Block] = []
    # Of known respondents one picture is enough: what following a prompt looks like.
    pictured = [s for s in everyone if not s.is_control or s.model == FOLLOWER]
    for subject in pictured if len(pictured) > 1 else everyone:
        if not shaping_scores(subject, "single").is_empty():
            blocks += _single_blocks(subject, figures)
    if not blocks:
        return None
    return Section(
        "Shaping one trait",
        tuple(blocks),
        "A prompt asks for one trait at a level from 1 (extremely low) to 9 (extremely high). Its "
        f"own score should follow; the others should stay. {_enough(everyone)}",
    )


def _enough(everyone: Sequence[Subject]) -> str:
    """How many prompts tell a rho from the one that the gate asks for.

    Fisher's z with the variance of Spearman's rho (Fieller, Hartley & Pearson 1957, Biometrika 44,
    470-481), one-sided 95%, power 80%.
    """
    from scipy.special import ndtri

    apart = float(ndtri(0.95) + ndtri(0.8))
    needed = [
        f"{3 + math.ceil(1.06 * (apart / (math.atanh(rho) - math.atanh(ASKED))) ** 2)} where it "
        f"is {rho:g}"
        for rho in (0.9, 0.8, 0.7, 0.6)
    ]
    bios = max(shaping_scores(one, "single")["bio_id"].n_unique() for one in everyone)
    return (
        f"To show that rho is {ASKED:g} or more, as a gate asks, takes about {', '.join(needed)}: "
        f"so many prompts of one trait, each with a biography of its own (power 80%). Here are "
        f"{bios} biographies."
    )


def _single_blocks(subject: Subject, figures: Figures) -> list[Block]:
    model = subject.model
    scores = shaping_scores(subject, "single")
    prompted = [d for d in DOMAINS if not scores.filter(pl.col(f"level_{d}") > 0).is_empty()]
    kinds = kinds_of(figures, model, "shaping_rho")
    kind = (kinds or ["value"])[0]
    drawn = shaping_scores(subject, "single", kind)
    return [
        _single_table(model, scores, prompted, figures),
        *(_rho_matrix(figures, model, prompted, k) for k in kinds),
        _ridges(model, drawn, prompted, kind),
        _levels(model, drawn, prompted, kind),
    ]


def _single_table(model: str, scores: pl.DataFrame, prompted: list[str], figures: Figures) -> Table:
    rows: list[list[Cell]] = []
    for kind, end in SUFFIX.items():
        for p in prompted:
            line = [_rho(figures, model, p, m, kind) for m in DOMAINS if m != p]
            known = [abs(c["estimate"]) for c in line if c and c["estimate"] is not None]
            parts = {"experiment": "single", "trait": p}
            low, high = (
                figures.cell(model, f"level_median{end}", **parts, level=str(level))
                for level in _ends(scores, p)
            )
            strongest: Cell = {"value": max(known, default=None), "reason": "scores do not vary"}
            own = figures.cell(model, f"shaping_rho{end}", **parts)
            rows.append([{"text": NAMES[p], "detail": WORDS[kind]}, own, strongest, low, high])
    columns = [
        "trait prompted",
        "Spearman's rho, own score",
        "largest absolute rho, other scores",
        "median at the lowest level",
        "median at the highest level",
    ]
    return Table(f"{model}: prompted level and score", columns, rows)


def _rho_matrix(figures: Figures, model: str, prompted: list[str], kind: Kind) -> Figure:
    rho = [[_rho(figures, model, p, m, kind) for m in DOMAINS] for p in prompted]
    return Figure(
        "heatmap",
        f"{model}, {WORDS[kind]}: Spearman's rho of prompted level and score",
        "Rows are the trait prompted, columns the trait measured. The framed cells should be near "
        "1, the others near 0.",
        {
            "labels": [NAMES[p] for p in prompted],
            "columns": list(NAMES.values()),
            "values": [[cell and cell["estimate"] for cell in line] for line in rho],
            "reasons": [[cell and cell["reason"] for cell in line] for line in rho],
            "outlined": [[i, DOMAINS.index(p)] for i, p in enumerate(prompted)],
            "axis": "Spearman's rho",
        },
    )


def _rho(
    figures: Figures, model: str, prompted: str, measured: str, kind: Kind
) -> StatisticRow | None:
    end = SUFFIX[kind]
    if prompted == measured:
        return figures.get(model, f"shaping_rho{end}", experiment="single", trait=prompted)
    parts = {"experiment": "single", "prompted": prompted, "measured": measured}
    return figures.get(model, f"cross_rho{end}", **parts)


def _ends(scores: pl.DataFrame, domain: str) -> tuple[int, int]:
    levels = scores.filter(pl.col(f"level_{domain}") > 0)[f"level_{domain}"].to_list()
    return min(levels), max(levels)


def _ridges(model: str, scores: pl.DataFrame, prompted: list[str], kind: Kind) -> Figure:
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
        f"{model}, {WORDS[kind]}: scores at every prompted level",
        "One ridge a level, the lowest at the bottom. On the diagonal the ridges should walk to "
        "the right; elsewhere they should stand still.",
        {"cells": cells, "minimum": 1, "maximum": 5, "axis": "score"},
    )


def _levels(model: str, scores: pl.DataFrame, prompted: list[str], kind: Kind) -> Figure:
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
        f"{model}, {WORDS[kind]}: median score by prompted level",
        "One panel a trait prompted: its own score strongly, with quartiles; the others quietly.",
        {"rows": rows, "minimum": 1, "maximum": 5, "axis": "median score"},
    )


def concurrent_section(view: View) -> Section | None:
    """All five traits at once."""
    everyone, figures = view.found, view.figures
    blocks: list[Block] = []
    for subject in everyone:
        kinds = kinds_of(figures, subject.model, "concurrent_difference")
        if not kinds:
            continue
        # Likeliest answers that never differ draw nothing; expected answers may.
        moved = [k for k in kinds if _differs(figures, subject.model, k)]
        kind = (moved or kinds)[0]
        scores = shaping_scores(subject, "concurrent", kind)
        rows: list[dict[str, object]] = []
        cells: list[list[Cell]] = []
        for domain in DOMAINS:
            own = scores.filter(pl.col("domain") == domain).sort("participant_id")
            level = pl.col(f"level_{domain}")
            high = own.filter(level == level.max())["score"].to_list()
            low = own.filter(level == level.min())["score"].to_list()
            rows.append({"label": NAMES[domain], "values": {"low": low, "high": high}})
            parts = {"experiment": "concurrent", "trait": domain}
            cells.append(
                [
                    NAMES[domain],
                    figures.cell(subject.model, "concurrent_difference", **parts),
                    figures.cell(subject.model, "concurrent_difference_expected", **parts),
                    len(low),
                    len(high),
                ]
            )
        blocks += [
            Table(
                f"{subject.model}: median score, prompted high minus prompted low",
                [
                    "trait",
                    "difference of medians",
                    "the same of expected answers",
                    "profiles low",
                    "profiles high",
                ],
                cells,
            ),
            Figure(
                "densities",
                f"{subject.model}, {WORDS[kind]}: scores where a trait was prompted low or high",
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


def _differs(figures: Figures, model: str, kind: Kind) -> bool:
    rows = figures.metrics(model, f"concurrent_difference{SUFFIX[kind]}")
    return any(row["estimate"] for row in rows)
