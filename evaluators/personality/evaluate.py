"""Administer the prompts to the models and write every answer.

A prompt is a participant's preamble, one item and the answer scale; every item is asked in a
context of its own. Answers go through the journal, so a killed run loses at most one batch.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from evaluators.personality.administration import Administration
from measurand import shards
from measurand.costs import COSTS
from measurand.results import RESULTS
from schemas.personality import EXPERIMENTS, ModelRun, Params


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
) -> None:
    """Ask every model every prompt of its experiments.

    Writes ``responses/<model>/`` (what was answered), ``items/`` (item results for gates: ``mass``,
    ``answered``, ``retest_agreement``, ``retest_difference``) and ``costs/``.

    Args:
        params: parameters; ``evaluate.models`` lists models and their experiments.
        data: folder with ``dataset/``.
        model: one model string to run instead; one that is not listed gets every experiment that
            is built.
        out: folder to write to.
        journal: folder of the model calls.
        limit: only the first so many prompts of each model; marks the results partial.

    Raises:
        CapabilityError: a model cannot do what the scoring mode needs.
        InfraError: more calls failed for infrastructure reasons than
            ``evaluate.max_infra_share``; what was answered is journalled.
    """
    prompts = data / "dataset" / "prompts"
    parents = {"prompts": shards.read_manifest(prompts).logical_hash}
    runs = params.evaluate.models if model is None else (_run_of(params, model),)
    outcomes = [
        Administration(params, run, prompts, parents, out, journal, limit).run() for run in runs
    ]
    config = {
        "evaluate": params.evaluate.model_dump(mode="json"),
        "models": [run.model for run in runs],
        "partial": limit is not None,
    }
    rows = [row for outcome in outcomes for row in outcome.costs]
    costs = COSTS.from_columns({c.name: [row[c.name] for row in rows] for c in COSTS.columns})
    shards.write_dataset(out / "costs", COSTS, costs, parents=parents, params=config)
    items = pa.concat_tables([outcome.items for outcome in outcomes])
    shards.write_dataset(
        out / "items",
        RESULTS,
        items,
        n_shards=params.build.n_shards,
        shard_key="item_id",
        parents=parents,
        params=config,
    )


def _run_of(params: Params, model: str) -> ModelRun:
    for run in params.evaluate.models:
        if run.model == model:
            return run
    built = [name for name in EXPERIMENTS if getattr(params.build, name) is not None]
    return ModelRun.model_validate({"model": model, "experiments": built})
