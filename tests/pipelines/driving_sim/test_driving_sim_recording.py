from __future__ import annotations

import numpy as np

from pipelines.driving_sim.recording import RecordError, along


def test_speed_along_a_heading_is_signed() -> None:
    velocity = np.array([[3.0, 4.0], [-2.0, 0.0]])
    assert np.allclose(along(velocity, np.array([np.arctan2(4, 3), 0.0])), [5, -2])


def test_an_error_carries_its_reason() -> None:
    assert (RecordError("x").code, RecordError("x", code="crc").code) == ("invalid", "crc")
