"""What a reader of recordings gives, whatever the file's format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from measurand.errors import MeasurandError
from pipelines.driving_sim.lines import Floats

Bools = npt.NDArray[np.bool_]

MPH = 0.44704
"""m/s of a mile an hour."""


class RecordError(MeasurandError):
    """A record cannot become a scenario; ``code`` is the reason of its dead letter."""

    code = "invalid"


@dataclass(frozen=True)
class Road:
    """A lane of a recorded map.

    Attributes:
        line: (n, 3) its centre.
        limit: m/s; None where the source says none.
        junction: whether it is a way through a junction.
        entries: lanes before it.
        exits: lanes after it.
        cars: whether cars drive on it.
    """

    line: Floats
    limit: float | None
    junction: bool
    entries: tuple[int, ...] = ()
    exits: tuple[int, ...] = ()
    cars: bool = True


@dataclass(frozen=True)
class Signal:
    """A light: its lane, where cars stop for it, (T,) 0 none, 1 red, 2 yellow, 3 green."""

    lane: int
    stop: tuple[float, float]
    light: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Recording:
    """N objects over T moments, and the map.

    Attributes:
        name: of the scenario.
        segment: recordings of one segment belong together.
        seconds: (T,) when; rising.
        now: number of the moment at which driving begins.
        ids: names of the objects.
        kinds: what they are, as in ``KINDS``.
        size: (N, 3) length, width, height, m.
        track: (N, T, 4) x, y, yaw, speed along the heading.
        velocity: (N, T, 2) m/s.
        z: (N, T) height of the centres, m.
        valid: (N, T).
        sdc: number of the driven car.
        wanted: objects that are kept before others.
        lanes: by the source's numbers.
        edges: (n, 3) lines with the road on their left.
        signals: lights.
        assumed: what the source did not say.
    """

    name: str
    segment: str
    seconds: Floats
    now: int
    ids: tuple[str, ...]
    kinds: tuple[str, ...]
    size: Floats
    track: Floats
    velocity: Floats
    z: Floats
    valid: Bools
    sdc: int
    wanted: tuple[int, ...]
    lanes: Mapping[int, Road]
    edges: tuple[Floats, ...]
    signals: tuple[Signal, ...] = ()
    assumed: tuple[str, ...] = field(default=())


def along(velocity: Floats, yaw: Floats) -> Floats:
    """Speed along a heading, m/s, of (..., 2) velocities and (...,) radians."""
    speed: Floats = velocity[..., 0] * np.cos(yaw) + velocity[..., 1] * np.sin(yaw)
    return speed
