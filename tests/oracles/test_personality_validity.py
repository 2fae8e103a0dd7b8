"""Convergent and discriminant validity against figures computed outside, on psych's ``bfi``."""

from __future__ import annotations

import bfi_data
import numpy as np
import pytest

from measurand.stats.mtmm import convergent_discriminant

DIAGONAL = (0.561935, 0.627544, 0.616615, 0.735378, 0.438650)


def _halves(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale scores of items 1, 3, 5 and of items 2, 4: two forms of the same five traits."""
    scales = [bfi_data.scale(x, letter) for letter in bfi_data.SCALES]
    odd = np.column_stack([s[:, [0, 2, 4]].mean(axis=1) for s in scales])
    even = np.column_stack([s[:, [1, 3]].mean(axis=1) for s in scales])
    return odd, even


def test_two_halves_as_two_methods() -> None:
    odd, even = _halves(bfi_data.complete(bfi_data.keyed()))
    found = convergent_discriminant(odd, even, resamples=500)
    assert [found.r[i][i] for i in range(5)] == pytest.approx(DIAGONAL, abs=1e-6)
    assert found.convergent.value == pytest.approx(0.596025, abs=1e-6)
    assert found.discriminant.value == pytest.approx(0.179687, abs=1e-6)
    assert found.gap.value == pytest.approx(0.416337, abs=1e-6)
    assert found.gap.lower is not None
    assert 0.38 < found.gap.lower < 0.416337


def test_forgotten_keys_change_the_gap() -> None:
    odd, even = _halves(bfi_data.complete(bfi_data.raw()))
    assert convergent_discriminant(odd, even, resamples=0).gap.value != pytest.approx(
        0.416337, abs=0.1
    )
