"""Figures of drivers, and their differences on the same scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import polars as pl

from evaluators.driving_sim.context import (
    CHOICE,
    FAILURES,
    MEASURES,
    SHARES,
    FloatArray,
    Material,
    paired,
    scores,
)
from evaluators.driving_sim.estimates import estimate, mean, ratio
from measurand.results import Rows, StatisticRow
from measurand.statistics import statistic_row
from measurand.stats.estimate import Estimate
from measurand.stats.icc import intraclass
from measurand.stats.repeats import nested_correlation

SYSTEM = "driving_sim"
BY_FAMILY = (*FAILURES, "failed", "ade", "progress")
"""Figures that are made for every family too."""
COMPARED = (*FAILURES, "rear", "infeasible", "infeasible_share", "ade", "progress_error")
"""Figures of which differences are made."""
TRANSFER = ("collision", "rear", "failed")
"""Figures that a driver may have learned for one world only."""


def row(
    model: str,
    metric: str,
    parts: dict[str, str],
    found: Estimate,
    reliability: float | None = None,
) -> StatisticRow:
    """A row of this system."""
    return statistic_row(SYSTEM, model, metric, parts, found, reliability)


def planner_rows(material: Material) -> Rows:
    """Every figure of every driver in every world; of learned ones by family too."""
    confidence = material.params.report.confidence
    for planner in material.planners:
        families = ["", CHOICE, *material.families] if material.trained(planner) else [""]
        for others in material.worlds:
            coherence = _reliability(material, planner, others)
            for family in families:
                for metric in BY_FAMILY if family else (*SHARES, *MEASURES):
                    found = material.scores(planner, metric, others, family)
                    if found is None:
                        continue
                    parts = {"others": others} | ({"family": family} if family else {})
                    known = coherence if metric == "failed" and not family else None
                    yield row(planner, metric, parts, estimate(found, metric, confidence), known)


def reliability_rows(material: Material) -> Rows:
    """``failed_icc``: would a scenario that a driver failed fail it again with other draws?"""
    for planner in material.planners:
        for others in material.worlds:
            table = _draws(material, planner, others)
            if table is not None:
                found = nested_correlation(table, confidence=material.params.report.confidence)
                yield row(planner, "failed_icc", {"others": others}, found)


def _reliability(material: Material, planner: str, others: str) -> float | None:
    table = _draws(material, planner, others)
    return None if table is None else intraclass(table).icc1k.value


def _draws(material: Material, planner: str, others: str) -> FloatArray | None:
    """(S, draws) failures of the first training, None where a driver draws nothing."""
    rows = material.rows(planner, others)
    if rows is None or rows["seed"].n_unique() < 2:
        return None
    wide = (
        rows.filter(training=0)
        .select("scenario_id", "seed", pl.col("failed").cast(pl.Float64))
        .pivot("seed", index="scenario_id", values="failed")
        .drop_nulls()
        .drop("scenario_id")
    )
    made: FloatArray = wide.to_numpy()
    return made


def difference_rows(material: Material) -> Rows:
    """``METRIC_difference``: route or none, another action space or the bicycle, over the floor."""
    route, space = list(material.pairs_by("route")), list(material.pairs_by("space"))
    for one, other in route:
        families = ("", CHOICE, *material.families)
        yield from _differences(material, one.name, other.name, families)
    for one, other in space:
        yield from _differences(material, one.name, other.name, ("",))
    for planner in material.planners:
        if planner != "expert":
            yield from _differences(material, planner, "expert", ("",), ("collision",))


def _differences(
    material: Material,
    one: str,
    other: str,
    families: Iterable[str],
    metrics: Iterable[str] = COMPARED,
) -> Rows:
    for others in material.worlds:
        for family in families:
            for metric in metrics:
                sides = [material.scores(name, metric, others, family) for name in (one, other)]
                if any(side is None for side in sides):
                    continue
                found = paired([side for side in sides if side is not None])
                if found is None:
                    continue
                (a, b), clusters, n = found
                limits = (-1.0, 1.0) if metric in SHARES else None
                made = mean(a - b, clusters, material.params.report.confidence, limits)
                parts = {"others": others, "over": other} | ({"family": family} if family else {})
                yield row(one, f"{metric}_difference", parts, replace(made, n=n))


def transfer_rows(material: Material) -> Rows:
    """``transfer_METRIC``: what driving in the world that it did not learn in costs a driver.

    Of drivers that learned in worlds P and I and drive in both: half of (I in P - P in P) +
    (P in I - I in I). How hard a world is, and how good a driver is, falls out of it; the four
    figures alone are not free of either.
    """
    for one, other in material.policy_pairs():
        for metric in TRANSFER:
            cells = [
                material.scores(name, metric, world)
                for world, name in (
                    (one.others, other.name), (one.others, one.name),
                    (other.others, one.name), (other.others, other.name),
                )
            ]  # fmt: skip
            found = paired([cell for cell in cells if cell is not None])
            if any(cell is None for cell in cells) or found is None:
                continue
            (away, home, away2, home2), clusters, n = found
            table = ((away - home) + (away2 - home2)) / 2
            made = mean(table, clusters, material.params.report.confidence, (-1.0, 1.0))
            yield row(one.name, f"transfer_{metric}", {"over": other.name}, replace(made, n=n))


def ratio_rows(material: Material) -> Rows:
    """``ade_ratio``: how much farther from the logs a driver with shuffled examples is."""
    for one, other in material.pairs_by("shuffled"):
        for others in material.worlds:
            sides = [material.scores(name, "ade", others) for name in (one.name, other.name)]
            found = paired([side for side in sides if side is not None])
            if any(side is None for side in sides) or found is None:
                continue
            (a, b), clusters, n = found
            made = ratio(a, b, clusters, material.params.report.confidence)
            parts = {"others": others, "over": other.name}
            yield row(one.name, "ade_ratio", parts, replace(made, n=n))


def agent_rows(material: Material) -> Rows:
    """Traffic judged as drivers: model ``traffic:WORLD``."""
    confidence = material.params.report.confidence
    names = ("overlap", "overlap_sdc", "off_road", "infeasible", "ade_m")
    table = material.agents.with_columns(training=pl.lit(0))
    for others in material.worlds:
        rows = table.filter(others=others)
        for name in names:
            found = scores(rows, name)
            if found is None:
                continue
            limits = (0.0, float("inf")) if name == "ade_m" else (0.0, 1.0)
            made = mean(found.table, found.clusters, confidence, limits)
            metric = f"agents_{name.removesuffix('_m')}"
            yield row(f"traffic:{others}", metric, {}, replace(made, n=found.n))


def all_rows(material: Material) -> Iterator[StatisticRow]:
    """Everything that is a sample's figure."""
    makers = (
        planner_rows,
        difference_rows,
        transfer_rows,
        ratio_rows,
        reliability_rows,
        agent_rows,
    )
    for make in makers:
        yield from make(material)
