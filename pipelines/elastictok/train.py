"""Train the tokenizers, and the regression of elastic ones.

Every model is independent: on a CPU several are trained at the same time, one core each. A model
that was finished with the same code, data and parameters is kept; one that was interrupted goes on
from its last state, which lies beside the journal, since DVC empties the checkpoint folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from measurand import runs, shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.training import ranks, tensors
from measurand.training.code import code_of
from measurand.training.device import device_of
from measurand.training.fit import State
from measurand.training.processes import deal
from measurand.training.repeats import folder_of, repeat_of
from pipelines.elastictok import head, model
from pipelines.elastictok.coding import Coder
from pipelines.elastictok.sequences import read
from pipelines.elastictok.training import Training
from schemas.elastictok.params import Params, TokenizerSpec
from schemas.elastictok.tables import REGRESSION, SPEED, TRAINING

FORMAT = "measurand.elastictok/1"
HEAD_BATCH = 256
"""Blocks a forward pass when the curves for the regression are measured."""

Row = dict[str, Any]


def train(params: Params, dataset: Path, out: Path, *, journal: Path) -> None:
    """Write ``<model>.safetensors``, its optimizer and regression, and the tables beside them.

    Trainings after the first lie in ``training-N``. Ranks take whole models; where there are fewer
    of them than ranks, they divide the sequences of every batch.

    Args:
        params: parameters.
        dataset: folder of the dataset, with ``blocks``.
        out: folder of the checkpoints.
        journal: folder of unfinished states, outside everything that DVC empties.

    Raises:
        InputError: the dataset is unbuilt, or its blocks have another shape.
    """
    parent = read_manifest(dataset / "blocks").logical_hash
    states = journal / "training"
    trainings = [
        (repeat_of(params, at), folder_of(out, at), folder_of(states, at))
        for at in range(params.train.repeats)
    ]
    jobs = [
        (one, spec, dataset / "blocks", to, kept, parent)
        for one, to, kept in trainings
        for spec in params.train.models
    ]
    alone = device_of(params.train.device) == "cuda"
    for _ in deal(_one, jobs, 1 if alone else params.train.processes):
        pass
    for one, to, _ in trainings:
        settings = one.train.model_dump(mode="json")
        ranks.from_first(partial(_tables, params.train.models, to, parent, settings))


def run_of(params: Params, spec: TokenizerSpec, parent: str) -> str:
    """Identity of a training run: code, data, sizes, settings; not how many run beside it."""
    other = {"models", "processes", "save_every", "head", "repeats"}
    settings = params.train.model_dump(mode="json", exclude=other)
    code = code_of(Path(__file__))
    return runs.run_id("elastictok", code, parent, settings, spec.model_dump(mode="json"))


def _one(
    params: Params, spec: TokenizerSpec, blocks: Path, out: Path, states: Path, parent: str
) -> None:
    """Train one model, unless it is there."""
    run = run_of(params, spec, parent)
    weights_file, rest_file = (out / f"{spec.name}{end}.safetensors" for end in ("", ".optimizer"))
    device = device_of(params.train.device)
    done = tensors.about(weights_file)
    data = read(blocks, "train")
    if data.segments.shape[1] != params.build.blocks or data.frames.shape[2] != params.build.size:
        raise InputError(
            f"{blocks} holds sequences of another shape", hint="build with these parameters"
        )
    if done is None or done["run"] != run:
        state = State(states / f"{spec.name}.safetensors", run)
        weights, fitted, speed = Training(params, spec, data, state).fit()
        history = [{"model": spec.name, **row} for row in fitted.rows]
        about = {"format": FORMAT, "run": run, "step": history[-1]["step"]}
        about["model"] = spec.model_dump(mode="json")
        # The weights come last: they say that the model is finished.
        tensors.save(rest_file, fitted.moments, {**about, "history": history, "speed": speed})
        tensors.save(weights_file, weights, about)
    head_file = out / f"{spec.name}.head.safetensors"
    known = tensors.about(head_file)
    mine = runs.run_id(run, params.train.head.model_dump(mode="json"), head.DRAWN)
    if spec.elastic and (known is None or known["run"] != mine):

        def regress() -> None:
            weights, _ = tensors.load(weights_file)
            size = model.sizes(params, spec)
            coder = Coder(weights, size, params.train.patch, HEAD_BATCH, device)
            fitted_head, learned = head.fit(coder, data, params)
            about = {"format": FORMAT, "run": mine, "learned": learned}
            tensors.save(head_file, fitted_head, about)

        ranks.from_first(regress)


def _tables(models: Sequence[TokenizerSpec], out: Path, parent: str, settings: Row) -> None:
    history: list[Row] = []
    speed: list[Row] = []
    learned: list[Row] = []
    for spec in models:
        about = tensors.load(out / f"{spec.name}.optimizer.safetensors")[1]
        history += about["history"]
        speed.append(about["speed"])
        if spec.elastic:
            said = tensors.load(out / f"{spec.name}.head.safetensors")[1]["learned"]
            learned += [{"model": spec.name, **row} for row in said]
    for name, table, rows in (
        ("history", TRAINING, history), ("speed", SPEED, speed), ("regression", REGRESSION, learned)
    ):  # fmt: skip
        shards.write_dataset(
            out / name, table, runs.table(table, rows), parents={"blocks": parent}, params=settings
        )
