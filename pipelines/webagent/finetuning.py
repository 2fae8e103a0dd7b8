"""Planners, trained on experience: from pre-trained weights, or from scratch on the same budget.

Before its pairs a planner may learn to point, in stages: :mod:`pipelines.webagent.windows`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from measurand import runs
from measurand.errors import InputError
from measurand.manifest import MANIFEST, read_manifest
from measurand.stats.resample import seed_for
from measurand.training.code import code_of
from measurand.training.device import device_of
from pipelines.webagent import fitting, net, pairs, pretraining, windows
from pipelines.webagent.net import Size
from pipelines.webagent.pairs import Coder
from schemas.webagent.pretraining import NAME, Steps
from schemas.webagent.pretraining_tables import FINETUNING, SPEED
from schemas.webagent.training import PlannerSpec, Train

Row = dict[str, Any]


def finetune(given: Train, dataset: Path, out: Path, *, journal: Path) -> None:
    """Write ``NAME.safetensors`` of every planner with its optimizer, ``finetuning``, ``planners``.

    A planner that was finished with the same code, data and parameters is kept; one that was
    interrupted goes on from its last state. All of them see the same pairs in the same order.
    Stages before leave ``NAME.pointingN.safetensors``.

    Args:
        given: parameters, with ``finetuning``.
        dataset: folder of the corpus and the experience.
        out: folder of the checkpoints, with the pre-trained model.
        journal: folder of unfinished states, outside everything that DVC empties.

    Raises:
        InputError: there is no experience; code ``diverged``.
    """
    steps = given.finetuning
    if steps is None:
        return
    history: list[Row] = []
    speed: list[Row] = []
    pages = cache(lambda: pairs.pages(dataset))
    for spec in steps.planners:
        start, done = partial(begin, given, spec, dataset, out), 0
        for n, stage in enumerate(steps.pointing):
            name = f"{spec.name}.pointing{n + 1}"
            said = fitting.trained(
                start,
                _size(given, stage, dataset),
                lambda stage=stage: windows.pairs(pages(), Coder.of(dataset), stage),  # type: ignore[misc]
                stage,
                name=name,
                run=run_before(given, spec, dataset, n + 1),
                out=out,
                states=journal / "training",
            )
            history += _recorded(spec, said, done)
            start, done = partial(_weights, out / f"{name}.safetensors"), done + stage.steps
        said = fitting.trained(
            start,
            _size(given, steps, dataset),
            lambda: pairs.read(dataset, steps),
            steps,
            name=spec.name,
            run=run_of(given, spec, dataset),
            out=out,
            states=journal / "training",
        )
        history += _recorded(spec, said, done)
        speed.append(said["speed"])
    settings = given.model_dump(mode="json")
    parents = {"experience": read_manifest(dataset / "experience").logical_hash}
    for name, table, rows in (("finetuning", FINETUNING, history), ("planners", SPEED, speed)):
        fitting.write(out / name, table, rows, parents, settings)


def _size(given: Train, steps: Steps, dataset: Path) -> Size:
    size = pretraining.size_of(dataset, given.pretraining)
    return replace(size, flex=device_of(steps.device) == "cuda", compiled=not steps.compile)


def _recorded(spec: PlannerSpec, said: Row, done: int) -> list[Row]:
    """Rows of a planner's training; its steps are counted through all stages."""
    return [{"model": spec.name, **row, "step": row["step"] + done} for row in said["history"]]


def _weights(path: Path) -> dict[str, Any]:
    return fitting.load(path)[0]


def begin(given: Train, spec: PlannerSpec, dataset: Path, out: Path) -> dict[str, Any]:
    """The weights that a planner starts from."""
    if spec.start == "scratch":
        size = pretraining.size_of(dataset, given.pretraining)
        return net.init(size, seed_for("webagent", given.pretraining.seed, "weights"))
    return fitting.load(out / f"{NAME}.safetensors")[0]


def run_of(given: Train, spec: PlannerSpec, dataset: Path) -> str:
    """Identity of a training: code, data, sizes, settings; not what else is trained, or its name.

    Raises:
        InputError: nothing is finetuned, or the data set has no experience.
    """
    steps = given.finetuning
    own = steps and steps.model_dump(mode="json", exclude={"save_every", "planners", "pointing"})
    stages = len(steps.pointing) if steps else 0
    return runs.run_id("webagent planner", run_before(given, spec, dataset, stages), own)


def run_before(given: Train, spec: PlannerSpec, dataset: Path, stages: int) -> str:
    """Identity of what a planner was taught before its pairs.

    Args:
        given: parameters, with ``finetuning``.
        spec: the planner.
        dataset: folder of the corpus and the experience.
        stages: how many stages of ``pointing`` it went through.

    Raises:
        InputError: as :func:`run_of`.
    """
    steps = given.finetuning
    if steps is None or not (dataset / "experience" / MANIFEST).exists():
        raise InputError(
            f"{dataset} has no experience to train planners on",
            hint="build again, by `dvc repro --force build@webagent` where DVC does it, "
            "on a machine with Chromium, its driver and bubblewrap",
        )
    before = pretraining.run_of(given.pretraining, _hash(dataset, "examples"))
    sizes = given.pretraining.network.model_dump(mode="json")
    return runs.run_id(
        "webagent pointing",
        code_of(Path(__file__)),
        [_hash(dataset, name) for name in ("tokenizer", "experience")],
        [one.model_dump(mode="json", exclude={"save_every"}) for one in steps.pointing[:stages]],
        spec.start,
        before if spec.start == "pretrained" else [sizes, given.pretraining.seed],
    )


def _hash(dataset: Path, table: str) -> str:
    return read_manifest(dataset / table).logical_hash
