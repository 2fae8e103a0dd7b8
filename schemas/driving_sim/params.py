"""What is fixed, and parameters: `params/driving_sim.yaml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from measurand.params import Strict

DT = 0.1
"""Seconds of a step."""
STEPS = 91
"""Steps of a log."""
T0 = 10
"""Step at which driving begins."""
BEHIND = 4
"""Metres of a path before the car's place at the start, which is arc length 0."""
SPACING = 1.0
"""Metres from one point of a path to the next."""
PATH_POINTS = 176
"""Points of a path."""

Family = Literal["curve", "fork", "tee", "cross"]
FAMILIES: tuple[Family, ...] = ("curve", "fork", "tee", "cross")
KINDS = ("vehicle", "pedestrian", "cyclist", "other")
"""Kinds of objects."""
SPLITS = ("train", "test")
SEED = 20260101


class Build(Strict):
    """What the dataset holds.

    Attributes:
        families: kinds of places that are made.
        scenarios: scenarios of each.
        test_share: share of them that nothing is trained on, by the hash of their names.
        scripted: share in which the car ahead brakes, or one beside cuts in, for no reason.
        first: number of the first scenario; other numbers are other scenarios.
        n_shards: Parquet files of every table.
    """

    families: tuple[Family, ...] = Field(default=FAMILIES, min_length=1)
    scenarios: int = Field(ge=1)
    test_share: float = Field(default=0.375, ge=0, le=1)
    scripted: float = Field(default=0.1, ge=0, le=1)
    first: int = Field(default=0, ge=0)
    n_shards: int = Field(default=4, ge=1, le=9999)
