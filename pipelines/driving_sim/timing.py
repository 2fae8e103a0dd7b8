"""Recordings on the simulator's clock: 91 moments, a tenth of a second apart, the eleventh now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.driving_sim.lines import Floats
from pipelines.driving_sim.recording import Bools, RecordError, Recording, Signal
from schemas.driving_sim.params import DT, STEPS, T0

JITTER = 0.02
"""Seconds by which a moment may be early or late and still count as in time."""
AT_ONE = 1e-6
"""Share of the way between two sightings below which a moment is the sighting itself."""
WIDEST = 1.05
"""Seconds between two sightings beyond which nothing is read between them."""


def timed(found: Recording) -> Recording:
    """The recording on the simulator's clock; moments that it lacks are not valid.

    Raises:
        RecordError: ``time`` where time does not rise, ``short`` where there is no second before
            the start, ``ragged`` where objects and moments do not match.
    """
    seconds = found.seconds
    if found.valid.shape[1:] != seconds.shape or found.track.shape[1] != len(seconds):
        raise RecordError(
            f"{found.valid.shape[1]} states of objects for {len(seconds)} moments", code="ragged"
        )
    if not np.isfinite(seconds).all() or (np.diff(seconds) <= 0).any():
        raise RecordError("time does not rise from one moment to the next", code="time")
    if not 0 <= found.now < len(seconds):
        raise RecordError(f"no moment {found.now} of {len(seconds)}", code="short")
    if (np.abs(np.diff(seconds) - DT) <= JITTER).all():
        return _cut(found)
    return _read(found)


def _cut(found: Recording) -> Recording:
    """Moments that are in time: some are left out, or places for others left empty."""
    first = found.now - T0
    if first < 0:
        raise RecordError(f"{found.now} moments before the start, {T0} are needed", code="short")
    some = slice(first, first + STEPS)

    def part(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        kept = values[:, some]
        empty = [(0, 0), (0, STEPS - kept.shape[1]), *[(0, 0)] * (kept.ndim - 2)]
        padded: npt.NDArray[Any] = np.pad(kept, empty)
        return padded

    return _with(found, part)


def _read(found: Recording) -> Recording:
    """Moments at other times: read between the sightings before and after."""
    at = found.seconds[found.now] + DT * (np.arange(STEPS) - T0)
    if at[0] < found.seconds[0] - JITTER:
        raise RecordError("less than a second before the start", code="short")
    after = np.clip(np.searchsorted(found.seconds, at - 1e-9), 1, len(found.seconds) - 1)
    gap = found.seconds[after] - found.seconds[after - 1]
    share = np.clip((at - found.seconds[after - 1]) / gap, 0, 1)
    share = np.where(np.abs(share - np.round(share)) < AT_ONE, np.round(share), share)
    inside = (at <= found.seconds[-1] + JITTER) & (gap <= WIDEST)
    one, two = found.valid[:, after - 1], found.valid[:, after]
    # At a sighting itself the other one need not be there.
    valid: Bools = inside & np.where(share <= 0, one, np.where(share >= 1, two, one & two))

    def part(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if values.dtype == np.bool_:
            return valid
        if values.dtype == np.int8:
            light: npt.NDArray[Any] = np.where(inside, values[:, after - 1 + (share >= 1)], 0)
            return light
        weight = share[:, None] if values.ndim == 3 else share
        before, behind = values[:, after - 1], values[:, after]
        step = behind - before
        if values is found.track:
            step[..., 2] -= 2 * np.pi * np.round(step[..., 2] / (2 * np.pi))
        # A sighting that is not there may hold anything, NaN too.
        moved = np.where(weight <= 0, 0, weight * step)
        result: npt.NDArray[Any] = np.where(weight >= 1, behind, before + moved)
        return result

    made = _with(found, part)
    return replace(made, assumed=(*made.assumed, "moments between two of the file are read off"))


def clock(moments: int, step: float = DT) -> Floats:
    """(T,) seconds of moments that are a step apart."""
    seconds: Floats = step * np.arange(moments, dtype=np.float64)
    return seconds


def _with(found: Recording, part: Any) -> Recording:
    valid: Bools = part(found.valid)
    seconds = clock(STEPS)
    return replace(
        found,
        seconds=seconds,
        now=T0,
        track=part(found.track),
        velocity=part(found.velocity),
        z=part(found.z),
        valid=valid,
        signals=tuple(Signal(s.lane, s.stop, part(s.light[None])[0]) for s in found.signals),
    )
