"""Train every run with every loss and every learning rate; validation picks a loss's rate.

A job is S networks of one run, loss and rate. It can be killed: its state and its networks at the
points of its learning curve lie in the journal, and it goes on to the same bytes on one thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from measurand import runs, shards
from measurand.manifest import read_manifest
from measurand.training import ranks, tensors
from measurand.training.code import code_of
from measurand.training.device import autocast, device_of
from measurand.training.fit import Plan, State, fit
from measurand.training.processes import deal
from measurand.training.schedules import warm_then
from pipelines.value_functions import material
from pipelines.value_functions.bootstrapped import Bootstrapped
from pipelines.value_functions.layers import Weights
from pipelines.value_functions.networks import beginning
from pipelines.value_functions.regression import Regression
from pipelines.value_functions.trials import points_of
from schemas.value_functions.params import Loss, Params, Run
from schemas.value_functions.tables import LEARNING, TRAINING, TUNING

Row = dict[str, Any]
Trial = Regression | Bootstrapped


def train(params: Params, dataset: Path, out: Path, *, journal: Path) -> None:
    """Write ``RUN-LOSS.safetensors`` of every chosen rate, ``training``, ``tuning``, ``learning``.

    Ranks take whole jobs.

    Args:
        params: parameters.
        dataset: folder that ``build`` wrote.
        out: folder to write to.
        journal: folder of saved states.

    Raises:
        InputError: nothing was built of what a run needs, or a loss diverged.
        ParamsError: the training targets of a run are all alike.
    """
    given = params.train
    parents = parents_of(dataset)
    jobs = [
        (params, dataset, journal / "train", parents, run, loss, rate)
        for run in given.runs
        for loss in params.losses(run)
        for rate in params.rates(run)
    ]
    rows: list[Row] = []
    tried: dict[tuple[str, str], list[Row]] = {}
    for done in deal(job, jobs, given.processes):
        rows += done["rows"]
        tried.setdefault((done["run"], done["loss"]), []).append(done)
    tuning, curves = [], []
    for (name, loss), found in sorted(tried.items()):
        best = max(found, key=lambda one: (float(np.mean(one["scores"])), -float(one["rate"])))
        tensors.save(out / f"{name}-{loss}.safetensors", *tensors.load(Path(best["file"])))
        curves.append((params, dataset, best["run"], best["loss"], best["points"]))
        for one in found:
            about = {key: one[key] for key in ("run", "loss", "rate", "low", "high")}
            chosen = {"chosen": one is best}
            tuning += [
                about | chosen | {"seed": s, "score": x} for s, x in enumerate(one["scores"])
            ]
    learning = [row for some in deal(curve, curves, given.processes) for row in some]
    settings = given.model_dump(mode="json")
    made = (("training", TRAINING, rows), ("tuning", TUNING, tuning))
    for folder, table, some in (*made, ("learning", LEARNING, learning)):
        write = partial(shards.write_dataset, out / folder, table, runs.table(table, some))
        ranks.from_first(partial(write, parents=parents, params=settings))


def parents_of(dataset: Path) -> dict[str, str]:
    """Logical hashes of what was built."""
    names = ("sources", "examples", "moves", "transitions")
    return {name: read_manifest(dataset / name).logical_hash for name in names}


def make(params: Params, run: Run, loss: Loss, dataset: Path, device: str) -> Trial:
    """A run under a loss.

    Raises:
        InputError: nothing was built for it.
        ParamsError: its training targets are all alike.
    """
    found = material.load(params, run.source, dataset)
    if isinstance(found, material.Given):
        return Regression(params, run, loss, found, device)
    return Bootstrapped(params, run, loss, found, device)


def begin(params: Params, run: Run, trial: Trial, device: str) -> Weights:
    """Networks before their first step: those of a source and a width begin alike."""
    given = params.train
    return beginning(trial.net, given.seeds, given.seed, run.source, device=device)


def job(
    params: Params,
    dataset: Path,
    journal: Path,
    parents: Mapping[str, str],
    run: Run,
    loss: Loss,
    rate: float,
) -> Row:
    """Train the networks of one run, loss and rate; where they lie, their rows and scores."""
    given, device = params.train, device_of(params.train.device)
    trial = make(params, run, loss, dataset, device)
    weights = begin(params, run, trial, device)
    if isinstance(trial, Bootstrapped):
        trial.beside = {name: own.detach().clone() for name, own in weights.items()}
    known = identity(params, run, loss, rate, parents)
    name = f"{run.id}-{loss}-{rate:g}"
    points = {
        step: journal / f"{name}-{known}-{step}.safetensors"
        for step in points_of(trial.phases, given.curve)
    }

    def measure(step: int) -> Row:
        if step in points:
            tensors.save(points[step], weights, {"step": step})
        return {}

    def value(batch: Any) -> Any:
        with autocast(device, given.precision):
            return trial.loss(weights, batch)

    plan = Plan(
        trial.steps,
        partial(warm_then, peak=rate, steps=trial.steps, warmup=min(20, trial.steps)),
        weight_decay=0.0,
        # One norm over all seeds would let them move each other.
        clip=None,
        log_every=given.log_every,
        save_every=given.save_every,
    )
    state = State(journal / f"{name}.safetensors", known)
    done = fit(
        weights, trial.batch, value, plan, state,
        beside=trial.beside, measure=measure, device=device, label=f"train {name}",
    )  # fmt: skip
    tensors.save(points[trial.steps], weights, {"step": trial.steps})
    snapshots = [_weights(points[step], device) for step in trial.phases]
    file = journal / f"{name}-{known}.safetensors"
    named = {f"{at}.{key}": own for at, some in enumerate(snapshots) for key, own in some.items()}
    head = trial.head
    # What reads the outputs: a folder of weights is then enough to play with.
    known_by = {
        "identity": known,
        "rate": f"{rate:g}",
        "kind": params.build.source(run.source).kind,
    }
    shape = vars(head.support) | {"loss": loss, "mean": head.mean, "spread": head.spread}
    tensors.save(
        file, named, known_by | {"head": shape, "net": vars(trial.net), "phases": len(trial.phases)}
    )
    about = {"run": run.id, "loss": loss, "rate": f"{rate:g}"}
    return {
        **about,
        "file": str(file),
        "points": points,
        "low": head.support.low,
        "high": head.support.high,
        "scores": trial.validate(snapshots).tolist(),
        "rows": [{**row, **about} for row in done.rows],
    }


def curve(
    params: Params, dataset: Path, name: str, loss: Loss, points: Mapping[int, Path]
) -> list[Row]:
    """Rows of ``LEARNING``: scores of the networks that a job left at some steps."""
    device = device_of(params.train.device)
    run = next(run for run in params.train.runs if run.id == name)
    trial = make(params, run, loss, dataset, device)
    return [
        {"run": name, "loss": loss, "seed": seed, "step": step, "score": score}
        for step, path in points.items()
        for seed, score in enumerate(trial.score(step, _weights(path, device)).tolist())
    ]


def _weights(path: Path, device: str) -> Weights:
    return {name: own.to(device) for name, own in tensors.load(path)[0].items()}


def networks_of(checkpoint: Path, run: Run, loss: Loss, phases: int) -> list[Weights]:
    """Weights of a run's chosen rate at the end of every phase.

    Raises:
        InputError: they were not trained.
    """
    named, _ = tensors.load(checkpoint / f"{run.id}-{loss}.safetensors")
    return [
        {key.partition(".")[2]: own for key, own in named.items() if key.startswith(f"{at}.")}
        for at in range(phases)
    ]


def identity(params: Params, run: Run, loss: Loss, rate: float, parents: Mapping[str, str]) -> str:
    """Identity of all that decides the numbers of a job."""
    given = params.train.model_dump(
        mode="json",
        exclude={"runs", "rates", "save_every", "processes", "validate_episodes"},
    )
    source = params.build.source(run.source).model_dump(mode="json")
    own = run.but()
    code = code_of(Path(__file__))
    return runs.run_id(code, given, own, source, loss, rate, dict(parents))
