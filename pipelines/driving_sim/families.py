"""Kinds of places that are made, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pipelines.driving_sim import interchanges, roads
from pipelines.driving_sim.roads import RoadMap

FAMILIES: Mapping[str, Callable[[np.random.Generator], RoadMap]] = {
    "curve": roads.curve,
    "fork": roads.fork,
    "tee": roads.tee,
    "cross": roads.cross,
    "merge": interchanges.merge,
    "roundabout": interchanges.roundabout,
    "overpass": interchanges.overpass,
}
