"""The card as JSON: what stands in ``card.json``, and its published JSON schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from measurand.params import Strict
from schemas.agi_levels.norms import Declared
from schemas.agi_levels.params import Rules

FORMAT: Literal["measurand.level-card/1"] = "measurand.level-card/1"
FILE = Path(__file__).with_name("card.schema.json")
PLACED = ("raw", "items", "moments", "table")

_SUPERHUMAN: JsonDict = {
    "if": {"properties": {"level": {"const": 5}}, "required": ["level"]},
    "then": {
        "properties": {"superhuman_basis": {"type": "string", "minLength": 1}},
        "required": ["superhuman_basis"],
    },
}


class Placed(Strict):
    """A score against a norm, or what is missing.

    Attributes:
        model: null where nobody took the task.
        task: task.
        norm: null where there is none.
        group: whom it is compared with.
        kind: what is known of the group.
        people: how many.
        score: the score.
        percentile: share of the group below, ties half.
        interval: 95%, of items and people.
        percentile_true: among people's true scores, where their reliability is known.
        reaches: probability of reaching levels 2, 3 and 4.
        level: claimed.
        possible_level: highest possible.
        superhuman_basis: argument outside of the sample; level 5 needs one.
        flags: remarks.
        method: how the percentile was made.
        statement: the finding in words.
        next_level_needs: what the next level would need; empty where nothing is known of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_SUPERHUMAN)

    model: str | None
    task: str
    norm: str | None
    group: str | None
    kind: str | None
    people: int | None
    score: float | None
    percentile: float | None = Field(ge=0, le=1)
    interval: tuple[float, float] | None
    percentile_true: float | None = Field(default=None, ge=0, le=1)
    reaches: dict[str, float]
    level: int | None = Field(ge=1, le=5)
    possible_level: int | None = Field(ge=1, le=5)
    superhuman_basis: str | None = None
    flags: tuple[str, ...]
    method: str
    statement: str
    next_level_needs: str = ""

    @model_validator(mode="after")
    def _levels_have_grounds(self) -> Self:
        if self.level == 5 and not self.superhuman_basis:
            raise ValueError("level 5 follows from no sample: superhuman_basis says from what")
        if self.level is not None and self.kind not in PLACED:
            raise ValueError(f"a norm of kind {self.kind} carries no level")
        return self


class General(Strict):
    """What one model's tasks say together.

    Attributes:
        model: whose.
        tasks: that count.
        uncounted: why others do not.
        families: share of their tasks expected at levels 2, 3 and 4.
        breadth: expected share of families in which half of the tasks reach the level.
        held: by coverage, probability that so many tasks reach the level, taken as independent.
        held_sharing: the same where all tasks share the error of the runs; null where no task has
            several runs.
        level: by coverage.
        reason: why nothing general is said; null where something is.
    """

    model: str
    tasks: tuple[str, ...]
    uncounted: dict[str, str]
    families: dict[str, dict[str, float]]
    breadth: dict[str, float]
    held: dict[str, dict[str, float]]
    held_sharing: dict[str, dict[str, float]] | None
    level: dict[str, int | None]
    reason: str | None


class Horizon(Strict):
    """Length of the tasks that are solved with a given probability, in minutes of people."""

    model: str
    norm: str
    share: float
    minutes: float | None
    interval: tuple[float, float] | None
    reason: str | None


class OutOfLine(Strict):
    """An item that models answer otherwise than their answers to the others let expect."""

    norm: str
    item: str
    expected: float
    observed: float
    answered: int
    p_adjusted: float


class Card(Strict):
    """The whole card.

    Attributes:
        format: of this file.
        paper: whose taxonomy.
        taxonomy: its version here.
        rules: when a level is claimed.
        origin: whose logs were read.
        notes: what was read, left out, or is to be known.
        placements: every score against every norm, and what is missing.
        general: by model.
        horizons: beside the levels.
        out_of_line: items, over all models together.
        autonomy: as declared; null where nothing is.
    """

    format: Literal["measurand.level-card/1"]
    paper: str
    taxonomy: str
    rules: Rules
    origin: str
    notes: tuple[str, ...]
    placements: tuple[Placed, ...]
    general: tuple[General, ...]
    horizons: tuple[Horizon, ...]
    out_of_line: tuple[OutOfLine, ...]
    autonomy: tuple[Declared, ...] | None


def schema_text() -> str:
    """The JSON schema as it is published in ``card.schema.json``."""
    return json.dumps(Card.model_json_schema(), indent=1, sort_keys=True) + "\n"
