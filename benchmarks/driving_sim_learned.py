"""What drivers learn in minutes of one core, held to what was asked of them.

    python benchmarks/driving_sim_learned.py [--work FOLDER] [--each N] [--repeats N]

Four kinds of places, half of the scenarios to learn from. Imitators with and without a route and of
shuffled examples, and two policies that steer and accelerate themselves, are trained as the preset
``cpu`` does it, and drive the other half. A killed run goes on where it was if it is given its
folder again.

Off its route a driver that is told it is in at most 5% of the drives at a kind of place, one that
is told none in at least 30% where there is a choice; on a curve they are within 15 points. A policy
fails in at most 15% of the drives in the traffic that it learned in and goes at least .85 of the
log's way, random actions fail in at least 60%. Shuffled examples lead at least twice as far from
the logs. What other traffic than in training costs is printed as found.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch
import yaml

from evaluators.driving_sim import report
from evaluators.driving_sim.evaluate import evaluate
from measurand.reporting.lookup import Figures
from pipelines.driving_sim import dataset, learning
from schemas.driving_sim.params import FAMILIES, Params

PRESET = Path(__file__).parents[1] / "params" / "presets" / "driving_sim" / "cpu.yaml"
IMITATORS, POLICIES = ("bc_route", "bc_none", "bc_shuffled"), ("ppo_playback", "ppo_idm")
OTHERS = {"ppo_playback": "playback", "ppo_idm": "idm"}
"""The traffic that each policy learned in."""


def parameters(each: int, repeats: int) -> Params:
    """The preset with four kinds of places, as many scenarios of each, and fewer drivers."""
    given = yaml.safe_load(PRESET.read_text(encoding="utf-8"))
    given["build"] |= {"families": list(FAMILIES), "scenarios": each, "test_share": 0.5}
    train = given["train"]
    for part, names in (("imitation", IMITATORS), ("reinforcement", POLICIES)):
        train[part]["models"] = [m for m in train[part]["models"] if m["name"] in names]
    train |= {"repeats": repeats, "processes": 1, "device": "cpu"}
    given["evaluate"] |= {"processes": 1, "swapped": [], "throughput": [1]}
    return Params.model_validate(given)


def say(figures: Figures, what: str, goal: str, model: str, metric: str, **parts: str) -> None:
    row = figures.get(model, metric, **parts)
    if row is None or row["estimate"] is None:
        print(f"{what:56s} none", flush=True)
        return
    found = f"{row['estimate']:.3f} [{row['ci_lo']:.3f}, {row['ci_hi']:.3f}]"
    print(f"{what:56s} {found:24s} {goal}", flush=True)


def told(figures: Figures) -> None:
    for family in FAMILIES:
        for model in IMITATORS[:2]:
            goal = "<= .05" if model == "bc_route" else ">= .3" if family != "curve" else ""
            what = f"{family}, {model}: share of drives off the route"
            say(figures, what, goal, model, "off_route", others="playback", family=family)
    curve = {"others": "playback", "over": "bc_none", "family": "curve"}
    what = "curve: with a route minus without"
    say(figures, what, "within .15", "bc_route", "off_route_difference", **curve)
    what = "shuffled examples over bc_route: metres from the logs"
    say(figures, what, ">= 2", "bc_shuffled", "ade_ratio", others="playback", over="bc_route")


def driven(figures: Figures) -> None:
    for model, others in OTHERS.items():
        say(figures, f"{model} at home: share that fails", "<= .15", model, "failed", others=others)
        what = f"{model} at home: of the log's way"
        say(figures, what, ">= .85", model, "progress", others=others)
    for others in OTHERS.values():
        what = f"random, {others}: share that fails"
        say(figures, what, ">= .6", "random", "failed", others=others)
    for model in POLICIES:
        for others in OTHERS.values():
            what = f"{model} in {others}: share with a crash"
            say(figures, what, "", model, "collision", others=others)
    for metric in ("collision", "rear"):
        what = f"what other traffic costs: {metric}"
        say(figures, what, "as found", POLICIES[0], f"transfer_{metric}", over=POLICIES[1])


def run(work: Path, given: Params) -> None:
    """Build, train and drive below ``work``, each unless it is there; print the figures."""
    start = time.process_time()
    if not (work / "dataset").is_dir():
        dataset.write(given.build, work / "part", "FnApiRunner")
        (work / "part").rename(work / "dataset")
    checkpoint, journal = work / "checkpoint", work / "journal"
    learning.train_drivers(given.train, work / "dataset", checkpoint, journal=journal)
    evaluate(given, work, None, work / "results", journal=journal)
    figures = Figures(report.statistics(work, work / "results", given))
    print(f"{time.process_time() - start:.0f} s of the processor", flush=True)
    told(figures)
    driven(figures)


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, help="kept; another folder for other settings")
    parser.add_argument("--each", type=int, default=240, help="scenarios of a kind of place")
    parser.add_argument("--repeats", type=int, default=1, help="trainings of every driver")
    given = parser.parse_args()
    settings = parameters(given.each, given.repeats)
    if given.work:
        run(given.work, settings)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), settings)


if __name__ == "__main__":
    main()
