"""What checkpoints of the small trainings of ``ranks_small`` predict, by the systems' own code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from measurand import params as parameters
from measurand import project, shards
from measurand.manifest import read_manifest

if TYPE_CHECKING:
    from torch import Tensor

Named = Iterator[tuple[str, "Tensor"]]
"""A name of each part and its numbers."""


def of(name: str, world: Path, checkpoint: Path) -> dict[str, Tensor]:
    """Predictions of a training on what its dataset holds.

    Args:
        name: of the training; the system's is what stands before a dash.
        world: folder that ``ranks_small.make`` wrote.
        checkpoint: folder that ``train`` wrote.
    """
    import torch

    system = name.partition("-")[0]
    declared = project.system(Path(__file__).parents[1], system).module("params").Params
    given = parameters.read(world / name / "params.yaml", declared)
    with torch.no_grad():
        return dict(_WAYS[system](given, world / name / "dataset", checkpoint))


def _soft_labels(given: Any, dataset: Path, checkpoint: Path) -> Named:
    """Log-ratios of both responses of every held-out pair."""
    import torch

    from pipelines.soft_labels.material import Material
    from pipelines.soft_labels.scoring import pair_scores

    rows = pair_scores(given, Material(given, dataset), checkpoint, dataset.parent / "models")
    found: dict[str, list[list[float]]] = {}
    for row in rows:
        found.setdefault(row["run"], []).append([row["logratio_1"], row["logratio_2"]])
    yield from ((run, torch.tensor(values)) for run, values in found.items())


def _elastictok(given: Any, dataset: Path, checkpoint: Path) -> Named:
    """Pixels of test sequences with half of the tokens."""
    import torch

    from pipelines.elastictok.measuring import Subject
    from pipelines.elastictok.sequences import read

    data = read(dataset / "blocks", "test_clip").take(range(2))
    for spec in given.train.models:
        coder = Subject(given, spec.name, checkpoint).coder
        pixels = coder.budget(data.frames, data.segments, coder.size.slots // 2)
        yield spec.name, torch.from_numpy(pixels)


def _compwob(given: Any, dataset: Path, checkpoint: Path) -> Named:
    """Log-probabilities of what can be done with each element at the first step of an episode."""
    import torch

    from measurand.web.observation import Observation
    from pipelines.compwob.policy import collate, open_trained

    rows = [row for row in shards.read_table(dataset / "steps").to_pylist() if row["step"] == 0]
    for mixture in given.train.mixtures:
        agent = open_trained(f"trained:{mixture}:0", checkpoint)
        features = [
            agent.encoder.encode(row["utterance"], Observation.from_html(row["html"]), [])
            for row in rows
        ]
        scores = [agent.model(collate([one]))[0].flatten().log_softmax(-1) for one in features]
        every = torch.cat(scores)
        yield mixture, every[every > -1000]  # what cannot be chosen lies far below


def _webagent(given: Any, dataset: Path, checkpoint: Path) -> Named:
    """Log-probabilities of the tokens of the answers that planners learned from."""
    from pipelines.webagent import finetuning, fitting, net, pairs

    train = given.train.seeded
    some = pairs.read(dataset, train.finetuning).batch(np.arange(4), "cpu", None)
    for spec in train.finetuning.planners:
        run = finetuning.run_of(train, spec, dataset)
        weights, size = fitting.load(checkpoint / f"{spec.name}.safetensors", run)
        yield spec.name, net.forward(weights, size, *some).log_softmax(-1)


def _value_functions(given: Any, dataset: Path, checkpoint: Path) -> Named:
    """Outputs of every network on states of its source."""
    import torch

    from pipelines.value_functions.networks import outputs
    from pipelines.value_functions.train import make, networks_of

    for run in given.train.runs:
        for loss in given.losses(run):
            trial = make(given, run, loss, dataset, "cpu")
            last = networks_of(checkpoint, run, loss, len(trial.phases))[-1]
            yield f"{run.id}-{loss}", outputs(trial.net, last, torch.tensor(trial.seen()))


def _driving_sim(given: Any, dataset: Path, checkpoint: Path) -> Named:
    """Where each driver brings the car in a scenario, step by step."""
    import torch

    from pipelines.driving_sim import drives
    from pipelines.driving_sim.reading import scenarios_of

    parent = read_manifest(dataset / "scenarios").logical_hash
    scenarios = scenarios_of(dataset, "train")[:1]
    for name in given.train.names:
        who = drives.driver(name, given.train, checkpoint, parent)
        rows = drives.drive(who, "playback", scenarios)
        yield name, torch.tensor([[row[part] for part in ("x", "y", "yaw", "v")] for row in rows])


_WAYS: dict[str, Callable[[Any, Path, Path], Named]] = {
    "soft_labels": _soft_labels,
    "elastictok": _elastictok,
    "compwob": _compwob,
    "webagent": _webagent,
    "value_functions": _value_functions,
    "driving_sim": _driving_sim,
}
