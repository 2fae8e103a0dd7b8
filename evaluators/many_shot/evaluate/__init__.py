"""Ask the models the questions of the dataset and write every answer.

Classes are scored: each option's probability after the cue. Free answers are written greedily and
judged by the task's verifier; the probability of the right answer is measured beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from measurand import dealing, runs, servers, shards
from measurand.asking import Asker
from measurand.costs import COSTS
from measurand.errors import InputError
from measurand.journal import Journal
from measurand.models.protocol import Model, Request, Sampling, check
from measurand.progress import Progress
from measurand.results import RESULTS
from measurand.sequence import Until, Watch
from pipelines.many_shot import answers, oracles
from pipelines.many_shot.material import Asked, Material
from schemas.many_shot.params import Curve, ModelRun, Params, Task
from schemas.many_shot.tables import RESPONSES

Row = dict[str, Any]

DEALS = True
"""Its model calls may be dealt to workers, see :mod:`measurand.dealing`."""


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
    until: Until | None = None,
) -> None:
    """Ask every model its tasks and curves.

    Writes ``responses/<model>/`` (what was answered), ``items/`` (item results: ``accuracy`` and
    :data:`pipelines.many_shot.answers.MEASURES`, ``retest_agreement``, ``retest_difference``) and
    ``costs/``.

    Args:
        params: parameters; ``evaluate.models`` lists models, tasks and curves.
        data: folder with ``dataset/``.
        model: one model string to run instead; one that is not listed gets every task.
        out: folder to write to.
        journal: folder of the model calls.
        limit: only the first so many prompts of each model; marks the results partial.
        until: ends a model's run when its gates are decided; clusters are shot sets.

    Raises:
        InputError: nothing was built of what a model is asked.
        CapabilityError: a model cannot do what its tasks need.
        InfraError: more calls failed for infrastructure reasons than
            ``evaluate.max_infra_share``; what was answered is journalled.
    """
    material = Material(params, data / "dataset")
    asked = params.evaluate.models if model is None else (_run_of(params, model),)
    outcomes = [
        Administration(params, run, material, out, journal, limit, until).run() for run in asked
    ]
    config = {
        "evaluate": params.evaluate.model_dump(mode="json"),
        "models": [run.model for run in asked],
        "not_built": sorted({name for outcome in outcomes for name in outcome.not_built}),
        "partial": limit is not None,
    }
    if until is not None:
        config["sequence"] = until.record()
    costs = runs.table(COSTS, [row for outcome in outcomes for row in outcome.costs])
    shards.write_dataset(out / "costs", COSTS, costs, parents=material.parents, params=config)
    of_servers = [row for outcome in outcomes for row in outcome.servers]
    servers.write(out, of_servers, parents=material.parents, params=config)
    shards.write_dataset(
        out / "items",
        RESULTS,
        pa.concat_tables([outcome.items for outcome in outcomes]),
        n_shards=params.build.n_shards,
        shard_key="item_id",
        parents=material.parents,
        params=config,
    )


def _run_of(params: Params, model: str) -> ModelRun:
    listed = (run for run in params.evaluate.models if run.model == model)
    return next(listed, ModelRun(model=model))


@dataclass(frozen=True)
class Outcome:
    """What a run leaves for the tables that all models share.

    Attributes:
        items: rows of ``measurand.results``.
        costs: rows of ``measurand.costs``.
        servers: rows of ``measurand.servers``.
        not_built: curves that were asked for and have no prompts, as ``<task>|<curve>``.
    """

    items: pa.Table
    costs: list[Row]
    servers: list[Row]
    not_built: list[str]


@dataclass
class Administration:
    """One model's run.

    Attributes:
        params: parameters.
        spec: the model, its tasks and curves.
        material: prompts and questions.
        out: results folder.
        journal: folder of the model calls.
        limit: only the first so many prompts.
        until: what ends the run early.
    """

    params: Params
    spec: ModelRun
    material: Material
    out: Path
    journal: Path
    limit: int | None
    until: Until | None
    _seen: int = 0
    _sample: list[tuple[Asked, Row]] = field(default_factory=list)

    def run(self) -> Outcome:
        """Load the model, ask everything, write the responses.

        Raises:
            InputError: nothing was built of what the model is asked.
            CapabilityError: the model cannot do what its tasks need.
            InfraError: too many calls failed for infrastructure reasons.
        """
        curves = self.material.asked(self.spec)
        built = [pair for pair in curves if self.material.size(*pair)]
        missing = [
            f"{task.id}|{curve.name}" for task, curve in curves if (task, curve) not in built
        ]
        if not built:
            raise InputError(
                f"no prompts for {self.spec.model} in {', '.join(missing)}",
                hint="build the dataset with these tasks and curves, or change evaluate.models",
            )
        for name in missing:
            print(f"evaluate: {name} has no prompts in the dataset", flush=True)
        print(f"evaluate: loading {self.spec.model}", flush=True)
        model = dealing.opened(self.spec.model, lambda spec: oracles.open_model(spec, self.params))
        try:
            if isinstance(model, oracles.Oracle):
                model.require([task for task, _ in built])
            free = [self.material.free(*pair) for pair in built]
            check(
                model,
                logprobs=not all(free),
                generate=any(free),
                sample=self._first_options(built),
                tokens=max(task.answer_tokens for task, _ in built),
            )
            with Journal(self.journal / f"{runs.slug(self.spec.model)}.jsonl") as journal:
                items, costs = self._ask_all(model, journal, built)
                return Outcome(items, costs.rows(model), costs.servers(model), missing)
        finally:
            model.close()

    def _first_options(self, built: Sequence[tuple[Task, Curve]]) -> list[Request]:
        """The first prompts of every task whose options are scored."""
        first = {}
        for task, curve in built:
            if not self.material.free(task, curve) and task.id not in first:
                batch = next(self.material.batches(task, curve, 2, None))
                first[task.id] = [asked.option_request() for asked in batch]
        return [request for requests in first.values() for request in requests]

    def _ask_all(
        self, model: Model, journal: Journal, built: Sequence[tuple[Task, Curve]]
    ) -> tuple[pa.Table, runs.Costs]:
        total = sum(self.material.size(*pair) for pair in built)
        total = total if self.limit is None else min(total, self.limit)
        asker = Asker(model, journal, runs.Costs(self.spec.model))
        run_id = runs.run_id(
            self.material.parents, self.params.evaluate.batch_size, model.fingerprint
        )
        responses: list[pa.Table] = []
        items: list[pa.Table] = []
        missing: Counter[str] = Counter()
        watch = self._watch(built)
        with Progress(f"evaluate {self.spec.model}", total, "prompts") as progress:
            for clusters in watch:
                for batch in self._batches(built, clusters):
                    rows = self._answered(asker, batch, run_id)
                    self._pick(batch, rows, total)
                    missing.update(r["reason"] for r in rows if r["status"] == "model_error")
                    responses.append(runs.table(RESPONSES, rows))
                    items.append(
                        runs.results_table([i for row in rows for i in answers.items(row)])
                    )
                    progress.advance(len(batch))
                watch.see(lambda: pa.concat_tables(items))
        again = [row for asked, row in self._sample for row in _retested(asker, asked, row)]
        items.append(runs.results_table(again))
        share = self.params.evaluate.max_infra_share
        runs.refuse_failures(self.spec.model, asker.failures, asker.calls, share)
        runs.refuse_unanswered(model, missing, sum(table.num_rows for table in responses))
        self._write(pa.concat_tables(responses))
        return pa.concat_tables(items), asker.costs

    def _watch(self, built: Sequence[tuple[Task, Curve]]) -> Watch:
        items: Counter[str] = Counter()
        if self.until is not None:
            for batch in self._batches(built, None):
                items[_cluster(batch[0])] += len(batch)
        return Watch(self.until, self.spec.model, self.material.parents, items)

    def _batches(
        self, built: Sequence[tuple[Task, Curve]], clusters: frozenset[str] | None
    ) -> Iterator[list[Asked]]:
        """Batches of some clusters, None for all; a batch is of one shot set."""
        size = self.params.evaluate.batch_size
        for task, curve in built:
            left = None if self.limit is None else self.limit - self._seen
            for batch in self.material.batches(task, curve, size, left):
                if clusters is None or _cluster(batch[0]) in clusters:
                    yield batch

    def _answered(self, asker: Asker, batch: Sequence[Asked], run_id: str) -> list[Row]:
        if batch[0].free:
            found = _written(asker, batch)
        else:
            requests = [asked.option_request() for asked in batch]
            scores = asker.score(requests, batch[0].task.id)
            found = [answers.option_answer(a, s) for a, s in zip(batch, scores, strict=True)]
        return [
            answers.response(
                asked,
                answer,
                run_id=run_id,
                model=self.spec.model,
                prompt_sha256=asked.request().sha256,
            )
            for asked, answer in zip(batch, found, strict=True)
        ]

    def _pick(self, batch: Sequence[Asked], rows: Sequence[Row], total: int) -> None:
        """Keep some evenly spaced answers to compare with those to the prompt alone."""
        most = self.params.evaluate.retest
        every = max(1, total // most) if most else 0
        for asked, row in zip(batch, rows, strict=True):
            if every and self._seen % every == 0 and len(self._sample) < most:
                self._sample.append((asked, row))
            self._seen += 1

    def _write(self, responses: pa.Table) -> None:
        shards.write_dataset(
            self.out / "responses" / runs.slug(self.spec.model),
            RESPONSES,
            responses,
            n_shards=self.params.build.n_shards,
            shard_key="prompt_id",
            parents=self.material.parents,
            params={"model": self.spec.model, "partial": self.limit is not None},
        )


def _cluster(asked: Asked) -> str:
    """The cluster of its item results (:func:`pipelines.many_shot.answers.item`): its shot set."""
    return f"{asked.task.id}|s{asked.prompt['seed']}"


def _written(asker: Asker, batch: Sequence[Asked]) -> list[Row]:
    """Free answers, and the probability of the right ones where the model tells it."""
    task = batch[0].task
    texts = asker.write([asked.request() for asked in batch], _sampling(task), task.id)
    rights = [asked.answer_requests() if asker.logprobs else {} for asked in batch]
    flat = [request for right in rights for request in right.values()]
    scores = iter(asker.score(flat, f"{task.id} nll"))
    return [
        answers.written_answer(asked, text, {metric: next(scores) for metric in right})
        for asked, text, right in zip(batch, texts, rights, strict=True)
    ]


def _sampling(task: Task) -> Sampling:
    """Greedy; the next question ends an answer, if nothing did before."""
    stop = (*task.stop, f"\n{task.layout.question}:")
    return Sampling(max_tokens=task.answer_tokens, stop=stop)


def _retested(asker: Asker, asked: Asked, row: Row) -> Iterator[Row]:
    """Ask a prompt again, alone, and compare with the batched answer."""
    if asked.free:
        answer = answers.written_answer(
            asked, asker.write_again(asked.request(), _sampling(asked.task)), {}
        )
        same, before = "extracted", row["extracted"]
    else:
        answer = answers.option_answer(asked, asker.score_again(asked.option_request()))
        same, before = "prediction", row["prediction"]
    again = {**row, **answer}
    failed = {row["status"], answer["status"]} != {"ok"}
    agrees = None if failed else float(before == answer.get(same))
    yield answers.item(again, "retest_agreement", agrees, repeat=1)
    if row["option_logprobs"] and again["option_logprobs"]:
        pairs = zip(row["option_logprobs"], again["option_logprobs"], strict=True)
        gaps = [abs(a - b) for a, b in pairs if a is not None and b is not None]
        yield answers.item(again, "retest_difference", max(gaps), repeat=1)
