"""Measure the trained policies: held-out pairs, what they write, who prefers it, the bandit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from measurand import project, runs, shards
from measurand.costs import COSTS
from measurand.errors import InputError
from measurand.results import RESULTS, slice_text
from measurand.tables import Table
from pipelines.soft_labels import bandit, comparing, scoring, writing
from pipelines.soft_labels.comparing import Rewards
from pipelines.soft_labels.material import Material
from schemas.soft_labels.params import REFERENCE_RUN, Params
from schemas.soft_labels.tables import (
    BANDIT,
    COMPARISONS,
    JUDGE_QUALITY,
    PAIR_SCORES,
    SAMPLES,
    TRAINING,
)

Row = dict[str, Any]

SYSTEM = "soft_labels"


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
) -> None:
    """Measure every run.

    Writes ``pair_scores``, ``training``, ``items`` (item results ``pair_correct`` and
    ``win_<judge>``), ``costs`` and, where asked for, ``samples``, ``comparisons``,
    ``judge_quality``, ``bandit``.

    Args:
        params: parameters.
        data: folder with ``dataset/`` and ``checkpoint/``.
        model: must be None: what is measured are the policies of the checkpoint.
        out: folder to write to.
        journal: folder of the model calls.
        limit: only the first so many pairs and beginnings; marks the results partial.

    Raises:
        InputError: a model was given, or nothing was built or trained.
        InfraError: too many calls failed for reasons outside the models.
    """
    if model is not None:
        raise InputError(
            f"soft_labels measures the policies that it trained, not {model}",
            hint="set build.policy to train another model",
        )
    material = Material(params, data / "dataset")
    checkpoint, root = data / "checkpoint", project.root_or_here()
    written = _Written(params, material, out, limit)
    written.write(PAIR_SCORES, _scores(params, material, checkpoint, root, limit))
    written.copy(TRAINING, checkpoint / "training")
    costs = _costs(checkpoint / "costs")
    comparisons: list[Row] = []
    if params.evaluate.write is not None:
        samples = writing.samples(
            params, material, checkpoint, root / "models", journal, costs, limit
        )
        quality: list[Row] = []
        for name in dict.fromkeys(row["set"] for row in samples):
            some = [row for row in samples if row["set"] == name]
            rewards = Rewards(params, name, data / "dataset", root / "data" / "sources")
            rewards.fill(some)
            quality += rewards.quality()
            comparisons += rewards.comparisons(some)
            comparisons += _judged(params, name, some, journal, root / "models", costs)
        written.write(SAMPLES, samples)
        written.write(JUDGE_QUALITY, quality)
        written.write(COMPARISONS, comparisons)
    if params.evaluate.bandit is not None:
        written.write(BANDIT, _bandit(params))
    written.write(COSTS, costs)
    items = [*_pair_items(written.rows(PAIR_SCORES), material), *_win_items(comparisons)]
    written.write(RESULTS, [item | {"run_id": written.run_id} for item in items], name="items")


class _Written:
    """The tables of a results folder, each written once.

    Args:
        params: parameters.
        material: the dataset.
        out: the folder.
        limit: marks the results partial.
    """

    def __init__(self, params: Params, material: Material, out: Path, limit: int | None) -> None:
        self._out, self._parents = out, material.parents
        self._config = {
            "evaluate": params.evaluate.model_dump(mode="json"),
            "partial": limit is not None,
        }
        self.run_id = runs.run_id(material.parents, params.model_dump(mode="json"))

    def write(self, table: Table, rows: Sequence[Row], name: str | None = None) -> None:
        self._write(table, runs.table(table, rows), name)

    def copy(self, table: Table, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(f"{folder} is missing", hint="run `measurand train soft_labels` first")
        self._write(table, shards.read_table(folder), None)

    def rows(self, table: Table) -> list[Row]:
        found: list[Row] = shards.read_table(self._out / _name(table)).to_pylist()
        return found

    def _write(self, table: Table, rows: pa.Table, name: str | None) -> None:
        shards.write_dataset(
            self._out / (name or _name(table)),
            table,
            rows,
            parents=self._parents,
            params=self._config,
        )


def _name(table: Table) -> str:
    return table.name.rpartition(".")[2]


def _scores(
    params: Params, material: Material, checkpoint: Path, root: Path, limit: int | None
) -> list[Row]:
    return list(scoring.pair_scores(params, material, checkpoint, root / "models", limit))


def _costs(folder: Path) -> list[Row]:
    if not folder.is_dir():
        return []
    found: list[Row] = shards.read_table(folder).to_pylist()
    return found


def _judged(
    params: Params, name: str, some: Sequence[Row], journal: Path, cache: Path, costs: list[Row]
) -> Iterator[Row]:
    for judge in params.build.judges:
        mine = judge.id in params.evaluate.judges
        if mine and (judge.sets is None or name in judge.sets):
            yield from comparing.judge_comparisons(
                judge,
                some,
                params.evaluate.judged_seeds,
                params.build.set(name).prompt,
                journal,
                cache,
                costs,
            )


def _bandit(params: Params) -> list[Row]:
    asked = params.evaluate.bandit
    assert asked is not None
    rows = []
    for setting in asked.settings:
        at_rest = bandit.reproduced(setting.temperature, setting.beta)
        for method in asked.methods:
            points = bandit.follow(
                method, temperature=setting.temperature, beta=setting.beta, record=asked.steps
            )
            rows += [
                {
                    "temperature": f"{setting.temperature:g}",
                    "beta": f"{setting.beta:g}",
                    "method": method,
                    "step": point.step,
                    "mean_reward": point.mean_reward,
                    "mode": point.mode,
                    "high": point.high,
                    "total_variation": float(abs(point.policy - at_rest).sum() / 2),
                    "policy": point.policy.tolist(),
                }
                for point in points
            ]
    return rows


def _pair_items(rows: Sequence[Row], material: Material) -> Iterator[Row]:
    """Is the pair ordered as its own label orders it? Ties of the label are skipped."""
    prompts = {
        pair.pair_id: hashlib.sha256(pair.prompt.encode()).hexdigest()
        for name in {row["set"] for row in rows}
        for pair in material.pairs(name, "test")
    }
    for row in rows:
        tie = row["p"] == 0.5
        value = None if tie else 0.5 if row["u"] == 0 else float(row["u"] > 0)
        item = _item(row, "pair_correct", row["pair_id"], value, "the label is a tie")
        yield item | {"prompt_sha256": prompts[row["pair_id"]]}


def _win_items(rows: Sequence[Row]) -> Iterator[Row]:
    """Preference over the reference, by every judge."""
    for row in rows:
        if row["run_b"] != REFERENCE_RUN:
            continue
        run_id, _, seed = row["run_a"].rpartition("-s")
        named = row | {"run_id": run_id or row["run_a"], "seed": int(seed) if run_id else 0}
        metric = f"win_{row['judge']}"
        item = f"{row['set']}|{row['prompt_id']}"
        yield _item(named, metric, item, row["p_a"], row["reason"], row["status"]) | {
            "prompt_sha256": row["prompt_id"]
        }


def _item(
    row: Row, metric: str, item: str, value: float | None, reason: str | None, status: str = ""
) -> Row:
    return {
        "system": SYSTEM,
        "model": row["run_id"],
        "metric": metric,
        "item_id": item,
        "repeat": row["seed"],
        "cluster_id": item,
        "value": value,
        "status": "ok" if value is not None else status or "skipped",
        "reason": None if value is not None else reason,
        "slice": slice_text({"set": row["set"]}),
        "seed": None,
        "prompt_tokens": None,
    }
