"""One scenario driven by one planner, to be looked at."""

from __future__ import annotations

import re
from pathlib import Path

from evaluators.driving_sim.film import Drive
from measurand.errors import InputError
from pipelines.driving_sim import drives, generator, planners, reading
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.simulate import rollout
from pipelines.driving_sim.worlds import world
from schemas.driving_sim.params import FAMILIES, RULES, Train


def find(name: str, dataset: Path | None) -> Scenario:
    """A scenario of a built dataset, or one that is made on the spot from ``FAMILY-NUMBER``.

    Raises:
        InputError: code ``no_scenario``: neither has it.
    """
    if dataset is not None:
        for split in ("test", "train"):
            for scenario in reading.scenarios_of(dataset, split):
                if scenario.scenario_id == name:
                    return scenario
    made = re.fullmatch(rf"({'|'.join(FAMILIES)})-(\d{{1,9}})", name)
    if made:
        return generator.scenario(made[1], int(made[2]))
    raise InputError(
        f"no scenario {name!r}" + (f" in {dataset}" if dataset else ""),
        hint=f"give one of a dataset, or a made one, such as {FAMILIES[-1]}-7",
        code="no_scenario",
    )


def who(name: str, train: Train | None, checkpoint: Path | None, parent: str) -> drives.Driver:
    """A rule, or a trained driver where a checkpoint is given.

    Raises:
        InputError: no such planner.
    """
    if name in RULES:
        return drives.Driver(name, planners.RULES[name](), "bicycle", name == "random")
    if train is None or checkpoint is None:
        raise InputError(
            f"no planner {name!r}",
            hint=f"one of {', '.join(RULES)}, or a trained one in a project that has trained",
            code="no_planner",
        )
    return drives.driver(name, train, checkpoint, parent)


def play(scenario: Scenario, driver: drives.Driver, others: str, seed: int) -> Drive:
    """The drive, with everybody's places."""
    batch = world([scenario])
    found = rollout(
        batch, driver.planner, others,
        scenario_ids=[scenario.scenario_id], seed=seed, space=driver.space,
    )  # fmt: skip
    (row,) = drives.rows_of(found, batch, [scenario])
    return Drive(scenario, found.pose[0].detach().double().numpy(), found.valid[0].numpy(), row)


def verdict(drive: Drive) -> str:
    """What the drive came to, in a sentence."""
    from evaluators.driving_sim.film import happened

    row = drive.row
    failed = happened(row, 10_000)
    parts = [", ".join(failed) if failed else "no collision, on the road, on the route"]
    parts.append(f"{row['progress_m']:.1f} m of the recorded {row['log_progress_m']:.1f} m")
    if row["ade_m"] is not None:
        parts.append(f"{row['ade_m']:.2f} m from the recorded places in the mean")
    return "; ".join(parts)
