"""Train the drivers, each of which goes on from where a killed process left it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from measurand import runs, shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.training import ranks, tensors
from measurand.training.code import code_of
from measurand.training.device import device_of
from measurand.training.fit import Plan, State, fit
from measurand.training.processes import deal
from measurand.training.repeats import folder_of, repeat_of
from measurand.training.schedules import warm_then
from pipelines.driving_sim import imitation, networks, reinforce
from pipelines.driving_sim.reading import worlds_of
from pipelines.driving_sim.spaces import SPACES
from schemas.driving_sim.params import (
    Imitation,
    ImitatorSpec,
    PolicySpec,
    Reinforcement,
    Train,
)
from schemas.driving_sim.tables import TRAINING

FORMAT = "driving_sim.1"
LOG_EVERY = 50
"""Steps of imitation a row."""

Row = dict[str, Any]


def train_drivers(given: Train, dataset: Path, out: Path, *, journal: Path) -> None:
    """Write ``NAME.safetensors`` of every driver, and ``training``; repeats in ``training-N``.

    Ranks take whole drivers.

    Args:
        given: what is trained.
        dataset: folder of the scenarios.
        out: folder of the checkpoints.
        journal: folder of saved states, outside what DVC empties.

    Raises:
        InputError: no scenario to train on; or the loss is no number.
        InfraError: a process was killed.
    """
    parent = read_manifest(dataset / "scenarios").logical_hash
    states = journal / "train"
    jobs = []
    for at in range(given.repeats):
        one = of_repeat(given, at)
        to, kept = folder_of(out, at), folder_of(states, at)
        jobs += [(one, name, dataset, to, kept, parent) for name in given.names]
    alone = device_of(given.device) == "cuda"
    for _ in deal(_one, jobs, 1 if alone else given.processes):
        pass
    ranks.from_first(partial(_tables, given, out, parent))


def _tables(given: Train, out: Path, parent: str) -> None:
    for at in range(given.repeats):
        to = folder_of(out, at)
        rows = []
        for name in given.names:
            about = tensors.load(to / f"{name}.safetensors")[1]
            rows += [{"model": name, **row} for row in about["rows"]]
        blank = {"reward": None, "failed": None, "entropy": None}
        table = runs.table(TRAINING, [blank | row for row in rows])
        shards.write_dataset(
            to / "training", TRAINING, table,
            parents={"scenarios": parent}, params=given.model_dump(mode="json"),
        )  # fmt: skip


class _Held:
    """A section as parameters have it, so that its seed can be that of a repeat."""

    def __init__(self, train: Train) -> None:
        self.train = train

    def model_copy(self, update: Row) -> _Held:
        """The same with another section."""
        return _Held(update["train"])


def of_repeat(given: Train, at: int) -> Train:
    """The settings of one training of several."""
    made: Train = repeat_of(_Held(given), at).train
    return made


def run_of(given: Train, name: str, parent: str) -> str:
    """Identity of a training: code, data, the driver's settings; not what else is trained."""
    spec, section = spec_of(given, name)
    settings = section.model_dump(mode="json", exclude={"models"})
    code = code_of(Path(__file__))
    return runs.run_id(FORMAT, code, parent, settings, spec.model_dump(mode="json"), given.seed)


def spec_of(
    given: Train, name: str
) -> tuple[ImitatorSpec, Imitation] | tuple[PolicySpec, Reinforcement]:
    """A driver's settings, and those of all of its kind.

    Raises:
        InputError: no such driver is trained.
    """
    for imitator in given.imitation.models:
        if imitator.name == name:
            return imitator, given.imitation
    for policy in given.reinforcement.models if given.reinforcement else ():
        if policy.name == name and given.reinforcement:
            return policy, given.reinforcement
    raise InputError(f"no driver {name!r} is trained", hint="one of " + ", ".join(given.names))


def _one(given: Train, name: str, dataset: Path, out: Path, states: Path, parent: str) -> None:
    """Train one driver, unless it is there."""
    run, path = run_of(given, name, parent), out / f"{name}.safetensors"
    done = tensors.about(path)
    if done is not None and done["run"] == run:
        return
    spec, section = spec_of(given, name)
    device = device_of(given.device)
    world, _ = worlds_of(dataset, "train")
    if world is None:
        raise InputError(f"{dataset} has no scenario to train on", hint="lower build.test_share")
    state = State(states / f"{name}.safetensors", run)
    if isinstance(spec, ImitatorSpec):
        assert isinstance(section, Imitation)
        network, batch, loss, plan = _imitator(given, spec, section, world, device)
    else:
        assert isinstance(section, Reinforcement)
        network, batch, loss, plan = _policy(given, spec, section, world, device)
    fitted = fit(
        dict(network.named_parameters()), batch, loss, plan, state,
        device=device, label=f"train {name}",
    )  # fmt: skip
    about = {"format": FORMAT, "run": run, "spec": spec.model_dump(mode="json")}
    tensors.save(path, network.state_dict(), {**about, "rows": fitted.rows})


Made = tuple[Any, Callable[[int], Any], Callable[[Any], Any], Plan]


def _imitator(
    given: Train, spec: ImitatorSpec, section: Imitation, world: Any, device: str
) -> Made:
    space = SPACES[spec.space]
    made = imitation.examples(world, given.seed)
    target = imitation.wanted(made, space)
    if spec.shuffled:
        target = imitation.shuffled(target, given.seed)
    seen = made.seen
    if not spec.route:
        seen = seen._replace(route=torch.zeros_like(seen.route))
    seen, target = type(seen)(*(part.to(device) for part in seen)), target.to(device)
    # All drivers start alike and see the examples in one order: they differ in what they are.
    network = networks.imitator(space.outputs, given.seed).to(device)
    order = list(imitation.batches(len(target), section.batch, section.steps, given.seed))

    def batch(step: int) -> Any:
        some = order[step].to(device)
        return type(seen)(*(part[some] for part in seen)), target[some]

    def loss(some: Any) -> Any:
        return space.loss(network(some[0]), some[1])

    rates = partial(
        warm_then, peak=section.lr, steps=section.steps, warmup=section.warmup, shape="cosine"
    )
    plan = Plan(section.steps, rates, log_every=LOG_EVERY, save_every=given.save_every)
    return network, batch, loss, plan


def _policy(
    given: Train, spec: PolicySpec, section: Reinforcement, world: Any, device: str
) -> Made:
    task = task_of(given, spec, section)
    network, world = reinforce.actor(task).to(device), world.to(device)
    held: dict[int, tuple[Any, list[torch.Tensor]]] = {}

    def batch(step: int) -> Any:
        iteration, at = divmod(step, task.steps)
        # A state is saved between iterations only, so the weights are those that drove.
        if iteration not in held:
            held.clear()
            drives = reinforce.drive(network, world, task, iteration)
            held[iteration] = drives, reinforce.batches(task, iteration)
        return held[iteration][0], held[iteration][1][at].to(device)

    def loss(some: Any) -> Any:
        return reinforce.loss(network, some[0], some[1], task)

    steps = section.iterations * task.steps
    plan = Plan(
        steps,
        partial(warm_then, peak=section.lr, steps=steps, shape="cosine"),
        weight_decay=0.0,
        clip=section.clip,
        log_every=task.steps,
        save_every=given.save_every * task.steps,
    )
    return network, batch, loss, plan


def task_of(given: Train, spec: PolicySpec, section: Reinforcement) -> reinforce.Task:
    """What a policy learns."""
    return reinforce.Task(spec.others, spec.steering, spec.reward, section.scenarios, given.seed)


def load(given: Train, name: str, checkpoint: Path, parent: str) -> Any:
    """A trained network.

    Raises:
        InputError: it was trained with other code, data or parameters, or not at all.
    """
    spec, section = spec_of(given, name)
    weights, about = tensors.load(checkpoint / f"{name}.safetensors")
    if about["run"] != run_of(given, name, parent):
        raise InputError(
            f"{name} was trained with other code, data or parameters",
            hint="run `measurand train driving_sim` again",
        )
    network: Any
    if isinstance(spec, ImitatorSpec):
        network = networks.imitator(SPACES[spec.space].outputs, given.seed)
    else:
        assert isinstance(section, Reinforcement)
        network = reinforce.actor(task_of(given, spec, section))
    network.load_state_dict(weights)
    return network.eval()
