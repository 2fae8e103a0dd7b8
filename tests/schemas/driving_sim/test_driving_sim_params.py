from __future__ import annotations

import pytest

from schemas.driving_sim.params import BEHIND, DT, PATH_POINTS, SPACING, STEPS, T0


def test_a_drive_is_eight_seconds_and_fits_its_path() -> None:
    seconds = (STEPS - 1 - T0) * DT
    assert seconds == pytest.approx(8)
    assert seconds * 20 <= (PATH_POINTS - 1) * SPACING - BEHIND
