"""Whose continuation is preferred: by rewards, and by judges in both orders."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from measurand import shards
from pipelines.soft_labels import learned, sources
from pipelines.soft_labels.feedback import Judgement, Shown, judged
from pipelines.soft_labels.labels import from_rewards
from pipelines.soft_labels.learned import LearnedReward
from pipelines.soft_labels.rewards import KnownModel
from pipelines.soft_labels.writing import AGAIN
from schemas.soft_labels.params import REFERENCE_RUN, SPLITS, Judge, Known, Params

Row = dict[str, Any]

LEARNED, KNOWN = "learned", "known"
"""Names of the instruments that need no model call."""


class Rewards:
    """The rewards of one pair set.

    Args:
        params: parameters.
        name: the set.
        dataset: folder that ``build`` wrote.
        folder: where fetched archives lie.

    Attributes:
        learned: learned from the training texts' ratings, or the training pairs' labels.
        known: the known preference model, None where people or a user made the labels.
    """

    def __init__(self, params: Params, name: str, dataset: Path, folder: Path) -> None:
        source = params.build.set(name).source
        self._set = name
        self.known: KnownModel | None = (
            sources.known_model(source, folder) if isinstance(source, Known) else None
        )
        self._pairs = pl.DataFrame(pl.from_arrow(shards.read_table(dataset / "pairs"))).filter(
            set=name
        )
        items = pl.DataFrame(pl.from_arrow(shards.read_table(dataset / "items"))).filter(
            set=name, split=SPLITS[0]
        )
        train = self._pairs.filter(split=SPLITS[0]).sort("pair_id")
        self.learned: LearnedReward = learned.learn(
            list(train.select("text_1", "text_2", "p").iter_rows()),
            list(items.sort("item_id").select("text", "worth").iter_rows()),
        )

    def fill(self, rows: Sequence[Row]) -> None:
        """Write the rewards of samples that have a text into them."""
        some = [row for row in rows if row["text"] is not None]
        for row, reward in zip(some, self.learned.rewards([r["text"] for r in some]), strict=True):
            row["reward"] = float(reward)
            if self.known is not None:
                row["reward_known"] = self.known.reward(row["text"])

    def quality(self) -> Iterator[Row]:
        """Rows of ``JUDGE_QUALITY``: what the instruments say of held-out pairs."""
        test = self._pairs.filter(split="test").sort("pair_id")
        texts = test["text_1"].to_list(), test["text_2"].to_list()
        by_name = {LEARNED: [float(p) for p in self.learned.preferences(*texts)]}
        if self.known is not None:
            known = self.known
            by_name[KNOWN] = [known.preference(a, b) for a, b in zip(*texts, strict=True)]
        for judge, values in by_name.items():
            for pair_id, p, p_1 in zip(test["pair_id"], test["p"], values, strict=True):
                yield {"judge": judge, "pair_id": pair_id, "set": self._set, "p": p, "p_1": p_1}

    def comparisons(self, rows: Sequence[Row]) -> Iterator[Row]:
        """Rows of ``COMPARISONS``: every two policies on every beginning, by rewards.

        A reward has no favourite place, so both orders say the same.

        Args:
            rows: samples with their rewards.
        """
        columns = {LEARNED: ("reward", self.learned.temperature)}
        if self.known is not None:
            columns[KNOWN] = ("reward_known", self.known.temperature)
        by_run = _by_run(rows)
        for a, b in itertools.combinations(by_run, 2):
            for prompt_id, one in by_run[a].items():
                other = by_run[b][prompt_id]
                for judge, (column, temperature) in columns.items():
                    p = None
                    if one[column] is not None and other[column] is not None:
                        p = from_rewards(one[column], other[column], temperature)
                    yield _comparison(judge, one, other, p, p, p)


def judge_comparisons(
    judge: Judge,
    rows: Sequence[Row],
    seeds: int,
    prompt: str,
    journal: Path,
    cache: Path,
    costs: list[Row],
) -> list[Row]:
    """Rows of ``COMPARISONS``: a judge compares runs, and the reference again, with the reference.

    Args:
        judge: the judge.
        rows: samples of one set.
        seeds: repeats of every run that it sees.
        prompt: what the responses of the set answer.
        journal: folder of the model calls.
        cache: folder for converted weights.
        costs: gets rows of ``measurand.costs``.
    """
    by_run = _by_run(rows)
    reference = by_run[REFERENCE_RUN]
    seen = [
        run
        for run, some in by_run.items()
        if run != REFERENCE_RUN and next(iter(some.values()))["seed"] < seeds
    ]
    couples = [(run, prompt_id) for run in seen for prompt_id in by_run[run]]
    shown: list[Shown] = []
    alike: set[str] = set()
    for run, prompt_id in couples:
        one, other = by_run[run][prompt_id], reference[prompt_id]
        key = f"{run}|{prompt_id}"
        if one["text"] is None or other["text"] is None:
            continue
        if one["text"] == other["text"]:
            alike.add(key)
            continue
        shown.append(Shown(key, prompt, one["text"], other["text"]))
    part = f"judge {judge.id}: {rows[0]['set']}"
    found = judged(judge, shown, journal, cache, costs=costs, part=part)
    by_key: dict[str, list[Judgement]] = {}
    for judgement in found:
        by_key.setdefault(judgement.key, []).append(judgement)
    out = []
    for run, prompt_id in couples:
        one, other = by_run[run][prompt_id], reference[prompt_id]
        key = f"{run}|{prompt_id}"
        if key in alike:
            out.append(_comparison(judge.id, one, other, 0.5, 0.5, 0.5))
            continue
        mine = by_key.get(key, [])
        p_12, p_21 = (_mean([j.p_1 for j in mine if j.order == order]) for order in ("12", "21"))
        both = None if p_12 is None or p_21 is None else (p_12 + p_21) / 2
        bad = next((j for j in mine if j.status != "ok"), None)
        out.append(_comparison(judge.id, one, other, p_12, p_21, both, bad))
    return out


def _by_run(rows: Sequence[Row]) -> Mapping[str, dict[str, Row]]:
    """Samples by run and beginning: the reference last, so that it is the one compared with."""
    by_run: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_run.setdefault(row["run"], {})[row["prompt_id"]] = row
    names = [run for run in by_run if run not in (AGAIN, REFERENCE_RUN)]
    return {run: by_run[run] for run in (*names, AGAIN, REFERENCE_RUN)}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def _comparison(
    judge: str,
    one: Row,
    other: Row,
    p_12: float | None,
    p_21: float | None,
    p_a: float | None,
    bad: Judgement | None = None,
) -> Row:
    status, reason = "ok", None
    if p_a is None:
        failed = next((row for row in (one, other) if row["text"] is None), None)
        if bad is not None:
            status, reason = bad.status, bad.reason
        elif failed is not None:
            status, reason = failed["status"], f"{failed['run']}: {failed['reason']}"
        else:
            status, reason = "skipped", "a text has no reward"
    return {
        "judge": judge,
        "set": one["set"],
        "run_a": one["run"],
        "run_b": other["run"],
        "prompt_id": one["prompt_id"],
        "p_12": p_12,
        "p_21": p_21,
        "p_a": p_a,
        "n_words_a": one["n_words"],
        "n_words_b": other["n_words"],
        "status": status,
        "reason": reason,
    }
