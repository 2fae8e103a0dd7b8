"""Respondents that carry no trait must not look reliable, whatever the coefficient."""

from __future__ import annotations

import numpy as np
import pytest

from measurand.stats.agreement import keyed_pair_agreement
from measurand.stats.reliability import scale_reliability

N, K = 1250, 60
KEYED = np.where(np.arange(K) % 2 == 0, 1, -1)
BIOGRAPHY = np.repeat(np.arange(50), 25)


def _key(x: np.ndarray) -> np.ndarray:
    return np.where(KEYED > 0, x, 6 - x)


def _likert(x: np.ndarray) -> np.ndarray:
    return np.clip(np.round(x), 1, 5)


def _uniform(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 6, (N, K)).astype(np.float64)


def _acquiescent() -> np.ndarray:
    """Agrees more or less with everything, whatever the item says."""
    rng = np.random.default_rng(0)
    return _likert(3.5 + rng.normal(size=(N, 1)) + 0.5 * rng.normal(size=(N, K)))


def _trait() -> np.ndarray:
    """Answers from a real trait, so opposite-keyed items get opposite answers."""
    rng = np.random.default_rng(1)
    return _likert(3 + KEYED * rng.normal(size=(N, 1)) + 0.5 * rng.normal(size=(N, K)))


@pytest.mark.integration
def test_uniform_respondent_has_no_reliability_unless_items_are_flipped() -> None:
    alphas = []
    for seed in range(60):
        found = scale_reliability(_key(_uniform(seed)), resamples=0)
        alphas.append(found.alpha.value)
        if seed >= 10:
            continue
        assert found.omega_m1.value is not None
        assert abs(found.omega_m1.value) < 0.15
        assert found.omega_flip.value == pytest.approx(0.25, abs=0.07)
        assert (found.n_flipped or 0) >= 20
    assert max(map(abs, alphas)) < 0.13
    assert np.std(alphas) == pytest.approx(0.040, abs=0.012)


def test_uniform_respondent_stays_far_below_the_gate() -> None:
    found = scale_reliability(_key(_uniform(0)), clusters=BIOGRAPHY, resamples=400)
    assert found.alpha.upper is not None
    assert found.alpha.upper < 0.3


def test_constant_respondent_is_undefined_with_a_reason() -> None:
    found = scale_reliability(_key(np.full((N, K), 4.0)), clusters=BIOGRAPHY)
    for estimate in (found.alpha, found.lambda6, found.omega_m1, found.omega_m3, found.omega_flip):
        assert estimate.value is None
        assert "never vary" in (estimate.reason or "")
    assert found.n_flipped is None


def test_acquiescent_respondent_deceives_only_the_flipped_omega() -> None:
    x = _acquiescent()
    found = scale_reliability(_key(x), clusters=BIOGRAPHY, resamples=400)
    assert found.alpha.value is not None
    assert found.alpha.value < -0.6
    assert found.alpha.upper is not None
    assert found.alpha.upper < 0.7
    assert found.omega_m1.value is not None
    assert found.omega_m1.value < 0.2
    assert found.omega_flip.value is not None
    assert found.omega_flip.value > 0.97
    assert found.n_flipped == 30
    pairs = keyed_pair_agreement(x, KEYED, np.zeros(K), minimum=1, maximum=5, resamples=0)
    assert pairs.agreement.value is not None
    assert pairs.agreement.value < 0.2


def test_true_trait_without_keys_and_with_them() -> None:
    x = _trait()
    unkeyed = scale_reliability(x, resamples=0).alpha.value
    assert unkeyed is not None
    assert unkeyed < -0.6
    found = scale_reliability(_key(x), clusters=BIOGRAPHY, resamples=400)
    assert found.alpha.lower is not None
    assert found.alpha.lower > 0.97
    assert found.n_flipped == 0
    pairs = keyed_pair_agreement(x, KEYED, np.zeros(K), minimum=1, maximum=5, resamples=0)
    assert pairs.agreement.value is not None
    assert pairs.agreement.value > 0.9
