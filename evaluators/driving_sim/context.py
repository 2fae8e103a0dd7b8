"""What the statistics are made from: what every drive came to, as trainings by scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from measurand import shards
from measurand.reporting import view
from measurand.subject import frame
from schemas.driving_sim.params import RULES, STEPS, SWAPPED, T0, ImitatorSpec, Params, PolicySpec
from schemas.driving_sim.tables import ROLLOUTS

FloatArray = npt.NDArray[np.float64]
CHOICE = "choice"
"""All families in which the route is one of several ways."""
STRAIGHT = ("curve", "merge", "overpass")
"""Families in which there is one way: nothing can depend on being told it."""
FAILURES = ("collision", "off_road", "off_route")
SHARES = (
    *FAILURES, "front", "side", "rear", "wrong_way", "failed", "infeasible", "infeasible_share",
    "kept_told", "left_log",
)  # fmt: skip
"""Figures between 0 and 1."""
MEASURES = ("ade", "fde", "progress", "progress_error")
"""Metres from the log, mean and at the end; way over the log's way, and its distance from 1."""


@dataclass(frozen=True)
class Scores:
    """One figure of one driver in one world.

    Attributes:
        table: (R, S) of each scenario in each training, the mean over draws.
        scenarios: names of the S scenarios.
        clusters: (S,) names of their clusters.
        n: drives behind it.
        binary: whether every drive's value is 0 or 1 and every scenario was driven once.
        skipped: drives without a value.
    """

    table: FloatArray
    scenarios: tuple[str, ...]
    clusters: npt.NDArray[np.str_]
    n: int
    binary: bool
    skipped: int


@dataclass(frozen=True)
class Material:
    """All tables of one evaluation.

    Attributes:
        params: parameters.
        drives: rows of ``ROLLOUTS`` without tracks, with a column for every figure.
        agents: how the other objects drove.
        checks: of the scenarios' logs.
        throughput: of the machine that evaluated.
        training: by logged step.
        scenarios: rows of the dataset's scenarios.
        rejected: scenarios that the build left out, by reason.
    """

    params: Params
    drives: pl.DataFrame
    agents: pl.DataFrame
    checks: pl.DataFrame
    throughput: pl.DataFrame
    training: pl.DataFrame
    scenarios: pl.DataFrame
    rejected: dict[str, int]

    @cached_property
    def planners(self) -> list[str]:
        """Everybody who drove: rules, trained drivers, those who were told another way."""
        return list(dict.fromkeys(self.drives["planner"].to_list()))

    @cached_property
    def worlds(self) -> tuple[str, ...]:
        """How the other cars move, in the order asked for."""
        return tuple(self.params.evaluate.worlds)

    @cached_property
    def families(self) -> tuple[str, ...]:
        """Families that were driven."""
        return tuple(sorted(set(self.drives["family"].to_list())))

    @cached_property
    def _parts(self) -> dict[tuple[str, ...], pl.DataFrame]:
        keys = ("planner", "others")
        parts = self.drives.partition_by(keys, as_dict=True, maintain_order=True)
        return {tuple(map(str, key)): rows for key, rows in parts.items()}

    def rows(self, planner: str, others: str, family: str = "") -> pl.DataFrame | None:
        """Drives of one driver in one world, of one family or of all."""
        found = self._parts.get((planner, others))
        if found is None or not family:
            return found
        if family == CHOICE:
            return found.filter(~pl.col("family").is_in(STRAIGHT))
        return found.filter(pl.col("family") == family)

    def scores(self, planner: str, metric: str, others: str, family: str = "") -> Scores | None:
        """A figure of one driver, None where nobody drove so or no drive has a value."""
        rows = self.rows(planner, others, family)
        return None if rows is None else scores(rows, metric)

    def trained(self, planner: str) -> bool:
        """Whether a driver was trained."""
        return planner not in RULES

    def imitators(self) -> tuple[ImitatorSpec, ...]:
        """Drivers that imitate."""
        return self.params.train.imitation.models

    def policies(self) -> tuple[PolicySpec, ...]:
        """Drivers that learned by driving."""
        part = self.params.train.reinforcement
        return part.models if part else ()

    def pairs_by(self, part: str) -> Iterator[tuple[ImitatorSpec, ImitatorSpec]]:
        """Imitators that differ in one setting alone: (one, the one that it is compared with).

        Args:
            part: ``route``: with one against without; ``space``: every one against the bicycle;
                ``shuffled``: the control against its twin.
        """
        usual: Any = {"route": False, "space": "bicycle", "shuffled": False}[part]
        for one in self.imitators():
            for other in self.imitators():
                apart = getattr(one, part) != usual and getattr(other, part) == usual
                if apart and _but(one, part) == _but(other, part):
                    yield one, other

    def policy_pairs(self) -> Iterator[tuple[PolicySpec, PolicySpec]]:
        """Policies that differ in the world that they learned in alone, each pair once."""
        found = self.policies()
        for k, one in enumerate(found):
            for other in found[k + 1 :]:
                worlds = {one.others, other.others}
                if len(worlds) == 2 and _but(one, "others") == _but(other, "others"):
                    yield one, other

    def swapped(self) -> list[str]:
        """Drivers who were told another way."""
        return [name for name in self.planners if name.endswith(SWAPPED)]


def _but(spec: ImitatorSpec | PolicySpec, part: str) -> dict[str, object]:
    return spec.model_dump(exclude={"name", part})


def scores(rows: pl.DataFrame, metric: str) -> Scores | None:
    """A figure by trainings and scenarios; scenarios that lack it in a training are left out."""
    known = rows.filter(pl.col(metric).is_not_null())
    if known.is_empty():
        return None
    names = ["scenario_id", "cluster_id"]
    means = known.group_by(*names, "training").agg(pl.col(metric).cast(pl.Float64).mean())
    wide = means.pivot("training", index=names, values=metric).sort("scenario_id").drop_nulls()
    if wide.is_empty():
        return None
    trainings = sorted((c for c in wide.columns if c not in names), key=int)
    table = np.ascontiguousarray(wide.select(trainings).to_numpy().T, np.float64)
    once = known.height == table.size
    return Scores(
        table,
        tuple(wide["scenario_id"].to_list()),
        np.array(wide["cluster_id"].to_list()),
        known.height,
        bool(once and np.isin(table, (0.0, 1.0)).all()),
        rows.height - known.height,
    )


def paired(found: Sequence[Scores]) -> tuple[list[FloatArray], npt.NDArray[np.str_], int] | None:
    """Tables of the same scenarios and trainings, their clusters, and how many drives.

    A rule has one training, which stands beside every training of a driver.
    """
    every = set(found[0].scenarios).intersection(*(one.scenarios for one in found))
    if not every:
        return None
    most = max(len(one.table) for one in found)
    tables = []
    for one in found:
        keep = [k for k, name in enumerate(one.scenarios) if name in every]
        table = one.table[:, keep]
        tables.append(np.repeat(table, most, 0) if len(table) == 1 else table)
    keep = [k for k, name in enumerate(found[0].scenarios) if name in every]
    return tables, found[0].clusters[keep], sum(one.n for one in found)


View = view.View[Material]
"""What report sections read."""


def material(data: Path, results: Path, params: Params) -> Material:
    """Read everything that statistics need.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    from measurand.manifest import read_manifest

    tracks = ("x", "y", "yaw", "v")
    columns = [c.name for c in ROLLOUTS.columns if c.name not in tracks]
    drives = frame(shards.read_table(results / "rollouts", columns))

    def part(name: str) -> pl.DataFrame:
        return frame(shards.read_table(results / name))

    heads = frame(shards.read_table(data / "dataset" / "scenarios"))
    rejected = read_manifest(data / "dataset" / "scenarios").rejected
    return Material(
        params,
        with_figures(drives),
        part("agents"),
        part("checks"),
        part("throughput"),
        part("training"),
        heads,
        dict(rejected),
    )


def with_figures(drives: pl.DataFrame) -> pl.DataFrame:
    """Drives with a column for every figure of :data:`SHARES` and :data:`MEASURES`."""
    said = {name: pl.col(f"{name}_step").is_not_null() for name in ("collision", "off_route")}
    off_road = pl.when("has_edges").then(pl.col("off_road_step").is_not_null())
    other = pl.col("told") == "other"
    kind = pl.col("collision_kind")
    return drives.with_columns(
        **said,
        off_road=off_road,
        wrong_way=pl.col("wrong_way_step").is_not_null(),
        failed=said["collision"] | said["off_route"] | pl.col("off_road_step").is_not_null(),
        **{name: kind.eq_missing(name) for name in ("front", "side", "rear")},
        infeasible=pl.col("infeasible_steps") > 0,
        infeasible_share=pl.col("infeasible_steps") / (STEPS - 1 - T0),
        kept_told=pl.when(other).then(pl.col("off_told_step").is_null()),
        left_log=pl.when(other).then(said["off_route"]),
        ade=pl.col("ade_m"),
        fde=pl.col("fde_m"),
        progress=pl.col("progress_ratio"),
        progress_error=(pl.col("progress_ratio") - 1).abs(),
    )
