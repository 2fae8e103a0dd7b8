"""Sections to look at: films, when drivers fail, what they learned, how fast it was, the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from evaluators.driving_sim.context import Material, View
from evaluators.driving_sim.film import Drive, strip
from evaluators.driving_sim.opening import WORLDS
from measurand import shards
from measurand.reporting.document import Block, Cell, Figure, Section, Table
from measurand.reporting.methods import methods
from measurand.subject import frame
from pipelines.driving_sim.reading import scenarios_of
from pipelines.driving_sim.scenario import Scenario
from schemas.driving_sim.params import DT, STEPS, T0

EVERY = 10
"""Steps from one point of a curve to the next."""
Row = dict[str, Any]


def film_section(view: View) -> Section | None:
    """A drive of every family, and the first failure of every driver."""
    films = frame(shards.read_table(view.results / "films"))
    if films.is_empty():
        return None
    asked = set(films["scenario_id"].to_list())
    dataset = view.data / "dataset"
    known = {s.scenario_id: s for s in scenarios_of(dataset, "test") if s.scenario_id in asked}
    rows = _rows_of(view.results, films)
    lead = view.found.params.train.names[0]
    families = films.filter(planner=lead, others=view.found.worlds[-1]).sort("scenario_id")
    blocks: list[Block] = []
    seen: set[str] = set()
    for film in families.iter_rows(named=True):
        row = rows[_key(film)]
        if row["family"] not in seen:
            seen.add(row["family"])
            title = f"{row['family']}: {_who(film)}"
            blocks.append(strip(_drive(film, row, known[film["scenario_id"]]), title))
    for film in _failures(view.found, films, rows):
        row = rows[_key(film)]
        title = f"First failure of {film['planner']}: {_who(film)}"
        blocks.append(strip(_drive(film, row, known[film["scenario_id"]]), title))
    return Section(
        "From above",
        tuple(blocks),
        "One drive of every kind of place, then the first failure of every driver that has one.",
        True,
    )


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[k] for k in ("planner", "training", "others", "seed", "scenario_id"))


def _rows_of(results: Path, films: pl.DataFrame) -> dict[tuple[Any, ...], Row]:
    """What the drives that are shown came to."""
    tracks = ("x", "y", "yaw", "v")
    drives = frame(shards.read_table(results / "rollouts")).drop(tracks)
    keys = ["planner", "training", "others", "seed", "scenario_id"]
    rows = drives.join(films.select(keys), on=keys, how="semi")
    return {_key(row): row for row in rows.iter_rows(named=True)}


def _failures(
    material: Material, films: pl.DataFrame, rows: dict[tuple[Any, ...], Row]
) -> Iterator[Row]:
    """Of every trained driver, and of who follows the log, the first film of a failure."""
    for planner in material.planners:
        if planner != "expert" and not material.trained(planner):
            continue
        for others in material.worlds:
            some = films.filter(planner=planner, others=others).sort("scenario_id")
            failed = [f for f in some.iter_rows(named=True) if _fails(rows[_key(f)])]
            if failed:
                yield failed[0]
                break


def _fails(row: Row) -> bool:
    names = ("collision_step", "off_road_step", "off_route_step")
    return any(row[name] is not None for name in names)


def _who(film: Row) -> str:
    return f"{film['planner']} among {WORLDS[film['others']]} cars ({film['scenario_id']})"


def _drive(film: Row, row: Row, scenario: Scenario) -> Drive:
    n = len(scenario.kind)
    pose = np.array(film["pose"], np.float64).reshape(-1, n, 4)
    return Drive(scenario, pose, np.array(film["valid"], bool).reshape(-1, n), row)


def time_section(view: View) -> Section:
    """Share of drives that failed by then."""
    material = view.found
    shown = [p for p in material.planners if material.trained(p) or p in ("expert", "idm")]
    rows = [
        {"panel": f"{WORLDS[others]} cars", "series": planner, "x": x, "estimate": y,
         "lower": None, "upper": None, "reason": None}
        for others in material.worlds
        for planner in shown
        for x, y in failed_by(material.rows(planner, others))
    ]  # fmt: skip
    figure = Figure(
        "curves",
        "Share of drives that crashed, left the road or the route by then",
        "Seconds since the start; a line a driver.",
        {"rows": rows, "x_axis": "seconds", "y_axis": "share of drives", "x_scale": "linear",
         "minimum": 0},
    )  # fmt: skip
    return Section("When drivers fail", (figure,), "", True)


def failed_by(rows: pl.DataFrame | None) -> Iterator[tuple[float, float]]:
    """(seconds, share of drives that failed by then)."""
    if rows is None:
        return
    steps = rows.select(
        pl.min_horizontal("collision_step", "off_road_step", "off_route_step").alias("step")
    )["step"]
    for step in range(T0 + EVERY, STEPS, EVERY):
        share = (steps <= step).fill_null(value=False).mean()
        yield (step - T0) * DT, float(share or 0.0)  # type: ignore[arg-type]


def training_section(view: View) -> Section | None:
    """Losses of who imitates, rewards and failures of who learns by driving."""
    training = view.found.training
    loss = list(_curve(training.filter(pl.col("reward").is_null()), "loss", ""))
    driving = training.filter(pl.col("reward").is_not_null())
    blocks: list[Block] = []
    if loss:
        blocks.append(_curves(loss, "Loss of imitation", "steps of the optimiser", "loss"))
    if not driving.is_empty():
        rows = [
            *_curve(driving, "reward", "sum of rewards"),
            *_curve(driving, "failed", "episodes that failed"),
        ]
        blocks.append(
            _curves(rows, "Learning by driving", "steps of the optimiser", "of an episode")
        )
    return Section("Training", tuple(blocks), "The first training of each.", True)


def _curve(rows: pl.DataFrame, name: str, panel: str) -> Iterator[Row]:
    for row in rows.sort("model", "step").iter_rows(named=True):
        where = panel or row["model"]
        yield {"panel": where, "series": row["model"], "x": row["step"], "estimate": row[name],
               "lower": None, "upper": None, "reason": None}  # fmt: skip


def _curves(rows: list[Row], title: str, x: str, y: str) -> Figure:
    data = {"rows": rows, "x_axis": x, "y_axis": y, "x_scale": "linear", "own_scale": True}
    return Figure("curves", title, "A line a driver.", data)


def speed_section(view: View) -> Section | None:
    """Steps of a scenario in a second of one thread, by batch."""
    speeds = view.found.throughput
    if speeds.is_empty():
        return None
    rows = [
        {"panel": "the driver model drives", "series": f"{WORLDS[row['others']]} cars",
         "x": row["batch"], "estimate": row["steps_per_s"], "lower": None, "upper": None,
         "reason": None}
        for row in speeds.sort("others", "batch").iter_rows(named=True)
    ]  # fmt: skip
    each = int(speeds["bytes"].max() or 0)  # type: ignore[arg-type]
    how = "compiled" if view.found.params.evaluate.compiled else "not compiled"
    figure = Figure(
        "curves",
        "Steps of a scenario per second of one thread",
        f"By scenarios at once, {how}; a scenario takes {each / 1024:.0f} KiB. Of the machine "
        "that evaluated: another one has other figures.",
        {"rows": rows, "x_axis": "scenarios at once", "y_axis": "steps per second",
         "x_scale": "log2", "minimum": 0},
    )  # fmt: skip
    return Section("Speed", (figure,), "", True)


def data_section(view: View) -> Section:
    """Scenarios by source, family and split; licences; what was left out and assumed."""
    material = view.found
    rows: list[list[Cell]] = [
        [source, family, licence, count(part, "train"), count(part, "test"),
         float(part["n_objects"].to_numpy().mean()),
         *(int(part[name].sum()) for name in ("retries", "n_dropped"))]
        for (source, family, licence), part in material.scenarios.sort(
            "source", "family").group_by("source", "family", "licence", maintain_order=True)
    ]  # fmt: skip
    columns = ("source", "place", "licence", "to train on", "to drive", "objects a scenario",
               "candidates refused", "objects left out")  # fmt: skip
    assumed = sorted({word for words in material.scenarios["assumed"] for word in words})
    notes = _left_out(material.rejected)
    if assumed:
        notes.append(f"Not said by a source, and assumed: {'; '.join(assumed)}.")
    return Section("Data", (Table("Scenarios", columns, rows, notes),), "", True)


def count(part: pl.DataFrame, split: str) -> int:
    """Scenarios of a split."""
    return part.filter(pl.col("split") == split).height


def _left_out(rejected: dict[str, int]) -> list[str]:
    if not rejected:
        return ["No scenario was left out."]
    told: Iterable[str] = (f"{n} {reason}" for reason, n in sorted(rejected.items()))
    return [f"Scenarios left out: {', '.join(told)}."]


def method_section(view: View) -> Section:
    """How the figures were made, and what this is not."""
    params = view.found.params
    return Section("Methods", (methods(__file__, params, trainings=params.train.repeats),))
