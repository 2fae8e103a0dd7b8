"""Parameters."""

from __future__ import annotations

from measurand.params import Strict


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
