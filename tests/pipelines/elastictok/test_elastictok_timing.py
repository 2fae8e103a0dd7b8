from __future__ import annotations

import numpy as np
import pytest

from pipelines.elastictok.frames import Frames
from pipelines.elastictok.timing import Pace, begin, joined, pace, taken


def _taken(times: list[float | None], known: Pace, fps: float) -> tuple[list[int], list[int]]:
    about = begin(4, 4, known, fps)
    found = list(taken(((i, t, i) for i, t in enumerate(times)), known, about))
    return [index for index, _ in found], [picture for _, picture in found]


def test_a_rate_in_the_header_counts_where_it_is_true() -> None:
    times = [i / 29.97 for i in range(100)]
    assert pace(times, 1e-5, 30000 / 1001, 15).rate == 30000 / 1001
    assert pace([round(t, 3) for t in times], 1e-3, 30000 / 1001, 15).rate == 30000 / 1001
    for wrong in (1000.0, 600.0, 1.0, None):
        found = pace(times, 1e-5, wrong, 15)
        assert found.even
        assert found.rate == pytest.approx(29.97, rel=1e-6)


def test_without_time_stamps_the_header_counts() -> None:
    assert pace([], 0, 25, 15) == Pace(25)
    assert pace([0.0, 1.0], 0.001, None, 15) == Pace(15)


def test_frames_at_one_pace_are_counted() -> None:
    index, pictures = _taken([i / 30 for i in range(9)], Pace(30.0), 10)
    assert index == pictures == [0, 3, 6]


def test_uneven_frames_are_taken_at_even_times() -> None:
    rng = np.random.default_rng(1)
    times = list(np.cumsum(rng.choice([0.031, 0.033, 0.034, 0.037, 0.040], 1350)))
    known = pace(times, 0.001, 1000.0, 15)
    assert not known.even
    assert known.rate == pytest.approx(1 / np.median(np.diff(times)))
    index, pictures = _taken(times, known, 15)
    assert index == list(range(0, 2 * len(index), 2))
    length = times[-1] - times[0]
    assert len(index) == pytest.approx(length * known.rate / 2, abs=2)
    shown = [times[p] - times[0] for p in pictures]
    assert np.abs(np.array(shown) - np.arange(len(shown)) * 2 / known.rate).max() < 0.041


def test_a_frame_stays_until_the_next_one() -> None:
    times: list[float | None] = [0.0, 0.1, 0.2, 0.3, 1.0, 1.1, 1.2]
    known = pace([t for t in times if t is not None], 1e-3, None, 10)
    assert (known.even, known.rate) == (False, pytest.approx(10))
    index, pictures = _taken(times, known, 10)
    assert index == list(range(13))
    assert pictures == [0, 1, 2, *[3] * 7, 4, 5, 6]


def test_a_long_pause_is_a_gap() -> None:
    index, pictures = _taken([0.0, 0.1, 0.3, 60.0, 60.1], Pace(10.0, even=False), 10)
    assert index == [0, 1, 2, 3, 600, 601]
    assert pictures == [0, 1, 1, 2, 3, 4]


def test_a_lost_picture_is_a_gap() -> None:
    about = Frames(4, 4, 1, 10.0)
    events = [(0, 0.0, "a"), (1, 0.1, None), (2, 0.5, "b"), (3, 0.6, "c")]
    found = list(taken(events, Pace(10.0, even=False), about))
    assert found == [(0, "a"), (5, "b"), (6, "c")]


def test_frames_faster_than_the_steps_are_skipped() -> None:
    index, pictures = _taken([i / 240 for i in range(240)], Pace(240.0, even=False), 30)
    assert index == [8 * i for i in range(len(index))]
    assert pictures[:-1] == index[:-1]


def test_times_that_go_back_do_no_harm() -> None:
    index, _ = _taken([0.0, 0.1, 0.05, None, 0.4], Pace(10.0, even=False), 10)
    assert index == sorted(set(index))


def test_of_two_frames_of_one_time_one_is_shown() -> None:
    times = [i // 2 / 15 for i in range(60)]
    known = pace(times, 1e-3, 30.0, 15)
    assert (known.even, known.rate) == (False, pytest.approx(15))
    index, pictures = _taken(times, known, 15)
    assert index == list(range(30))
    assert [p // 2 for p in pictures] == index
    assert not pace([*times[::2], times[8]], 1e-3, 15.0, 15).even


@pytest.mark.parametrize("even", [False, True])
def test_the_last_frame_stays_as_long_as_is_said(even: bool) -> None:
    times = [0.0, 0.1, 0.2, 0.3, 0.4] if even else [0.0, 0.1, 0.2, 0.7, 0.8]
    known = pace(times, 1e-3, None, 10, last=1.0)
    index, pictures = _taken(times, known, 10)
    length = round((times[-1] + 1.0) * 10)
    assert index == list(range(length))
    assert pictures[-10:] == [4] * 10
    usual = pace(times, 1e-3, None, 10, last=0.1)
    assert usual == pace(times, 1e-3, None, 10)
    assert usual.even is even


def test_a_last_frame_that_stays_too_long_is_shown_once() -> None:
    times = [0.0, 0.1, 0.2, 0.3]
    assert _taken(times, pace(times, 1e-3, None, 10, last=3600.0), 10) == ([0, 1, 2, 3],) * 2


def test_films_end_to_end_follow_each_other() -> None:
    one, two = [0.0, 0.1, 0.2, 0.3], [5.0, 5.1, 5.2]
    found = joined([one, [0.0, 0.1, 0.2], two])
    assert found == pytest.approx([i / 10 for i in range(10)])
    assert pace(found, 1e-3, None, 10).even
    assert joined([[], one]) == one
    assert joined([[]]) == []


def test_uneven_films_end_to_end_lose_nothing() -> None:
    one = [0.0, 0.1, 0.2, 0.6, 0.7, 1.0]
    known = pace(joined([one, one]), 1e-3, None, 10)
    index, pictures = _taken([*one, *one], known, 10)
    once = [0, 1, 2, 2, 2, 2, 3, 4, 4, 4, 5]
    assert index == list(range(22))
    assert pictures == once + [6 + p for p in once]
