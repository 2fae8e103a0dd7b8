"""Pairs of a built dataset with their reference and the labels that a run asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from measurand import shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.stats.resample import rng_for
from schemas.soft_labels.params import OWN, SHUFFLED, SPLITS, Params, Run


@dataclass(frozen=True)
class Pair:
    """A pair as training sees it.

    Attributes:
        pair_id: identity.
        prompt: what both responses answer.
        text_1: the response that the own label prefers.
        text_2: the other.
        own: the pair's own label.
        p: the label to train on: own, a judge's, or another pair's.
        reference: log-probabilities of both responses before training.
    """

    pair_id: str
    prompt: str
    text_1: str
    text_2: str
    own: float
    p: float
    reference: tuple[float, float]


class Material:
    """A built dataset.

    Args:
        params: parameters.
        dataset: folder that ``build`` wrote.

    Attributes:
        parents: logical hashes of its parts, by name.

    Raises:
        InputError: a part of it is missing.
    """

    def __init__(self, params: Params, dataset: Path) -> None:
        self._params, self._dataset = params, dataset
        parts = ("pairs", "reference")
        for name in parts:
            if not (dataset / name).is_dir():
                raise InputError(
                    f"{dataset}/{name} is not built", hint="run `measurand build soft_labels` first"
                )
        self.parents = {name: read_manifest(dataset / name).logical_hash for name in parts}
        names = ["pair_id", "set", "split", "prompt", "text_1", "text_2", "p"]
        pairs = _frame(dataset / "pairs", names)
        reference = _frame(dataset / "reference", ["pair_id", "logp_1", "logp_2"])
        both = pairs.join(reference, on="pair_id").sort("set", "split", "pair_id")
        if both.height != pairs.height:
            raise InputError(
                f"{dataset}: {pairs.height - both.height} pairs have no reference",
                hint="build the dataset again",
            )
        self._pairs: dict[tuple[str, str], list[Pair]] = {}
        for row in both.iter_rows(named=True):
            self._pairs.setdefault((row["set"], row["split"]), []).append(
                Pair(
                    row["pair_id"],
                    row["prompt"],
                    row["text_1"],
                    row["text_2"],
                    row["p"],
                    row["p"],
                    (row["logp_1"], row["logp_2"]),
                )
            )

    def pairs(self, name: str, split: str) -> list[Pair]:
        """Pairs of a set, by id, with their own labels.

        Raises:
            InputError: there are none.
        """
        found = self._pairs.get((name, split))
        if not found:
            raise InputError(
                f"no {split} pairs of {name} in {self._dataset}",
                hint="build the dataset with this set",
            )
        return found

    def training(self, run: Run, seed: int) -> list[Pair]:
        """Training pairs of a run with the labels that it asks for.

        Pairs that a judge did not label are left out.

        Args:
            run: the run.
            seed: 0-based repeat; shuffled labels are shuffled anew in each.

        Raises:
            InputError: there are none.
        """
        pairs = self.pairs(run.set, SPLITS[0])[: run.pairs]
        if run.labels == OWN:
            return pairs
        if run.labels == SHUFFLED:
            rng = rng_for("shuffle", self._params.train.seed, run.id, seed)
            order = rng.permutation(len(pairs))
            sides = rng.random(len(pairs)) < 0.5
            return [
                replace(pair, p=pairs[at].p if side else 1 - pairs[at].p)
                for pair, at, side in zip(pairs, order, sides, strict=True)
            ]
        labels = self.judged(run.labels)
        found = [replace(pair, p=labels[pair.pair_id]) for pair in pairs if pair.pair_id in labels]
        if not found:
            raise InputError(
                f"{run.labels} labelled no training pair of {run.set}",
                hint="see the reasons in the dataset's judgements",
            )
        return found

    def judged(self, judge: str) -> Mapping[str, float]:
        """P(first preferred) by pair: mean over wordings that were answered in both orders."""
        if not (self._dataset / "judgements").is_dir():
            raise InputError(
                f"{self._dataset}/judgements is not built",
                hint="run `measurand build soft_labels` first",
            )
        frame = _frame(self._dataset / "judgements", ["pair_id", "judge", "wording", "p_1"])
        wordings = (
            frame.filter(pl.col("judge") == judge)
            .drop_nulls("p_1")
            .group_by("pair_id", "wording")
            .agg(pl.col("p_1").mean(), pl.len().alias("orders"))
            .filter(pl.col("orders") == 2)
        )
        means = wordings.group_by("pair_id").agg(pl.col("p_1").mean()).sort("pair_id")
        return dict(means.iter_rows())


def _frame(folder: Path, columns: list[str]) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(shards.read_table(folder, columns)))
