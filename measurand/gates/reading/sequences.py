"""What a run that ended when its gates were decided did not have to ask."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measurand.errors import MeasurandError
from measurand.gates.figures.bounds import EvidenceError

KEY = "sequence"
"""Key of the order among the parameters in the manifest of item results."""
COSTS = "costs"
"""Folder of costs beside the item results."""


@dataclass(frozen=True)
class Asked:
    """One model's run.

    Attributes:
        model: model string.
        clusters: clusters asked.
        of_clusters: clusters of the whole sample.
        items: items asked.
        of_items: items of the whole sample.
        prompt_tokens: tokens of the prompts, those asked a second time included; None if unknown.
        seconds: wall time of the calls; None if unknown.
        open: names of bets that the whole sample left undecided; None if no bet was on the model.
    """

    model: str
    clusters: int
    of_clusters: int
    items: int
    of_items: int
    prompt_tokens: int | None = None
    seconds: float | None = None
    open: tuple[str, ...] | None = None

    @property
    def items_saved(self) -> int:
        """Items that were not asked."""
        return self.of_items - self.items

    def saved(self, spent: float | None) -> float | None:
        """What the items that were not asked would have cost at the mean of those that were."""
        return None if spent is None or not self.items else spent * self.items_saved / self.items

    def words(self) -> str:
        """How far it came, and what that saved."""
        share = f"{self.items:,} of {self.of_items:,} items"
        text = f"{self.model}: {share} in {self.clusters:,} of {self.of_clusters:,} clusters"
        if not self.items_saved:
            return text
        tokens, seconds = self.saved(self.prompt_tokens), self.saved(self.seconds)
        costs = [] if tokens is None else [f"{tokens:,.0f} prompt tokens"]
        costs += [] if seconds is None else [f"{seconds:,.1f} s"]
        about = f", about {' and '.join(costs)}" if costs else ""
        return f"{text}, {self.items_saved:,} items saved{about}"


@dataclass(frozen=True)
class Stopped:
    """An order, and how far it was followed.

    Attributes:
        seed: of the order.
        batch: clusters between two decisions.
        gates_sha256: meaning of the gate file that ended it.
        models: models in the order in which they were asked.
    """

    seed: int
    batch: int
    gates_sha256: str
    models: tuple[Asked, ...]

    @property
    def early(self) -> bool:
        """Whether something of the sample was not asked."""
        return any(model.items_saved for model in self.models)

    def sentence(self) -> str:
        """That the run was sequential, and what it saved."""
        each = "; ".join(model.words() for model in self.models)
        return (
            f"sequential: clusters were asked in random order (seed {self.seed}), {self.batch} "
            f"between two decisions, until the bets were decided. {each}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, with what was saved."""
        models = [
            {
                **dataclasses.asdict(one),
                "open": None if one.open is None else list(one.open),
                "items_saved": one.items_saved,
                "prompt_tokens_saved": one.saved(one.prompt_tokens),
                "seconds_saved": one.saved(one.seconds),
            }
            for one in self.models
        ]
        return {**dataclasses.asdict(self), "models": models, "sentence": self.sentence()}


def read(items: Path) -> Stopped | None:
    """What the manifest of item results says of its order; None where it says nothing.

    Args:
        items: folder of item results, with the costs of the run beside it.

    Raises:
        EvidenceError: ``verify_failed``: what it says is damaged.
    """
    from measurand.manifest import MANIFEST, read_manifest

    # Names that the system refuses are no files, and what is damaged is told where it is read.
    if not os.path.isfile(items / MANIFEST):
        return None
    try:
        params = read_manifest(items).params
    except MeasurandError:
        return None
    if seed_of(params, str(items)) is None:
        return None
    return _stopped(params[KEY], _spent(items.parent / COSTS), str(items))


def seed_of(params: object, where: str) -> int | None:
    """Seed of the order that a manifest's parameters name; None where they name none.

    Raises:
        EvidenceError: ``verify_failed``.
    """
    found = params.get(KEY) if isinstance(params, Mapping) else None
    if found is None:
        return None
    seed = found.get("seed") if isinstance(found, Mapping) else None
    if not isinstance(seed, int):
        raise _damaged(where)
    return seed


def _damaged(where: str) -> EvidenceError:
    return EvidenceError(
        f"{where}: the order in the manifest is damaged",
        code="verify_failed",
        hint="evaluate again",
    )


def _stopped(
    found: Mapping[str, Any], spent: Mapping[str, tuple[int, float]], where: str
) -> Stopped:
    try:
        models = tuple(_asked(row, spent) for row in found["models"])
        return Stopped(found["seed"], found["batch"], found["gates_sha256"], models)
    except (KeyError, TypeError) as error:
        raise _damaged(where) from error


def _asked(row: Mapping[str, Any], spent: Mapping[str, tuple[int, float]]) -> Asked:
    tokens, seconds = spent.get(row["model"], (None, None))
    more = {**row, "open": None if row["open"] is None else tuple(row["open"])}
    return Asked(**more, prompt_tokens=tokens, seconds=seconds)


def _spent(costs: Path) -> dict[str, tuple[int, float]]:
    """Prompt tokens and seconds of each model's calls."""
    from measurand.manifest import MANIFEST
    from measurand.shards import read_table

    found: dict[str, tuple[int, float]] = {}
    if not (costs / MANIFEST).is_file():
        return found
    for row in read_table(costs).to_pylist():
        tokens, seconds = found.get(row["model"], (0, 0.0))
        found[row["model"]] = (tokens + row["prompt_tokens"], seconds + row["seconds"])
    return found
