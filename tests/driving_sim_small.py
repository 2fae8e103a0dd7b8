"""Drives that are made up, with known effects, so that every figure has a known answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from measurand import runs, shards
from pipelines.driving_sim.generator import scenario
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.storage import to_tables
from schemas.driving_sim.params import (
    FAMILIES,
    RULES,
    Build,
    Evaluate,
    Imitation,
    ImitatorSpec,
    Params,
    PolicySpec,
    Reinforcement,
    Train,
)
from schemas.driving_sim.tables import (
    AGENTS,
    CHECKS,
    DATASET,
    FILMS,
    ROLLOUTS,
    SCENARIOS,
    THROUGHPUT,
    TRAINING,
)

Row = dict[str, Any]
EACH = 20
"""Scenarios of every family."""
WORLDS = ("playback", "idm")
REAL = ("curve-1", "fork-2")
"""Scenarios that are more than a row."""


def params(repeats: int = 1) -> Params:
    return Params(
        build=Build(scenarios=EACH),
        train=Train(
            imitation=Imitation(
                models=(
                    ImitatorSpec(name="bc_route"),
                    ImitatorSpec(name="bc_none", route=False),
                    ImitatorSpec(name="bc_shuffled", shuffled=True),
                    ImitatorSpec(name="bc_route_delta", space="delta"),
                ),
                steps=1,
            ),
            reinforcement=Reinforcement(
                models=(
                    PolicySpec(name="ppo_playback", others="playback"),
                    PolicySpec(name="ppo_idm", others="idm"),
                ),
                iterations=1,
            ),
            repeats=repeats,
        ),
        evaluate=Evaluate(worlds=WORLDS, swapped=("bc_route",), draws=2),
    )


CRASH = {
    ("expert", "playback"): 0.0, ("expert", "idm"): 0.05,
    ("brake", "playback"): 0.7, ("brake", "idm"): 0.05,
    ("ppo_playback", "playback"): 0.05, ("ppo_playback", "idm"): 0.25,
    ("ppo_idm", "playback"): 0.45, ("ppo_idm", "idm"): 0.05,
    ("bc_route_delta", "playback"): 0.3, ("bc_route_delta", "idm"): 0.3,
}  # fmt: skip
"""Share of drives that crash; of the others a twentieth."""


def share(*words: object) -> float:
    """A number of 0..1 that depends on the words."""
    digest = hashlib.sha256("|".join(map(str, words)).encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def ids() -> Iterator[tuple[str, str, int]]:
    for family in FAMILIES:
        for k in range(EACH):
            yield f"{family}-{k}", family, k


def drives(given: Params) -> Iterator[Row]:
    trained = (*given.train.names, "bc_route:swap")
    for planner in (*RULES, *trained):
        for training in range(given.train.repeats if planner in trained else 1):
            for others in WORLDS:
                draws = 2 if planner.startswith(("ppo", "random")) else 1
                for seed in range(draws):
                    for name, family, k in ids():
                        yield drive(planner, training, others, seed, name, family, k)


def drive(
    planner: str, training: int, others: str, seed: int, name: str, family: str, k: int
) -> Row:
    # Evenly spread over the scenarios, so that shares are what they are said to be.
    at = (k + 0.5 + 3 * seed + training) % EACH / EACH
    crash = at < CRASH.get((planner, others), 0.05)
    swap = planner.endswith(":swap")
    told = "other" if swap and family != "curve" else "none" if planner == "bc_none" else "own"
    away = told == "other" or (planner == "bc_none" and family != "curve" and k % 2 == 0)
    ade = {"expert": 0.01, "bc_shuffled": 9.0}.get(planner, 3.0) * (0.8 + 0.4 * share(name))
    ade *= 0.95 + 0.1 * share(planner, name)
    ratio = 1.0 if planner == "expert" else 0.9 + 0.1 * share(planner, name)
    slow = planner == "ppo_idm" and others == "playback"
    return {
        "planner": planner, "training": training, "told": told, "others": others, "seed": seed,
        "scenario_id": name, "family": family, "cluster_id": name,
        "collision_step": 30 if crash else None,
        "collision_kind": ("rear" if slow else "front") if crash else None,
        "collision_object": 1 if crash else None,
        "off_road_step": None, "off_route_step": 40 if away else None, "off_told_step": None,
        "wrong_way_step": None, "has_edges": True,
        "infeasible_steps": 8 if planner == "bc_route_delta" and k % 4 == 0 else 0,
        "ade_m": ade, "fde_m": 2 * ade, "progress_m": 50 * ratio, "log_progress_m": 50.0,
        "progress_ratio": None if name == "tee-3" else ratio,
        **{axis: [0.0, 1.0] for axis in ("x", "y", "yaw", "v")},
    }  # fmt: skip


@cache
def _recorded() -> tuple[dict[str, Scenario], dict[str, pa.Table]]:
    """The scenarios that are there in full, and their tables."""
    real = {name: scenario(*_parts(name)) for name in REAL}
    split = dict.fromkeys(real, "test")
    made = to_tables([*real.values()], source="generated", licence="Apache-2.0", split=split)
    return real, made


def write(
    folder: Path, given: Params, change: Callable[[str, Row], Row | None] | None = None
) -> Path:
    """Dataset and results below a folder; ``change(table, row)`` spoils rows, or drops them."""

    def put(place: Path, spec: Any, rows: list[Row]) -> None:
        name = spec.name.partition(".")[2]
        some = [change(name, row) for row in rows] if change else rows
        kept = [row for row in some if row is not None]
        shards.write_dataset(place, spec, runs.table(spec, kept))

    dataset = folder / "dataset"
    real, made = _recorded()
    heads = {row["scenario_id"]: row for row in made[SCENARIOS.name].to_pylist()}
    usual = heads[REAL[0]]
    rows = [
        heads.get(name, {**usual, "scenario_id": name, "family": family, "cluster_id": name,
                         "split": "train"})
        for name, family, _ in ids()
    ]  # fmt: skip
    put(dataset / "scenarios", SCENARIOS, rows)
    for spec in DATASET[1:]:
        shards.write_dataset(dataset / spec.name.partition(".")[2], spec, made[spec.name])
    put(folder / "rollouts", ROLLOUTS, list(drives(given)))
    put(folder / "agents", AGENTS, list(_agents()))
    checks = [
        {"scenario_id": name, "log_overlaps": 0, "rebuilt": True if k < 2 else None}
        for name, _, k in ids()
    ]
    put(folder / "checks", CHECKS, checks)
    fast = [{"others": w, "batch": b, "steps_per_s": 1e3 * b, "bytes": 50_000}
            for w in WORLDS for b in (1, 16)]  # fmt: skip
    put(folder / "throughput", THROUGHPUT, fast)
    put(folder / "training", TRAINING, list(_training(given)))
    films = [
        {"planner": planner, "training": 0, "others": "idm", "seed": 0, "scenario_id": name,
         "pose": _still(real[name]), "valid": real[name].valid[:, 10:].T.flatten().tolist()}
        for planner, name in (("bc_route", REAL[0]), ("bc_route", REAL[1]), ("bc_none", REAL[1]))
    ]  # fmt: skip
    put(folder / "films", FILMS, films)
    return folder


def _parts(name: str) -> tuple[str, int]:
    family, number = name.split("-")
    return family, int(number)


def _still(one: Any) -> list[float]:
    found: list[float] = np.moveaxis(one.track[:, 10:], 1, 0).astype(np.float32).flatten().tolist()
    return found


def _agents() -> Iterator[Row]:
    for others in WORLDS:
        for name, family, k in ids():
            yield {
                "others": others, "scenario_id": name, "family": family, "cluster_id": name,
                "n_agents": 4, "overlap": 0.0 if others == "playback" else 0.25 * (k % 10 == 0),
                "overlap_sdc": 0.0, "off_road": 0.0, "infeasible": 0.0,
                "ade_m": 0.0 if others == "playback" else 5.0 + share(name),
            }  # fmt: skip


def _training(given: Params) -> Iterator[Row]:
    for name in given.train.names:
        for step in (50, 100):
            drove = name.startswith("ppo")
            yield {
                "model": name, "step": step, "loss": 1 / step, "grad_norm": 1.0, "lr": 1e-3,
                "reward": 0.5 if drove else None, "failed": 0.2 if drove else None,
                "entropy": 1.0 if drove else None,
            }  # fmt: skip
