"""What policies write: the same beginnings, continued by every run and twice by the reference."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measurand import models, runs
from measurand.calls import Batch, generate_batches, score_batches
from measurand.journal import Journal
from measurand.models.protocol import Completion, Model, Request, Sampling, check
from measurand.progress import Progress
from measurand.texts import normalise
from pipelines.soft_labels.material import Material
from pipelines.soft_labels.weights import model_string
from schemas.soft_labels.params import REFERENCE_RUN, Params, Run, Write

Row = dict[str, Any]

_SCORED = 32  # continuations a call

AGAIN = "reference_again"
"""The reference with other draws: what a comparison shows where nothing differs."""


@dataclass(frozen=True)
class Beginning:
    """The beginning of a held-out response.

    Attributes:
        prompt: what is given to a policy.
        words: the words of the response in it.
    """

    prompt: str
    words: str

    @property
    def prompt_id(self) -> str:
        """SHA-256 of the prompt."""
        return hashlib.sha256(self.prompt.encode()).hexdigest()


@dataclass(frozen=True)
class Writer:
    """A policy that writes.

    Attributes:
        run: name of the run, or one of the two of the reference.
        run_id: the run without its seed.
        seed: 0-based repeat.
        spec: model string.
        repeat: 0-based; another one makes other draws of the same model.
    """

    run: str
    run_id: str
    seed: int
    spec: str
    repeat: int = 0


def beginnings(material: Material, name: str, write: Write) -> list[Beginning]:
    """Distinct beginnings of the test responses of a set, in an order that has no meaning.

    Args:
        material: the dataset.
        name: the set.
        write: how many, and how long.
    """
    found: dict[str, Beginning] = {}
    for pair in material.pairs(name, "test"):
        for text in (pair.text_1, pair.text_2):
            words = text.split()
            if len(words) > write.words:
                start = " ".join(words[: write.words])
                found.setdefault(normalise(start), Beginning(f"{pair.prompt} {start}", start))
    ordered = sorted(found.values(), key=lambda beginning: beginning.prompt_id)
    return ordered[: write.prompts]


def writers(params: Params, name: str, checkpoint: Path) -> list[Writer]:
    """The reference, twice, and every run of a set."""
    policy, trainable = params.build.policy, params.train.trainable
    own = [
        Writer(
            run_name,
            run.id,
            seed,
            model_string(policy, trainable, (checkpoint / run_name).resolve()),
        )
        for run in _runs(params, name)
        for seed, run_name in enumerate(run.names())
    ]
    return [
        Writer(REFERENCE_RUN, REFERENCE_RUN, 0, policy),
        Writer(AGAIN, AGAIN, 0, policy, repeat=1),
        *own,
    ]


def _runs(params: Params, name: str) -> list[Run]:
    return [run for run in params.train.runs if run.set == name]


def samples(
    params: Params,
    material: Material,
    checkpoint: Path,
    cache: Path,
    journal: Path,
    costs: list[Row],
    limit: int | None = None,
) -> list[Row]:
    """Rows of ``SAMPLES`` without rewards: every policy of every set that is trained on.

    All policies draw with the same random numbers, so that two of them differ by what was learned.

    Args:
        params: parameters; ``evaluate.write`` says what is written.
        material: the dataset.
        checkpoint: folder that ``train`` wrote.
        cache: folder for converted weights.
        journal: folder of the model calls.
        costs: gets rows of ``measurand.costs``.
        limit: only the first so many beginnings of each set.

    Raises:
        InfraError: too many calls failed for reasons outside the models.
    """
    write = params.evaluate.write
    assert write is not None
    sets = list(dict.fromkeys(run.set for run in params.train.runs))
    starts = {name: beginnings(material, name, write)[:limit] for name in sets}
    work = [(name, writer) for name in sets for writer in writers(params, name, checkpoint)]
    rows: list[Row] = []
    total = sum(len(starts[name]) for name, _ in work)
    with Progress("write", total, "continuations") as progress:
        for name, writer in work:
            model = models.load(writer.spec, cache=cache)
            try:
                check(model, logprobs=True, generate=True)
                clerk = _Clerk(params, model, journal, costs)
                rows += clerk.write(name, writer, starts[name], progress)
            finally:
                model.close()
    reference = models.load(params.build.policy, cache=cache)
    try:
        _Clerk(params, reference, journal, costs).score_reference(rows)
    finally:
        reference.close()
    return rows


@dataclass
class _Clerk:
    params: Params
    model: Model
    journal: Path
    costs: list[Row]

    def write(
        self, name: str, writer: Writer, starts: Sequence[Beginning], progress: Progress
    ) -> list[Row]:
        write = self.params.evaluate.write
        assert write is not None
        sampling = Sampling(
            max_tokens=write.max_tokens,
            temperature=write.temperature,
            seed=write.seed,
            stop=("\n",),
        )
        requests = [Request(start.prompt) for start in starts]
        batches = [
            requests[at : at + write.batch_size] for at in range(0, len(requests), write.batch_size)
        ]
        counted = runs.Costs(writer.run)
        failures: Counter[str] = Counter()
        found: list[Completion] = []
        with self._calls(f"write-{name}") as calls:
            for batch in generate_batches(
                self.model, batches, calls, sampling, repeat=writer.repeat, progress=progress
            ):
                for one in batch:
                    done = one.completion
                    found.append(done)
                    counted.add(
                        *(f"write: {name}", done.prompt_tokens, done.cached_tokens),
                        one.seconds,
                        done.retries,
                    )
                    if done.status == "infra_error":
                        failures[done.reason or "no reason given"] += 1
        runs.refuse_failures(writer.run, failures, len(found), self.params.evaluate.max_infra_share)
        self.costs += counted.rows(self.model)
        rows = [_row(name, writer, start, done) for start, done in zip(starts, found, strict=True)]
        if writer.run not in (REFERENCE_RUN, AGAIN):
            self._score(rows, "logp_policy")
        return rows

    def score_reference(self, rows: Sequence[Row]) -> None:
        self._score(rows, "logp_reference")
        for row in rows:
            if row["run"] in (REFERENCE_RUN, AGAIN):
                row["logp_policy"] = row["logp_reference"]

    def _score(self, rows: Sequence[Row], column: str) -> None:
        """The log-probability of every continuation that has a token, into a column.

        Each distinct text is asked once: in a second batch its last bits could differ.
        """
        some = [row for row in rows if row["continuation"]]
        texts = list(dict.fromkeys((row["whole_prompt"], row["continuation"]) for row in some))
        requests = [Request(prompt, choices=(text,)) for prompt, text in texts]
        batches = [Batch(requests[at : at + _SCORED]) for at in range(0, len(requests), _SCORED)]
        with self._calls("logp") as calls:
            scores = [s for batch in score_batches(self.model, batches, calls) for s in batch]
        known = dict(zip(texts, scores, strict=True))
        for row in some:
            found = known[row["whole_prompt"], row["continuation"]].score.logprobs
            row[column] = found[0] if found is not None else None

    def _calls(self, kind: str) -> Journal:
        return Journal(self.journal / f"{kind}-{self.model.fingerprint[:16]}.jsonl")


def _row(name: str, writer: Writer, start: Beginning, done: Completion) -> Row:
    text = None if done.text is None else f"{start.words}{done.text}"
    return {
        "run": writer.run,
        "run_id": writer.run_id,
        "seed": writer.seed,
        "set": name,
        "prompt_id": start.prompt_id,
        "beginning": start.words,
        "text": text,
        "n_tokens": done.tokens,
        "n_words": None if text is None else len(text.split()),
        "logp_policy": None,
        "logp_reference": None,
        "reward": None,
        "reward_known": None,
        "status": done.status,
        "reason": done.reason,
        "whole_prompt": start.prompt,
        "continuation": done.text,
    }
