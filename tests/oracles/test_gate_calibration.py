"""The calibration of gates at a tenth of its size; benchmarks/gate_calibration.py has the whole.

References: 4,000 simulated runs made apart from this code (false pass .054, power .91, ten plain
looks .184, bets .025 and .908 with 911 items on average); coverage as exact sums.
"""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

RUNS = 4_000


@pytest.fixture(scope="module")
def calibration() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "gate_calibration.py"
    spec = spec_from_file_location("gate_calibration", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.integration
def test_figures_of_the_gate_are_those_of_the_reference(calibration: ModuleType) -> None:
    found = calibration.table(RUNS)
    assert found["false pass at the margin, n = 1000"] == pytest.approx(0.054, abs=0.015)
    assert found["power at no change, n = 1000"] == pytest.approx(0.913, abs=0.02)
    assert found["false pass of ten looks at alpha"] == pytest.approx(0.184, abs=0.03)
    divided = found["false pass of ten looks at alpha / k"]
    assert 0.05 < divided < 0.12
    assert found["false pass of ten looks with bets"] <= 0.05
    assert found["power of ten looks with bets"] == pytest.approx(0.908, abs=0.05)
    assert found["items until bets decide or end"] == pytest.approx(911, rel=0.1)


@pytest.mark.integration
@pytest.mark.parametrize("groups", [20, 50, 100])
def test_clustered_intervals_cover(calibration: ModuleType, groups: int) -> None:
    assert 0.93 <= calibration.clustered(groups, 1500, seed=3) <= 0.97


def test_coverage_to_three_decimals(calibration: ModuleType) -> None:
    published = {
        (30, 0.90): (0.974, 0.992, 0.932),
        (30, 0.98): (0.978, 0.978, 0.978),
        (100, 0.98): (0.949, 0.985, 0.985),
        (300, 0.98): (0.942, 0.964, 0.964),
        (1000, 0.90): (0.949, 0.955, 0.949),
    }
    for (n, p), row in published.items():
        assert tuple(calibration.coverage(n, p).values()) == row
