from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from measurand.errors import InputError
from measurand.stats.jackknife import FISHER
from measurand.stats.pair_spearman import pair_spearman
from measurand.stats.pairs_left_out import pairs_left_out, student_of_pairs


def pairs(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    items = np.array([rng.choice(12, 2, replace=False) for _ in range(n)])
    x = np.round(rng.normal(size=n), 1)
    return x, np.round(0.5 * x + rng.normal(size=n), 1), items


def test_value_and_replicates_are_those_of_scipy() -> None:
    x, y, items = pairs(60, 0)
    found = pair_spearman(x, y, items, resamples=80)
    value = stats.spearmanr(x, y).statistic
    again = [stats.spearmanr(np.delete(x, i), np.delete(y, i)).statistic for i in range(60)]
    left = pairs_left_out(items)
    wanted = student_of_pairs(value, np.array(again), left, method="", scale=FISHER)
    for name in ("value", "se", "ci_lo", "ci_hi"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name))
    assert (found.n, found.n_clusters) == (60, 12)


def test_order_does_not_matter() -> None:
    x, y, items = pairs(40, 1)
    order = np.random.default_rng(2).permutation(40)
    one = pair_spearman(x, y, items, resamples=40)
    two = pair_spearman(x[order], y[order], items[order][:, ::-1].copy(), resamples=40)
    assert two.value == pytest.approx(one.value)
    assert two.se == pytest.approx(one.se)  # the items are drawn, not the rows


def test_what_is_undefined_or_refused() -> None:
    _, y, items = pairs(10, 3)
    flat = pair_spearman(np.ones(10), y, items, resamples=0)
    assert (flat.value, flat.reason) == (None, "one of the two does not vary")
    with pytest.raises(InputError, match=r"\(n, 2\)"):
        pair_spearman(y, y, items[:, 0])
