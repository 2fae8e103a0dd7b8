"""What trained policies prefer: log-ratios of held-out pairs, every run and seed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.progress import Progress
from pipelines.soft_labels.material import Material
from pipelines.soft_labels.policy import load_policy
from pipelines.soft_labels.train import Texts
from pipelines.soft_labels.weights import Moving
from schemas.soft_labels.params import Params

Row = dict[str, Any]


def pair_scores(
    params: Params, material: Material, checkpoint: Path, cache: Path, limit: int | None = None
) -> Iterator[Row]:
    """Rows of ``PAIR_SCORES``: every run on the test pairs of its set.

    Measured in float32, whatever the training was.

    Args:
        params: parameters.
        material: the dataset.
        checkpoint: folder that ``train`` wrote.
        cache: folder for converted weights.
        limit: only the first so many pairs of each set.

    Raises:
        InputError: a run has not been trained, or with other parameters.
    """
    runs = params.train.runs
    absent = [name for run in runs for name in run.names() if not (checkpoint / name).is_dir()]
    if absent:
        raise InputError(
            f"{checkpoint} has no {absent[0]}", hint="run `measurand train soft_labels` first"
        )
    policy = load_policy(
        params.build.policy,
        cache,
        micro_tokens=params.train.micro_tokens,
        device=params.train.device,
    )
    moving = Moving(policy, params.train.trainable, params.build.policy)
    texts = Texts(policy)
    total = sum(run.seeds for run in runs)
    with Progress("score pairs", total, "policies") as progress:
        for run in runs:
            pairs = material.pairs(run.set, "test")[:limit]
            texts.ready(pairs)
            encoded, features = texts.of(pairs)
            for seed, name in enumerate(run.names()):
                moving.load(checkpoint / name)
                values = policy.measure(encoded, features).double().tolist()
                for pair, (logp_1, logp_2) in zip(pairs, values, strict=True):
                    ratios = (logp_1 - pair.reference[0], logp_2 - pair.reference[1])
                    u = ratios[0] - ratios[1]
                    yield {
                        "run": name,
                        "run_id": run.id,
                        "seed": seed,
                        "method": run.method,
                        "labels": run.labels,
                        "beta": run.beta,
                        "pair_id": pair.pair_id,
                        "set": run.set,
                        "p": pair.own,
                        "logratio_1": ratios[0],
                        "logratio_2": ratios[1],
                        "u": u,
                        "h": run.beta * u,
                    }
                progress.advance(1)
