"""Shaping statistics on scores with a known law: 9 levels x 50 biographies, five traits."""

from __future__ import annotations

import numpy as np
import pytest

from measurand.stats.correlation import spearman
from measurand.stats.medians import group_medians

LEVEL = np.tile(np.arange(1, 10), 50)
BIOGRAPHY = np.repeat(np.arange(50), 9)


def _own(rng: np.random.Generator) -> np.ndarray:
    return np.clip(1 + 0.5 * (LEVEL - 1) + rng.normal(0, 0.3, 450), 1, 5)


@pytest.mark.parametrize("trait", range(5))
def test_own_trait_follows_the_level_and_others_do_not(trait: int) -> None:
    rng = np.random.default_rng(trait)
    own = spearman(LEVEL, _own(rng), clusters=BIOGRAPHY, resamples=500)
    assert own.estimate.value == pytest.approx(0.976, abs=0.006)
    assert own.estimate.lower is not None
    assert own.estimate.lower > 0.96
    other = spearman(LEVEL, np.clip(3 + rng.normal(0, 0.3, 450), 1, 5), resamples=0)
    assert other.estimate.value == pytest.approx(0, abs=0.16)


def test_shuffled_levels_give_nothing() -> None:
    rng = np.random.default_rng(9)
    rhos = [
        spearman(rng.permutation(LEVEL), _own(rng), resamples=0).estimate.value for _ in range(100)
    ]
    assert max(map(abs, rhos[:5])) < 0.16  # one shuffle of each of the five traits
    assert np.std(rhos) == pytest.approx(0.047, abs=0.01)


def test_medians_rise_with_the_level() -> None:
    medians = group_medians(
        _own(np.random.default_rng(0)), LEVEL, clusters=BIOGRAPHY, resamples=200
    )
    for level, found in medians.items():
        assert found.value == pytest.approx(1 + 0.5 * (level - 1), abs=0.3)
        assert found.ci_lo <= found.value <= found.ci_hi  # type: ignore[operator]
