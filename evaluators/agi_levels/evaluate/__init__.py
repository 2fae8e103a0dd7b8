"""Ask models to rate the texts that people rated, and let known respondents rate them too."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.agi_levels.evaluate import quizzing
from measurand import dealing, runs, servers, shards
from measurand.calls import Batch, Scored, score_batches
from measurand.costs import COSTS
from measurand.errors import InputError
from measurand.journal import Journal
from measurand.manifest import read_manifest
from measurand.models import load
from measurand.models.protocol import Model, Request, Score, check
from measurand.progress import Progress
from measurand.results import RESULTS, slice_text
from measurand.sequence import Until, Watch
from pipelines.agi_levels import known
from schemas.agi_levels.params import Params
from schemas.agi_levels.tables import ANSWERS, RATINGS

Row = dict[str, Any]

DEALS = True
"""Its model calls may be dealt to workers, see :mod:`measurand.dealing`."""
CHOICES = tuple(str(digit) for digit in range(1, 10))
MIDDLE = 5
"""The digit that stands for a rating of 0."""


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
    """Write ``ratings`` (of each text), ``answers`` (to each question), ``items`` and ``costs``.

    Item results are ``right`` of each question, and of the texts ``answered``, ``mass`` (the
    probability of all nine digits together), ``retest_agreement`` and ``retest_difference`` of
    prompts that were asked again alone.

    Args:
        params: parameters; ``evaluate.models`` lists the models.
        data: folder with ``dataset/``.
        model: one model string to run instead.
        out: folder to write to.
        journal: folder of the model calls.
        limit: only the first so many texts and questions; marks the results partial.
        until: ends a model's run when its gates are decided; every text and question is a cluster.

    Raises:
        CapabilityError: a model gives no log-probabilities, or no answer to most texts.
        InfraError: more calls failed for infrastructure reasons than ``max_infra_share``.
    """
    folder = data / "dataset" / "texts"
    texts = shards.read_table(folder).to_pylist()[:limit]
    if not texts:
        raise InputError("no texts to rate", hint="build with build.rated, or give scores alone")
    quizzes = data / "dataset" / "questions"
    questions = shards.read_table(quizzes).to_pylist()[:limit]
    parents = {
        "texts": read_manifest(folder).logical_hash,
        "questions": read_manifest(quizzes).logical_hash,
    }
    asked = params.evaluate.models if model is None else (model,)
    rows: list[Row] = []
    again: list[Row] = []
    answers: list[Row] = []
    costs: list[Row] = []
    of_servers: list[Row] = []
    for name in asked:
        found = _ask(params, name, texts, questions, parents, journal, until)
        rows += found.ratings
        again += found.again
        answers += found.answers
        costs += found.costs
        of_servers += found.servers
    items = _Asked(rows, again, answers, costs, of_servers).items()
    seed = params.build.seed
    answers += quizzing.known_rows(questions, seed, runs.run_id("known", seed))
    for name in known.NAMES:
        rows += [_known(name, text, params) for text in texts]
    config = {
        "evaluate": params.evaluate.model_dump(mode="json"),
        "models": list(asked),
        "instrument": {
            "prompt": params.evaluate.prompt,
            "question": params.evaluate.question,
            "begun": params.evaluate.begun,
        },
        "partial": limit is not None,
    }
    if until is not None:
        config["sequence"] = until.record()
    written: tuple[tuple[str, Any, pa.Table], ...] = (
        ("ratings", RATINGS, runs.table(RATINGS, rows)),
        ("answers", ANSWERS, runs.table(ANSWERS, answers)),
        ("costs", COSTS, runs.table(COSTS, costs)),
        ("items", RESULTS, items),
    )
    for name, spec, table in written:
        shards.write_dataset(out / name, spec, table, parents=parents, params=config)
    servers.write(out, of_servers, parents=parents, params=config)


@dataclass(frozen=True)
class _Asked:
    """Of one model: rows of RATINGS and ANSWERS, items of prompts asked again, costs, servers."""

    ratings: list[Row]
    again: list[Row]
    answers: list[Row]
    costs: list[Row]
    servers: list[Row]

    def items(self) -> pa.Table:
        """Item results."""
        results = [item for row in self.ratings for item in _items(row)] + self.again
        return runs.results_table(results + [quizzing.item(row) for row in self.answers])


def _ask(
    params: Params,
    name: str,
    texts: list[Row],
    questions: list[Row],
    parents: dict[str, str],
    journal: Path,
    until: Until | None,
) -> _Asked:
    how = params.evaluate
    print(f"evaluate: loading {name}", flush=True)
    model = dealing.opened(name, load)
    found = _Asked([], [], [], [], [])
    ids = [text["text_id"] for text in texts] + [one["item_id"] for one in questions]
    watch = Watch(until, name, parents, dict.fromkeys(ids, 1))
    try:
        first = [_request(params, text) for text in texts[:2]]
        check(model, logprobs=True, sample=[Request(r.prompt, r.tags, CHOICES) for r in first])
        run_id = runs.run_id(
            *(parents, how.prompt, how.question, how.begun, how.batch_size, model.fingerprint)
        )
        alone = {texts[i]["text_id"] for i in _spaced(len(texts), how.retest)}
        with (
            Journal(journal / f"{runs.slug(name)}.jsonl") as calls,
            Progress(f"evaluate {name}", len(texts), "texts") as progress,
        ):
            run = _Run(params, model, name, run_id, calls, progress, runs.Costs(name), found)
            for clusters in watch:
                run.rate(_among(texts, "text_id", clusters), alone)
                run.quiz(_among(questions, "item_id", clusters))
                watch.see(found.items)
        every = found.ratings + found.answers
        lost = Counter(r["reason"] for r in every if r["status"] == "infra_error")
        unanswered = Counter(r["reason"] for r in every if r["status"] == "model_error")
        runs.refuse_failures(name, lost, len(every), how.max_infra_share)
        runs.refuse_unanswered(model, unanswered, len(every))
        found.costs.extend(run.spent.rows(model))
        found.servers.extend(run.spent.servers(model))
        return found
    finally:
        model.close()


def _among(rows: list[Row], key: str, clusters: frozenset[str] | None) -> list[Row]:
    return [row for row in rows if clusters is None or row[key] in clusters]


@dataclass(frozen=True)
class _Run:
    """One model that is asked; what it answers is added to ``found``."""

    params: Params
    model: Model
    name: str
    run_id: str
    calls: Journal
    progress: Progress
    spent: runs.Costs
    found: _Asked

    def rate(self, texts: list[Row], alone: set[str]) -> None:
        """Have texts rated; those in ``alone`` a second time, each in a call of its own."""
        size = self.params.evaluate.batch_size
        requests = [_request(self.params, text) for text in texts]
        batches = [Batch(requests[at : at + size], CHOICES) for at in range(0, len(requests), size)]
        batched = score_batches(self.model, batches, self.calls, progress=self.progress)
        scored = [one for batch in batched for one in batch]
        taken = [i for i, text in enumerate(texts) if text["text_id"] in alone]
        second = [Batch([requests[i]], CHOICES) for i in taken]
        repeated = [one for [one] in score_batches(self.model, second, self.calls, repeat=1)]
        rows = []
        for text, request, one in zip(texts, requests, scored, strict=True):
            self._count(text["corpus"], one)
            rows.append(_rated(self.name, text, request, one, self.run_id))
        self.found.ratings.extend(rows)
        for i, one in zip(taken, repeated, strict=True):
            self._count("retest", one)
            self.found.again.extend(_compared(rows[i], scored[i].score, one.score))

    def quiz(self, questions: list[Row]) -> None:
        """Have questions answered."""
        asked = (self.params, self.model, self.name, questions, self.calls, self.spent)
        self.found.answers.extend(quizzing.ask(*asked, self.run_id))

    def _count(self, part: str, one: Scored) -> None:
        score = one.score
        self.spent.count(part, score, one.seconds)


def _request(params: Params, text: Row) -> Request:
    prompt = params.evaluate.prompt.replace("{what}", text["what"]).replace("{text}", text["text"])
    tags = {"participant": "reader", "item": text["text_id"], "scale": "rating", "keyed": 1}
    return Request(prompt, tags, begun=params.evaluate.begun)


def _rated(name: str, text: Row, request: Request, one: Scored, run_id: str) -> Row:
    score = one.score
    logs = score.logprobs
    weights = [0.0 if x is None else math.exp(x) for x in logs] if logs else []
    total = math.fsum(weights)
    mean = math.fsum(i * w for i, w in enumerate(weights, 1)) / total if total else None
    return {
        "run_id": run_id,
        "model": name,
        "text_id": text["text_id"],
        "corpus": text["corpus"],
        "rating": None if score.choice is None else float(score.choice + 1 - MIDDLE),
        "expected": None if mean is None else mean - MIDDLE,
        "mass": score.mass,
        "status": score.status,
        "reason": score.reason,
        "prompt_sha256": request.sha256,
        "prompt_tokens": score.prompt_tokens,
    }


def _known(name: str, text: Row, params: Params) -> Row:
    rating = known.rating(name, text, params.build.seed)
    return {
        "run_id": runs.run_id(name, params.build.seed),
        "model": name,
        "text_id": text["text_id"],
        "corpus": text["corpus"],
        "rating": rating,
        "expected": rating,
        "mass": None,
        "status": "ok",
        "reason": None,
    }


def _spaced(n: int, most: int) -> list[int]:
    """At most so many places, evenly spaced."""
    return list(range(n)) if n <= most else [i * n // most for i in range(most)]


def _item(row: Row, repeat: int = 0) -> Row:
    return {
        **row,
        "system": "agi_levels",
        "item_id": row["text_id"],
        "repeat": repeat,
        "cluster_id": row["text_id"],
        "slice": slice_text({"corpus": row["corpus"]}),
        "seed": None,
    }


def _compared(row: Row, before: Score, after: Score) -> Iterator[Row]:
    """Item results of a prompt that was asked again alone."""
    shared = {**_item(row, 1), "status": after.status, "reason": after.reason}
    agrees = None if after.choice is None else float(before.choice == after.choice)
    yield {**shared, "metric": "retest_agreement", "value": agrees}
    if before.logprobs and after.logprobs:
        pairs = zip(before.logprobs, after.logprobs, strict=True)
        gaps = [abs(a - b) for a, b in pairs if a is not None and b is not None]
        yield {**shared, "metric": "retest_difference", "value": max(gaps)}


def _items(row: Row) -> Iterator[Row]:
    shared = _item(row)
    yield {**shared, "metric": "answered", "value": float(row["rating"] is not None),
           "status": "ok", "reason": None}  # fmt: skip
    known_mass = row["mass"] is not None
    yield {**shared, "metric": "mass", "value": row["mass"] if known_mass else None,
           "status": "ok" if known_mass else row["status"] if row["status"] != "ok" else "skipped",
           "reason": None if known_mass else row["reason"] or "no probabilities"}  # fmt: skip
