"""Administer the prompts to the models and write every answer.

A prompt is a participant's preamble, one item and the answer scale; every item is asked in a
context of its own. Answers go through the journal, so a killed run loses at most one batch.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evaluators.personality.evaluate import cue
from measurand import dealing, runs, servers, shards
from measurand.calls import Batch, Scored, score_batches
from measurand.costs import COSTS
from measurand.errors import InputError
from measurand.journal import Journal
from measurand.manifest import read_manifest
from measurand.models import load
from measurand.models.protocol import Model, Request, Score, check
from measurand.parquet import write_shard
from measurand.progress import Progress
from measurand.results import RESULTS
from schemas.personality.params import CUES, DOMAINS, EXPERIMENTS, ModelRun, Params
from schemas.personality.tables import RESPONSES

Row = dict[str, Any]

DEALS = True
"""Its model calls may be dealt to workers, see :mod:`measurand.dealing`."""

RETEST_ITEMS = 32
"""Prompts asked a second time, one by one: does the answer depend on the batch it came in?"""


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

    Where the parameters say so, how its answers begin is chosen first, see
    :mod:`evaluators.personality.evaluate.cue`.

    Writes ``responses/<model>/`` (what was answered), ``items/`` (item results for gates: ``mass``,
    ``answered``, ``retest_agreement``, ``retest_difference``, and ``mass_none``, ``mass_begun`` of
    the cue's trial) and ``costs/``.

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
    parents = {"prompts": read_manifest(prompts).logical_hash}
    asked = params.evaluate.models if model is None else (_run_of(params, model),)
    outcomes = [
        Administration(params, run, prompts, parents, out, journal, limit).run() for run in asked
    ]
    config = {
        "evaluate": params.evaluate.model_dump(mode="json"),
        "models": [run.model for run in asked],
        "instrument": {"scoring_mode": params.evaluate.scoring_mode},
        "partial": limit is not None,
    }
    costs = runs.table(COSTS, [row for outcome in outcomes for row in outcome.costs])
    shards.write_dataset(out / "costs", COSTS, costs, parents=parents, params=config)
    of_servers = [row for outcome in outcomes for row in outcome.servers]
    servers.write(out, of_servers, parents=parents, params=config)
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


@dataclass(frozen=True)
class Outcome:
    """What a run leaves for the tables that all models share.

    Attributes:
        items: rows of ``measurand.results``.
        costs: rows of ``measurand.costs``.
        servers: rows of ``measurand.servers``.
    """

    items: pa.Table
    costs: list[Row]
    servers: list[Row]


@dataclass
class Administration:
    """One model's run.

    Attributes:
        params: parameters.
        spec: the model and its experiments.
        prompts: dataset folder of the prompts.
        parents: logical hash of the prompts.
        out: results folder.
        journal: folder of the model calls.
        limit: only the first so many prompts.
    """

    params: Params
    spec: ModelRun
    prompts: Path
    parents: dict[str, str]
    out: Path
    journal: Path
    limit: int | None

    def __post_init__(self) -> None:
        self._costs = runs.Costs(self.spec.model)
        self._cue = "none"

    def run(self) -> Outcome:
        """Load the model, ask everything, write the responses.

        Raises:
            InputError: no prompt belongs to the model's experiments.
            CapabilityError: the model cannot do what the scoring mode needs.
            InfraError: too many calls failed for infrastructure reasons.
        """
        total = sum(table.num_rows for _, table in self._parts())
        if not total:
            raise InputError(
                f"no prompts for {self.spec.model} in {list(self.spec.experiments)}",
                hint="build the dataset with these experiments, or change evaluate.models",
            )
        print(f"evaluate: loading {self.spec.model}", flush=True)
        model = dealing.opened(self.spec.model, load)
        try:
            constrained = self._mode == "constrained"
            check(
                model,
                logprobs=not constrained,
                constrained=constrained,
                sample=self._first_prompts(),
            )
            with Journal(self.journal / f"{runs.slug(self.spec.model)}.jsonl") as journal:
                return self._ask_all(model, journal, total)
        finally:
            model.close()

    @property
    def _mode(self) -> str:
        return "constrained" if self.params.evaluate.scoring_mode == "constrained" else "logprob"

    def _first_prompts(self) -> list[Request]:
        """Two prompts with the choices that the run will give them."""
        table = next(table for _, table in self._parts() if table.num_rows)
        rows = table.slice(0, 2).to_pylist()
        return [replace(self._request(row), choices=_choices(row)) for row in rows]

    def _parts(self) -> Iterator[tuple[str, pa.Table]]:
        """Prompt shards, restricted to what this model is asked; empty ones are kept."""
        left = self.limit
        for name, table in shards.iter_shards(self.prompts):
            keep = pc.is_in(table["experiment"], pa.array(self.spec.experiments))
            if self.spec.instruments is not None:
                asked = pc.is_in(table["instrument_id"], pa.array(self.spec.instruments))
                keep = pc.and_(keep, asked)
            table = table.filter(keep).sort_by(
                [
                    ("profile_id", "ascending"),
                    ("k_choices", "ascending"),
                    ("prompt_id", "ascending"),
                ]
            )
            if left is not None:
                table = table.slice(0, left)
                left -= table.num_rows
            yield name, table

    def _ask_all(self, model: Model, journal: Journal, total: int) -> Outcome:
        how = self.params.evaluate
        identity = [self.parents, how.scoring_mode, how.batch_size, model.fingerprint]
        items = [runs.results_table(list(self._choose_cue(model, journal, identity)))]
        run_id = runs.run_id(*identity, *([] if self._cue == "none" else [self._cue]))
        folder = self.out / "responses" / runs.slug(self.spec.model)
        made = shards.begin(folder, RESPONSES)
        n_shards = 0
        sample: list[tuple[Row, Score]] = []
        every, seen = max(1, total // RETEST_ITEMS), 0
        failures: Counter[str] = Counter()
        missing: Counter[str] = Counter()
        with Progress(f"evaluate {self.spec.model}", total, "prompts") as progress:
            for name, table in self._parts():
                rows = []
                for prompt, scored in self._scored(model, journal, table, progress):
                    rows.append(self._response(prompt, scored, run_id))
                    due = len(sample) < RETEST_ITEMS and seen >= every * len(sample)
                    if due and not scored.shared:
                        sample.append((prompt, scored.score))
                    seen += 1
                failures.update(r["reason"] for r in rows if r["status"] == "infra_error")
                missing.update(r["reason"] for r in rows if r["status"] == "model_error")
                write_shard(RESPONSES, runs.table(RESPONSES, rows), made.folder / name)
                items.append(runs.results_table([item for row in rows for item in _items(row)]))
                n_shards += 1
        runs.refuse_failures(self.spec.model, failures, total, how.max_infra_share)
        runs.refuse_unanswered(model, missing, total)
        items.append(runs.results_table(list(self._retest(model, journal, sample, run_id))))
        shards.write_manifest(
            made.folder,
            RESPONSES,
            n_shards=n_shards,
            shard_key="profile_id",
            parents=self.parents,
            params={"model": self.spec.model, "partial": self.limit is not None},
            sources=(),
            rows_in=total,
        )
        made.publish()
        return Outcome(pa.concat_tables(items), self._costs.rows(model), self._costs.servers(model))

    def _choose_cue(self, model: Model, journal: Journal, identity: list[Any]) -> Iterator[Row]:
        """Set how answers begin; item results of the trial, where one is made."""
        if not model.capabilities().begins:
            return
        if self.params.evaluate.cue != "most_mass":
            self._cue = self.params.evaluate.cue
            return
        table = shards.read_table(self.prompts)
        table = table.filter(pc.equal(table["experiment"], "cue"))
        table = table.sort_by([("profile_id", "ascending"), ("prompt_id", "ascending")])
        masses: dict[str, list[float]] = {}
        total = len(CUES) * table.num_rows
        with Progress(f"evaluate {self.spec.model}: how answers begin", total, "prompts") as p:
            for self._cue in CUES:
                for prompt, scored in self._scored(model, journal, table, p):
                    row = self._response(prompt, scored, runs.run_id(*identity, self._cue))
                    yield _item(row, cue.metric(self._cue), row["mass"])
                    if row["mass"] is not None:
                        masses.setdefault(self._cue, []).append(row["mass"])
        dealing.settle()
        self._cue = cue.most_mass(masses)

    def _scored(
        self, model: Model, journal: Journal, table: pa.Table, progress: Progress
    ) -> Iterator[tuple[Row, Scored]]:
        chunks = list(self._chunks(table))
        batches = (Batch([self._request(r) for r in c], _choices(c[0])) for c in chunks)
        answers = score_batches(model, batches, journal, mode=self._mode, progress=progress)
        for chunk, scores in zip(chunks, answers, strict=True):
            yield from zip(chunk, scores, strict=True)

    def _chunks(self, table: pa.Table) -> Iterator[list[Row]]:
        """Prompts that share preamble and choices: at most ``batch_size`` texts at a time.

        Questionnaires share items; a text stands in the first batch with all of its prompts.
        """
        size = self.params.evaluate.batch_size
        for _, group in groupby(table.to_pylist(), lambda r: (r["profile_id"], r["k_choices"])):
            texts: dict[str, list[Row]] = {}
            for row in group:
                texts.setdefault(row["prompt"], []).append(row)
            equal = iter(texts.values())
            while some := list(islice(equal, size)):
                yield [row for rows in some for row in rows]

    def _request(self, prompt: Row) -> Request:
        return Request(prompt["prompt"], _tags(prompt), begun=cue.BEGINNINGS[self._cue])

    def _response(self, prompt: Row, scored: Scored, run_id: str, part: str | None = None) -> Row:
        score = scored.score
        if not scored.shared:
            self._costs.count(part or prompt["experiment"], score, scored.seconds)
        return {
            **{c.name: prompt.get(c.name) for c in RESPONSES.columns},
            "run_id": run_id,
            "model": self.spec.model,
            "value": None if score.choice is None else score.choice + 1,
            "logprobs": score.logprobs,
            "expected": _expected(score.logprobs),
            "mass": score.mass,
            "tie": score.tie,
            "scoring_mode": self.params.evaluate.scoring_mode,
            "cue": self._cue,
            "shared": scored.shared,
            "status": score.status,
            "reason": score.reason,
            "prompt_tokens": score.prompt_tokens,
            "cached_tokens": score.cached_tokens,
        }

    def _retest(
        self, model: Model, journal: Journal, sample: list[tuple[Row, Score]], run_id: str
    ) -> Iterator[Row]:
        """Ask some prompts again, each alone, and compare with the batched answer."""
        alone = [Batch([self._request(prompt)], _choices(prompt)) for prompt, _ in sample]
        again = score_batches(model, alone, journal, mode=self._mode, repeat=1)
        for (prompt, before), [scored] in zip(sample, again, strict=True):
            after = scored.score
            row = self._response(prompt, scored, run_id, part="retest")
            agrees = None if after.choice is None else float(before.choice == after.choice)
            yield _item(row, "retest_agreement", agrees, repeat=1)
            if before.logprobs and after.logprobs:
                pairs = zip(before.logprobs, after.logprobs, strict=True)
                gaps = [abs(a - b) for a, b in pairs if a is not None and b is not None]
                yield _item(row, "retest_difference", max(gaps), repeat=1)


def _choices(prompt: Row) -> tuple[str, ...]:
    return tuple(str(choice) for choice in range(1, prompt["k_choices"] + 1))


def _tags(prompt: Row) -> dict[str, str | int | float]:
    """What a synthetic respondent needs to know."""
    tags: dict[str, str | int | float] = {
        "participant": prompt["participant_id"],
        "item": prompt["item_id"],
        "scale": prompt["scale_id"],
        "keyed": prompt["keyed"],
    }
    if prompt["domain"] is not None:
        tags["domain"] = prompt["domain"]
    levels = zip(DOMAINS, prompt["levels"], strict=True)
    return tags | {f"level_{domain}": level for domain, level in levels if level}


def _expected(logprobs: tuple[float | None, ...] | None) -> float | None:
    """Mean choice under the renormalised probabilities; a choice not returned counts as 0."""
    if not logprobs:
        return None
    weights = [0.0 if x is None else math.exp(x) for x in logprobs]
    total = math.fsum(weights)
    if total == 0:
        return None
    return math.fsum(i * w for i, w in enumerate(weights, 1)) / total


def _items(row: Row) -> Iterator[Row]:
    """Item results of one response: was it answered, and with how much of the probability."""
    yield _item(row, "answered", float(row["value"] is not None))
    if row["mass"] is not None:
        yield _item(row, "mass", row["mass"])


def _item(row: Row, metric: str, value: float | None, repeat: int = 0) -> Row:
    # A call that failed outside the model says nothing about the model: no value.
    broken = row["status"] in ("infra_error", "skipped")
    return runs.item_row(
        "personality",
        row["model"],
        metric,
        row["prompt_id"],
        None if broken else value,
        run_id=row["run_id"],
        prompt_sha256=row["prompt_sha256"],
        cluster_id=f"bio{row['bio_id']:02d}",
        repeat=repeat,
        status=row["status"] if broken or value is not None else "model_error",
        reason=row["reason"],
        parts={"experiment": row["experiment"], "instrument": row["instrument_id"]},
        prompt_tokens=row["prompt_tokens"],
    )
