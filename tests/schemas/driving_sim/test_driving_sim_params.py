from __future__ import annotations

import pytest

from schemas.driving_sim import params


def test_a_drive_is_eight_seconds_and_fits_its_path() -> None:
    assert (params.STEPS - 1 - params.T0) * params.DT == pytest.approx(8)
    assert (params.PATH_POINTS - 1) * params.SPACING - params.BEHIND >= 8 * 20
