"""Train one network a seed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from measurand import runs, shards
from measurand.manifest import read_manifest
from measurand.stats.resample import rng_for, seed_for
from measurand.training import tensors
from measurand.training.code import code_of
from measurand.training.fit import Plan, State, fit
from measurand.training.schedules import warm_then
from schemas.line.params import Params
from schemas.line.tables import TRAINING

BATCH = 32


def network(*seed: int) -> Any:
    """Sixteen hidden units."""
    with torch.random.fork_rng():
        torch.manual_seed(seed_for("line", *seed))
        return torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))


def train(params: Params, dataset: Path, out: Path, *, journal: Path) -> None:
    """Write ``seed-N.safetensors`` and ``training``."""
    points = shards.read_table(dataset / "points").to_pylist()
    xy = np.array([(p["x"], p["y"]) for p in points if p["split"] == "train"], np.float32)
    parent, given = read_manifest(dataset / "points").logical_hash, params.train
    rates = partial(warm_then, peak=given.lr, steps=given.steps, warmup=10, shape="cosine")
    plan = Plan(given.steps, rates, log_every=20, save_every=100)
    rows = []
    for seed in range(given.seeds):
        model = network(given.seed, seed)

        def batch(step: int, seed: int = seed) -> Any:
            some = rng_for("line", given.seed, seed, step).integers(0, len(xy), BATCH)
            return torch.from_numpy(xy[some])

        def loss(some: Any, model: Any = model) -> Any:
            return (model(some[:, :1]) - some[:, 1:]).square().mean()

        code = code_of(Path(__file__))
        identity = runs.run_id(code, parent, given.model_dump(exclude={"seeds"}), seed)
        state = State(journal / "train" / f"seed-{seed}.safetensors", identity)
        done = fit(dict(model.named_parameters()), batch, loss, plan, state, label=f"seed {seed}")
        tensors.save(out / f"seed-{seed}.safetensors", model.state_dict(), {"run": identity})
        rows += [{"seed": seed, **row} for row in done.rows]
    table = runs.table(TRAINING, rows)
    shards.write_dataset(out / "training", TRAINING, table, parents={"points": parent})
