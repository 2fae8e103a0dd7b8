"""Which frames of a video are taken: by their time stamps, since rates in headers may be wrong.

Frames that come at one pace are counted, and every n-th is taken. Where the pace changes, as in
recordings of screens and browsers, a frame stays until the next one comes: what a player shows at
even steps of time is taken.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.elastictok.frames import Frames, stride_for

UNEVEN = 0.1
"""Share of the usual distance by which others may differ from it at one pace."""
TRUST = 0.02
"""Share by which the stated rate may differ from the measured one."""
LONGEST = 10.0
"""Seconds that a frame stays; after that its clip has a gap."""

Event = tuple[int, float | None, Any]
"""Number, time in seconds and picture of a frame; None for a picture that is lost."""


@dataclass(frozen=True)
class Pace:
    """When the frames of a stream come.

    Attributes:
        rate: frames a second.
        even: whether they come at one pace.
        start: time of the first, seconds.
    """

    rate: float
    even: bool = True
    start: float = 0.0


def pace(times: Sequence[float], tick: float, stated: float | None, usual: float) -> Pace:
    """The pace of frames.

    Args:
        times: their time stamps in seconds, in any order; none where the container has none.
        tick: what time stamps are multiples of, seconds.
        stated: rate that the header states.
        usual: rate where nothing is known.
    """
    ordered = sorted(set(times))
    if len(ordered) < 3:
        return Pace(stated or usual)
    apart = [b - a for a, b in itertools.pairwise(ordered)]
    middle = statistics.median(apart)
    even = all(abs(one - middle) <= max(UNEVEN * middle, 1.01 * tick) for one in apart)
    measured = (len(ordered) - 1) / (ordered[-1] - ordered[0]) if even else 1 / middle
    if even and stated and abs(stated / measured - 1) <= TRUST:
        return Pace(stated, start=ordered[0])
    return Pace(measured, even, ordered[0])


def begin(width: int, height: int, known: Pace, fps: float) -> Frames:
    """What is known of a clip before its first frame."""
    stride = stride_for(known.rate, fps)
    return Frames(width, height, stride, known.rate / stride)


def taken(events: Iterable[Event], known: Pace, about: Frames) -> Iterator[tuple[int, Any]]:
    """(number, picture) of the frames that a clip keeps.

    At an even pace numbers are those of the source's frames, otherwise of even steps of time at
    its usual rate.
    """
    if known.even:
        for index, _, picture in events:
            if picture is not None and index % about.stride == 0:
                yield index, picture
        return
    step, lead = about.stride / known.rate, 0.5 / known.rate
    slot, held, last = 0, None, known.start
    for _, time, picture in events:
        here = last if time is None else time
        first = max(slot, math.ceil((here - known.start - lead) / step))
        # Steps before this frame show the one before it; after a long pause only its first.
        until = slot + 1 if here - last > LONGEST else first
        if held is not None:
            yield from ((at * about.stride, held) for at in range(slot, min(until, first)))
        slot, held, last = first, picture, here
    if held is not None:
        yield slot * about.stride, held
