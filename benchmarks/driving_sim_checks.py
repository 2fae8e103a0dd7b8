"""Checks of the driving simulator on hundreds of scenarios; the tests hold the same on twelve.

    python benchmarks/driving_sim_checks.py [PART ...] [--scenarios N] [--dataset FOLDER]

recipe: no two logged cars share ground, and the recipe's limits hold; how fast they are made.
rules: crashes of rules in both worlds, beside those that were seen when the recipe was made.
batch: 64 scenarios drive the same bits alone, in another order and together.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from measurand.stats.means import proportion
from pipelines.driving_sim import agents, drives, generator, networks, planners, worlds
from pipelines.driving_sim.drives import BATCH
from pipelines.driving_sim.reading import scenarios_of
from pipelines.driving_sim.scenario import Scenario, fault
from pipelines.driving_sim.simulate import Rollout, rollout
from pipelines.driving_sim.spaces import SPACES
from schemas.driving_sim.params import DT, FAMILIES, SPLITS, T0

ALONE = 8
"""Drives of a network alone: its products have the shape of a batch whoever asks."""
PARTS = ("recipe", "rules", "batch")
WORLDS = ("playback", "idm")
WANTED = {
    "expert": (0.0, 6.0), "constant_speed": (23.7, 2.1), "brake": (73.8, 6.2), "idm": (14.0, 0.0),
}  # fmt: skip
"""Per cent of drives with a crash in each world, as first measured; ten points either way."""


def say(what: str, value: float, goal: str = "") -> None:
    print(f"{what:64s} {value:10.4g}  {goal}", flush=True)


def recipe(made: list[Scenario], seconds: float | None) -> None:
    a, bend, side, went = (np.zeros(0) for _ in range(4))
    for s in made:
        assert fault(s) is None, s.scenario_id
        v, both = s.track[..., 3], s.valid[:, 1:] & s.valid[:, :-1]
        turn = np.diff(np.unwrap(s.track[..., 2], axis=1), axis=1) / DT
        a = np.append(a, (np.diff(v, axis=1) / DT)[both])
        side = np.append(side, np.abs(turn * v[:, 1:])[both])
        fast = both & (v[:, 1:] > 1)
        bend = np.append(bend, np.abs(turn[fast] / v[:, 1:][fast]))
        went = np.append(went, np.hypot(*np.diff(s.track[0, T0:, :2], axis=0).T).sum())
    pairs = sum(
        sum(agents.log_overlaps(worlds.world(made[k : k + BATCH])))
        for k in range(0, len(made), BATCH)
    )
    say("scenarios", len(made))
    if seconds:
        say("scenarios a second of the processor", len(made) / seconds)
    say("candidates refused", sum(s.retries for s in made))
    say("pairs of logged cars that share ground", pairs, "0")
    say("least acceleration, m/s^2", a.min(), ">= -4")
    say("most acceleration, m/s^2", a.max(), "<= 2.5")
    say("most curvature above 1 m/s, 1/m", bend.max(), "<= .3")
    say("most sideways, m/s^2", side.max(), "<= 3.1")
    say("driven car's way, least, m", went.min(), "> 15")
    say("driven car's way, most, m", went.max())


def equal(one: Rollout, two: Rollout, row: int) -> bool:
    """Whether a drive alone is the row of a larger one, to the bit."""
    there = one.valid[0]
    n = there.shape[1]
    pairs = [
        (there, two.valid[row][:, :n]),
        (one.pose[0][there], two.pose[row][:, :n][there]),
        (one.action[0], two.action[row]),
        *((a[0], b[row]) for a, b in zip(one.measures, two.measures, strict=True)),
    ]
    return all(torch.equal(a.nan_to_num(9e9), b.nan_to_num(9e9)) for a, b in pairs)


def batch(made: list[Scenario]) -> None:
    some = made[:BATCH]
    order = np.random.default_rng(0).permutation(len(some))
    space = SPACES["bicycle_discrete"]
    drivers = {name: planners.RULES[name]() for name in ("idm", "random")}
    network = networks.imitator(space.outputs, "checks").eval()
    drivers["a network"] = networks.planner(network, space, "own")
    names = [s.scenario_id for s in some]
    mixed = worlds.world([some[k] for k in order])
    for who, planner in drivers.items():
        for others in WORLDS:
            whole = rollout(worlds.world(some), planner, others, scenario_ids=names)
            again = rollout(mixed, planner, others, scenario_ids=[names[k] for k in order])
            count = ALONE if who == "a network" else len(some)
            alone = sum(
                equal(rollout(worlds.world([s]), planner, others, scenario_ids=[n]), whole, k)
                for k, (s, n) in enumerate(zip(some[:count], names, strict=False))
            )
            moved = torch.equal(again.pose[:, :, 0], whole.pose[torch.from_numpy(order), :, 0])
            say(f"{who}, {others}: alone as in a batch of {len(some)}", alone, str(count))
            say(f"{who}, {others}: in another order, 1 for equal", float(moved), "1")


def rules(made: list[Scenario]) -> None:
    batches = drives.batched(made)
    for who, wanted in WANTED.items():
        driver = drives.Driver(who, planners.RULES[who](), "bicycle", False)
        for others, before in zip(WORLDS, wanted, strict=True):
            rows = [row for b in batches for row in drives.drive_batch(driver, others, b)[0]]
            hit = sum(row["collision_step"] is not None for row in rows)
            found = proportion(hit, len(rows))
            goal = f"[{found.lower:.3f}, {found.upper:.3f}], {before} % +- 10"
            say(f"{who}, {others}: crashes in {len(rows)} drives, %", 100 * hit / len(rows), goal)


def scenarios(count: int, first: int) -> Iterator[Scenario]:
    for k in range(count):
        yield generator.scenario(FAMILIES[k % 4], first + k // 4)


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--scenarios", type=int, default=480)
    parser.add_argument("--first", type=int, default=50_000)
    parser.add_argument("--dataset", type=Path, help="scenarios of a built one, none made")
    given = parser.parse_args()
    wanted = given.parts or PARTS
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}")
    start = time.process_time()
    if given.dataset:
        stored = (s for split in SPLITS for s in scenarios_of(given.dataset, split))
        made = list(itertools.islice(stored, given.scenarios))
    else:
        made = list(scenarios(given.scenarios, given.first))
    seconds = time.process_time() - start
    with torch.no_grad():
        if "recipe" in wanted:
            recipe(made, None if given.dataset else seconds)
        if "rules" in wanted:
            rules(made)
        if "batch" in wanted:
            batch(made)


if __name__ == "__main__":
    main()
