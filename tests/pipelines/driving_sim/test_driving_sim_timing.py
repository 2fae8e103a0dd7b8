from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipelines.driving_sim.recording import RecordError, Recording, Signal
from pipelines.driving_sim.timing import clock, timed


def recording(seconds: Any, now: int) -> Recording:
    """Two objects that run in a circle; the second is there at odd moments alone."""
    t = np.asarray(seconds, np.float64)
    yaw = 0.5 * t[None] + np.array([[0.0], [3.0]])
    track = np.stack([10 * np.sin(yaw), -10 * np.cos(yaw), yaw, np.full_like(yaw, 5)], -1)
    valid = np.ones(yaw.shape, bool)
    valid[1, ::2] = False
    light = (np.arange(len(t)) // 20 % 3 + 1).astype(np.int8)
    return Recording(
        "a", "a", t, now, ("0", "1"), ("vehicle",) * 2, np.ones((2, 3)), track,
        np.zeros((2, len(t), 2)), np.zeros(yaw.shape), valid, 0, (), {}, (),
        (Signal(1, (0.0, 0.0), light),),
    )  # fmt: skip


def test_moments_in_time_are_kept_as_they_are() -> None:
    rng = np.random.default_rng(1)
    given = recording(clock(110) + rng.uniform(-0.005, 0.005, 110), 19)
    found = timed(given)
    assert found.now == 10
    assert np.array_equal(found.track, given.track[:, 9:100])
    assert np.array_equal(found.valid, given.valid[:, 9:100])
    assert np.array_equal(found.signals[0].light, given.signals[0].light[9:100])


def test_moments_that_lack_are_not_valid() -> None:
    found = timed(recording(clock(50), 10))
    assert found.valid.shape == (2, 91)
    assert found.valid[0].sum() == 50
    assert not found.valid[:, 50:].any()


def test_other_moments_are_read_between_two() -> None:
    whole = recording(clock(240, 0.04), 25)
    given = replace(whole, valid=np.ones_like(whole.valid))
    given.track[..., 2] -= 2 * np.pi * np.round(given.track[..., 2] / (2 * np.pi))
    found = timed(given)
    exact = recording(clock(91), 10)
    # Between two points of a circle of 10 m that are .2 m apart a chord is half a millimetre off.
    assert np.abs(found.track[..., :2] - exact.track[..., :2]).max() < 6e-4
    turn = found.track[..., 2] - exact.track[..., 2]
    assert np.abs(turn - 2 * np.pi * np.round(turn / (2 * np.pi))).max() < 1e-9
    assert found.valid.all()
    assert "moments between two of the file are read off" in found.assumed


def test_between_a_sighting_and_none_nothing_is_read() -> None:
    found = timed(recording(clock(60, 0.2), 5))
    assert found.valid[0].all()
    # The second object is there at every other moment of the file, and at no moment between.
    assert np.array_equal(np.flatnonzero(found.valid[1]), np.arange(2, 91, 4))
    assert np.isfinite(found.track[found.valid]).all()


@pytest.mark.parametrize(
    ("seconds", "now", "code"),
    [
        (clock(91)[::-1], 10, "time"),
        (np.r_[clock(50), 4.9, clock(40)], 10, "time"),
        (np.r_[clock(90), np.nan], 10, "time"),
        (clock(91), 9, "short"),
        (clock(91), 91, "short"),
        (clock(20, 0.5), 1, "short"),
    ],
)
def test_what_is_no_time_is_named(seconds: Any, now: int, code: str) -> None:
    with pytest.raises(RecordError) as error:
        timed(recording(seconds, now))
    assert error.value.code == code


def test_states_and_moments_must_match() -> None:
    given = recording(clock(91), 10)
    with pytest.raises(RecordError) as error:
        timed(replace(given, seconds=clock(90)))
    assert error.value.code == "ragged"
