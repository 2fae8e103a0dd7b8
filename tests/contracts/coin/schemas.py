"""Coin: how often a respondent picks the first of two answers."""

from __future__ import annotations

import pyarrow as pa

from measurand.params import Strict
from measurand.tables import Column, Table


class Build(Strict):
    """How many questions."""

    n_items: int


class Evaluate(Strict):
    """Who answers."""

    model: str


class Report(Strict):
    """How figures are made."""

    confidence: float


class Params(Strict):
    """One section a stage."""

    build: Build
    train: None
    evaluate: Evaluate
    report: Report


ITEMS = Table(
    "coin.items",
    "1.0.0",
    ("item_id",),
    (Column("item_id", pa.string(), "the question"),),
    "One row per question.",
)
