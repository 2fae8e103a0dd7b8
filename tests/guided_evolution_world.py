"""Searches whose every figure is known: what statistics and gates must make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np

from measurand import runs, shards
from schemas.guided_evolution.params import GATE_SEED, Params
from schemas.guided_evolution.tables import (
    CHOSEN,
    EXPORTS,
    PAIRS,
    REPLAYS,
    SEARCHES,
    SECONDS,
    STEPS,
    TARGETS,
    TASKS,
    WINNERS,
)

Row = dict[str, Any]
Times = Mapping[str, Sequence[int | None]]
BUDGET, SEEDS = 40, 12
METHODS = [
    {"id": "random", "kind": "random"},
    {"id": "evolution", "kind": "evolution"},
    {"id": "pam_rt", "kind": "pam_rt"},
    {"id": "pam", "kind": "pam"},
    {"id": "best_of", "kind": "best_of", "head": "regression"},
    {"id": "shuffled", "kind": "pam_rt", "shuffled": True},
    {"id": "oracle_60", "kind": "pam_rt", "judge": "oracle", "accuracy": 0.6},
    {"id": "oracle_80", "kind": "pam_rt", "judge": "oracle", "accuracy": 0.8},
    {"id": "oracle_100", "kind": "pam_rt", "judge": "oracle", "accuracy": 1.0},
]
LEARN = ("pam_rt", "pam", "best_of", "shuffled")


def params() -> Params:
    tasks = [
        {"id": graph, "source": {"kind": "architecture", "graph": graph}, "budget": BUDGET,
         "seeds": SEEDS}
        for graph in ("cora", "physics")
    ]  # fmt: skip
    return Params.model_validate(
        {"build": {"tasks": tasks, "methods": METHODS}, "train": None, "report": {"resamples": 400}}
    )


def times(**changed: int) -> dict[str, list[int | None]]:
    """Evaluations to the target around a mean of each method; one search of ``random`` never."""
    means = {
        "random": 32, "evolution": 24, "pam_rt": 12, "pam": 14, "best_of": 16, "shuffled": 24,
        "oracle_60": 18, "oracle_80": 11, "oracle_100": 6,
    } | changed  # fmt: skip
    rng = np.random.default_rng(0)
    wave = rng.integers(-4, 5, SEEDS)
    noise = {name: rng.integers(-1, 2, SEEDS) for name in means}
    found: dict[str, list[int | None]] = {
        name: [int(x) for x in np.clip(mean + wave + noise[name], 1, BUDGET)]
        for name, mean in means.items()
    }
    found["random"][3] = None
    return found


def key(*words: object) -> str:
    return md5(repr(words).encode()).hexdigest()


def write(
    folder: Path,
    found: Times,
    *,
    right: Mapping[str, float] | None = None,
    twice: bool = False,
    miscounted: bool = False,
    calls: int = 0,
    timed: bool = True,
    differ: int = 0,
) -> None:
    """Dataset and results below a folder.

    Args:
        folder: where to.
        found: evaluations to the target by method and seed, None of those that never arrive.
        right: share of comparisons that the networks of a method say rightly.
        twice: a search measures one program twice.
        miscounted: summaries say one evaluation more than histories.
        calls: calls that the counter saw beyond the evaluations.
        timed: whether the journal is there.
        differ: rows of the searches run again that came out otherwise.
    """
    rows: dict[str, list[Row]] = {n: [] for n in ("searches", "steps", "pairs", "seconds", "win")}
    for task in ("cora", "physics"):
        for method, firsts in found.items():
            for seed, first in enumerate(firsts):
                _search(rows, task, method, seed, first, (right or {}).get(method, 0.75))
    if twice:
        rows["steps"][5]["program"] = rows["steps"][4]["program"]
    for row in rows["searches"]:
        row["evaluations"] += miscounted
    for row in rows["seconds"]:
        row["calls"] += calls
    targets = [
        {"task": t, "target": "top", "rank": 0, "fitness": 0.9, "why": "known"}
        for t in ("cora", "physics")
    ]
    tasks = [
        {"task": t, "kind": "architecture", "what": t, "operations": 10, "max_nodes": 5,
         "checked": 0, "unequal": 0, "conflicts": 0}
        for t in ("cora", "physics")
    ]  # fmt: skip
    chosen = [
        {"task": t, "population": 10, "tournament": 5, "seeds": 4, "reached": 4, "mean": 20.0,
         "best": 1.0, "chosen": True}
        for t in ("cora", "physics")
    ]  # fmt: skip
    exports = [
        {"task": "cora", "rank": 0, "program": key("best"), "fitness": 1.0, "fresh": 0.9,
         "ops": ["input", "gcn"], "args": [[], [0]], "text": "gcn(input)",
         "formula": None, "source": None, "difference": None}
    ]  # fmt: skip
    replays = [
        {"search": f"{t}/{m}/{GATE_SEED}", "task": t, "method": m, "seed": GATE_SEED,
         "rows": BUDGET, "differ": differ, "calls": 0}
        for t in ("cora", "physics") for m in ("evolution", "pam_rt")
    ]  # fmt: skip
    for name, spec, some in (
        ("dataset/searches", SEARCHES, rows["searches"]),
        ("dataset/steps", STEPS, rows["steps"]),
        ("dataset/pairs", PAIRS, rows["pairs"]),
        ("dataset/targets", TARGETS, targets),
        ("dataset/tasks", TASKS, tasks),
        ("dataset/chosen", CHOSEN, chosen),
        ("results/winners", WINNERS, rows["win"]),
        ("results/exports", EXPORTS, exports),
        ("results/replays", REPLAYS, replays),
        ("results/seconds", SECONDS, rows["seconds"] if timed else []),
    ):
        shards.write_dataset(folder / name, spec, runs.table(spec, some))


def _search(
    rows: dict[str, list[Row]], task: str, method: str, seed: int, first: int | None, right: float
) -> None:
    name = f"{task}/{method}/{GATE_SEED + seed}"
    where = {"search": name, "task": task, "method": method, "seed": GATE_SEED + seed}
    judged = method in LEARN or method.startswith("oracle")
    for at in range(BUDGET):
        there = first is not None and at + 1 >= first
        how = "initial" if at < 5 else "judged" if judged and at % 4 else "plain"
        improves = (how == "judged" and at % 2 == 0) or at % 8 == 0
        rows["steps"].append(
            {"search": name, "step": at, "evaluations": at + 1, "program": key(name, at),
             "parent": None if at < 5 else key(name, at - 1),
             "parent_fitness": None if at < 5 else (-1.0 if improves else 2.0),
             "mutation": "op", "how": how, "p": None, "proposals": 2, "duplicates": 1,
             "reason": "explore" if judged and how == "plain" else None,
             "invalid": 0, "tournaments": 1, "evaluated": True, "failure": None,
             "fitness": 1.0 if there and at + 1 == first else 0.5, "status": "ok",
             "best": 1.0 if there else 0.5}
        )  # fmt: skip
        if method in LEARN and at >= 5:
            for place, other in enumerate(("parent", "any", "top")):
                label = (at + place) % 2
                says = label if (at * 7 + seed * 3) % 20 < 20 * right else 1 - label
                rows["pairs"].append(
                    {"search": name, "step": at, "other": other, "left": key(name, at),
                     "right": key(name, at - 1), "p": 0.75 if says else 0.25,
                     "judged": how == "judged", "label": label, "margin": 0.1}
                )  # fmt: skip
    cost = 0.5 if method in LEARN else 0.01
    for at in sorted({0, (first or 1) - 1, BUDGET - 1}):
        rows["seconds"].append(
            {"search": name, "step": at, "evaluations": at + 1, "seconds": (cost + 0.1) * (at + 1),
             "judge": cost * (at + 1) / 2, "evaluation": 0.1 * (at + 1), "calls": BUDGET,
             "sessions": 1, "best": 1.0 if first is not None and at + 1 >= first else 0.5}
        )  # fmt: skip
    arrived = first is not None
    rows["searches"].append(
        {**where, "swept": False, "population": 10, "tournament": 5, "budget": BUDGET,
         "steps": BUDGET, "evaluations": BUDGET, "taken_over": 0, "failed": 0,
         "proposals": 2 * BUDGET, "duplicates": BUDGET, "invalid": 0,
         "best": 1.0 if arrived else 0.5, "winner": key(name, (first or 1) - 1), "ended": "budget"}
    )  # fmt: skip
    rows["win"].append(
        {**where, "program": key(name, (first or 1) - 1), "fitness": 1.0 if arrived else 0.5,
         "fresh": 0.8 if arrived else 0.4, "reason": None, "same": None,
         "rival": None}
    )  # fmt: skip
