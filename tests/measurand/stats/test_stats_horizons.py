from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from measurand.errors import InputError
from measurand.stats.horizons import horizon
from measurand.stats.resample import cluster_counts, expanded, plan

SLOPE, TRUTH = -0.8, 60.0


def sample(rng: np.random.Generator, tasks: int = 200) -> tuple[np.ndarray, ...]:
    minutes = np.exp2(rng.uniform(0, 10, tasks))
    p = 1 / (1 + np.exp(-SLOPE * (np.log2(minutes) - np.log2(TRUTH))))
    return minutes, rng.binomial(8, p), np.full(tasks, 8)


def test_lengths_at_a_half_and_four_fifths_are_those_of_statsmodels() -> None:
    minutes, k, n = sample(np.random.default_rng(0))
    fit = sm.GLM(
        np.column_stack([k, n - k]), sm.add_constant(np.log2(minutes)), sm.families.Binomial()
    ).fit()
    a, b = fit.params
    for share, logit in ((0.5, 0.0), (0.8, np.log(4))):
        found = horizon(minutes, k, n, share=share, resamples=200, seed_words=("h",))
        assert found.value == pytest.approx(2 ** ((logit - a) / b), rel=1e-6)


def test_its_interval_is_that_of_horizons_of_drawn_tasks() -> None:
    minutes, k, n = sample(np.random.default_rng(2), 40)
    found = horizon(minutes, k, n, share=0.8, resamples=40, seed_words=("i",))
    design, made = sm.add_constant(np.log2(minutes)), []
    for w in cluster_counts(np.arange(40), 40, found.seed or 0):
        counted = np.column_stack([k * w, (n - k) * w])
        rows = w > 0
        a, b = sm.GLM(counted[rows], design[rows], sm.families.Binomial()).fit().params
        made.append(2 ** ((np.log(4) - a) / b))
    for end, at in ((found.ci_lo, expanded(0.025, 40)), (found.upper, 1 - expanded(0.05, 40))):
        assert end == pytest.approx(np.quantile(made, at), rel=1e-5)


@pytest.mark.integration
def test_simulated_horizons_are_recovered() -> None:
    """200 tasks of 8 runs, 200 samples: within 20%, covered in 90% or more."""
    held, far = [], 0
    for seed in range(200):
        found = horizon(*sample(np.random.default_rng(seed)), resamples=200, seed_words=("s", seed))
        held.append(found.ci_lo <= TRUTH <= found.ci_hi)
        far += not 0.8 * TRUTH <= found.value <= 1.2 * TRUTH
    assert 0.90 <= np.mean(held) <= 0.99
    assert far <= 2


def test_families_are_drawn_whole() -> None:
    minutes, k, n = sample(np.random.default_rng(1), 40)
    shared = np.tile(minutes, 5), np.tile(k, 5), np.tile(n, 5)
    families = np.tile(np.arange(40), 5)
    whole = horizon(*shared, families, resamples=400, seed_words=("f",))
    alone = horizon(*shared, resamples=400, seed_words=("f",))
    assert whole.value == alone.value
    assert whole.se > 1.8 * alone.se
    assert whole.n_clusters == 40


def test_undefined_has_its_reason() -> None:
    minutes = np.array([1.0, 10.0, 100.0, 1000.0])
    ten = np.full(4, 10)
    rising = horizon(minutes, np.array([2, 4, 6, 8]), ten)
    assert (rising.value, rising.reason) == (None, "success does not fall with length")
    parted = horizon(minutes, np.array([10, 10, 0, 0]), ten)
    assert "separates" in str(parted.reason)
    assert "one length" in str(horizon(np.ones(4), np.array([1, 2, 3, 4]), ten).reason)
    with pytest.raises(InputError):
        horizon(np.zeros(4), np.array([1, 2, 3, 4]), ten)


def test_resamples_in_which_success_does_not_fall_are_counted() -> None:
    rng = np.random.default_rng(5)
    minutes, n = np.exp2(rng.uniform(0, 10, 14)), np.full(14, 8)
    k = rng.binomial(8, 1 / (1 + np.exp(0.1 * (np.log2(minutes) - 5))))
    drawn = plan(14, None, 400, ("h",))
    slopes = []
    for taken in np.concatenate(list(drawn.row_batches())).astype(int):
        rows = np.repeat(np.arange(14), taken)
        table = np.column_stack([k[rows], n[rows] - k[rows]])
        design = sm.add_constant(np.log2(minutes)[rows])
        slopes.append(sm.GLM(table, design, sm.families.Binomial()).fit().params[1])
    rising = int((np.array(slopes) >= 0).sum())
    assert rising > 0
    found = horizon(minutes, k, n, resamples=400, seed_words=("h",))
    said = found.method if found.reason is None else found.reason
    assert f"{rising} undefined" in said or f"undefined in {rising} of 400" in said
