"""Parameters of line."""

from __future__ import annotations

from measurand.params import Strict


class Build(Strict):
    """How many points, and how noisy."""

    n_points: int
    noise: float


class Train(Strict):
    """How the networks are trained."""

    seed: int
    seeds: int
    steps: int
    lr: float


class Evaluate(Strict):
    """What is measured."""

    near: float


class Params(Strict):
    """One section a stage."""

    build: Build
    train: Train
    evaluate: Evaluate
    report: None
