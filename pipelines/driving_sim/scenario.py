"""One scenario, whatever it was read from or made by."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipelines.driving_sim.lines import Floats
from schemas.driving_sim.params import DT, STEPS, T0

FASTEST = 60.0
"""m/s beyond which two places of an object cannot be a tenth of a second apart."""


@dataclass(frozen=True)
class Piece:
    """A lane of a map.

    Attributes:
        line: (n, 2) its centre.
        z: (n,) m.
        limit: m/s; None where it is not known.
        junction: whether it is a way through a junction.
        entry: numbers of lanes before it.
        exit: numbers of lanes after it.
    """

    line: Floats
    z: Floats
    limit: float | None
    junction: bool
    entry: tuple[int, ...] = ()
    exit: tuple[int, ...] = ()


@dataclass(frozen=True)
class Way:
    """A way that the SDC could take: lanes, points a metre apart, and whether it is its route."""

    lanes: tuple[int, ...]
    on_route: bool
    poses: Floats


@dataclass(frozen=True)
class Scenario:
    """Nine seconds of one place, N objects of which the first is the SDC.

    Attributes:
        scenario_id: its name.
        family: kind of place.
        source_id: names of the objects at the source.
        kind: of every object: vehicle, pedestrian, cyclist or other.
        size: (N, 3) length, width, height, m.
        track: (N, 91, 4) x, y, yaw, speed along the heading.
        velocity: (N, 91, 2) m/s, x and y.
        z: (N, 91) height of the centres.
        valid: (N, 91).
        path: (N, 176, 4) x, y, yaw, highest speed.
        stop: (N,) arc length of the stop line, infinite without one.
        light: (N, 91) 0 none, 1 red, 2 yellow, 3 green.
        idm: (N, 4) headway, acceleration, braking, gap; NaN where unknown.
        conflict: (N, N, 2) arc lengths in, out.
        edges: (n, 3) lines, the road on their left.
        lanes: of the map.
        ways: that the SDC could take.
        retries: scenarios that were refused before this one was made.
        assumed: what the source did not say.
        dropped: objects left out because there were too many.
        segment: recordings of one segment belong together; None for itself.
    """

    scenario_id: str
    family: str
    source_id: tuple[str, ...]
    kind: tuple[str, ...]
    size: Floats
    track: Floats
    velocity: Floats
    z: Floats
    valid: npt.NDArray[np.bool_]
    path: Floats
    stop: Floats
    light: npt.NDArray[np.int8]
    idm: Floats
    conflict: Floats
    edges: tuple[Floats, ...]
    lanes: tuple[Piece, ...]
    ways: tuple[Way, ...]
    retries: int = 0
    assumed: tuple[str, ...] = field(default=())
    dropped: int = 0
    segment: str | None = None

    @property
    def cluster_id(self) -> str:
        """The segment, or the scenario itself."""
        return self.segment or self.scenario_id


def fault(scenario: Scenario) -> str | None:
    """Why a scenario cannot be driven; None if it can."""
    valid = scenario.valid
    if valid.shape[1:] != (STEPS,) or scenario.track.shape != (*valid.shape, 4):
        return f"{valid.shape[1:]} steps where {STEPS} are needed"
    if not valid[0, T0]:
        return f"the SDC is not there at step {T0}"
    if not (np.isfinite(scenario.track[valid]).all() and np.isfinite(scenario.z[valid]).all()):
        return "a place, heading or speed is not a number"
    if not (np.isfinite(scenario.size).all() and (scenario.size > 0).all()):
        return "a size is not above 0"
    step = np.hypot(*np.moveaxis(np.diff(scenario.track[..., :2], axis=1), -1, 0))
    both = valid[:, 1:] & valid[:, :-1]
    if (step[both] > FASTEST * DT).any():
        return f"an object moves faster than {FASTEST:g} m/s"
    if not np.isfinite(scenario.path).all():
        return "a path is not a number"
    return None
