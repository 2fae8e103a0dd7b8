"""Which frames of a video are taken: by their time stamps, since rates in headers may be wrong.

Frames that come at one pace are counted, and every n-th is taken. Where the pace changes, as in
recordings of screens and browsers, a frame stays until the next one comes: what a player shows at
even steps of time is taken. Where films were joined end to end, time may begin anew in the middle;
what comes then follows what was before.
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
BACK = 0.5
"""Seconds by which time falls back where another film begins; less is disorder within one."""
STAYS = 1.5
"""How long the last frame stays by what is usual, at least, for that to count."""

Event = tuple[int, float | None, Any]
"""Number, time in seconds and picture of a frame; None for a picture that is lost."""


@dataclass(frozen=True)
class Pace:
    """When the frames of a stream come.

    Attributes:
        rate: frames a second.
        even: whether they come at one pace.
        start: time of the first, seconds.
        last: how long the last one stays, seconds; 0 for as long as is usual.
    """

    rate: float
    even: bool = True
    start: float = 0.0
    last: float = 0.0


def joined(films: Sequence[Sequence[float]]) -> list[float]:
    """Time stamps of films that follow each other as those of one, seconds."""
    found: list[float] = []
    for times in films:
        apart = [b - a for a, b in itertools.pairwise(sorted(set(times)))]
        step = statistics.median(apart) if apart else 0.0
        shift = max(found) + step - min(times) if found and times else 0.0
        found += [time + shift for time in times]
    return found


def pace(
    times: Sequence[float],
    tick: float,
    stated: float | None,
    usual: float,
    last: float = 0.0,
) -> Pace:
    """The pace of frames.

    Args:
        times: their time stamps in seconds, in any order; none where the container has none.
        tick: what time stamps are multiples of, seconds.
        stated: rate that the header states.
        usual: rate where nothing is known.
        last: how long the last frame stays, seconds; 0 where that is not known.
    """
    ordered = sorted(times)
    if len(set(ordered)) < 3:
        return Pace(stated or usual)
    apart = [b - a for a, b in itertools.pairwise(ordered)]
    # Of two frames of one time a player shows one, so frames cannot be counted there.
    middle = statistics.median(one for one in apart if one > 0)
    stays = last if last > STAYS * middle + tick else 0.0
    even = not stays and all(
        abs(one - middle) <= max(UNEVEN * middle, 1.01 * tick) and one > 0 for one in apart
    )
    measured = (len(ordered) - 1) / (ordered[-1] - ordered[0]) if even else 1 / middle
    if even and stated and abs(stated / measured - 1) <= TRUST:
        return Pace(stated, start=ordered[0])
    return Pace(measured, even, ordered[0], stays)


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
    slot, held, last, shift = 0, None, known.start, 0.0
    for _, time, picture in events:
        here = last if time is None else time + shift
        if here < last - BACK:
            shift += last + 1 / known.rate - here
            here = last + 1 / known.rate
        first = max(slot, math.ceil((here - known.start - lead) / step))
        # Steps before this frame show the one before it; after a long pause only its first.
        until = slot + 1 if here - last > LONGEST else first
        if held is not None:
            yield from ((at * about.stride, held) for at in range(slot, min(until, first)))
        slot, held, last = first, picture, here
    if held is not None:
        stays = known.last if known.last <= LONGEST else 0.0
        until = math.ceil((last - known.start + stays - lead) / step)
        yield from ((at * about.stride, held) for at in range(slot, max(until, slot + 1)))
