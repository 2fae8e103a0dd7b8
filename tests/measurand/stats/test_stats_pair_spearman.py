from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from measurand.errors import InputError
from measurand.stats.dyads import drawn_by
from measurand.stats.pair_spearman import pair_spearman
from measurand.stats.resample import expanded


def pairs(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    items = np.array([rng.choice(12, 2, replace=False) for _ in range(n)])
    x = np.round(rng.normal(size=n), 1)
    return x, np.round(0.5 * x + rng.normal(size=n), 1), items


def test_value_and_replicates_are_those_of_scipy() -> None:
    x, y, items = pairs(60, 0)
    found = pair_spearman(x, y, items, resamples=80, seed_words=("s",))
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic)
    drawn = drawn_by(60, items, 80, ("s",))
    again = [
        stats.spearmanr(np.repeat(x, w), np.repeat(y, w)).statistic
        for w in np.concatenate(list(drawn.row_batches())).astype(int)
    ]
    assert found.se == pytest.approx(np.std(again, ddof=1))
    assert found.ci_lo == pytest.approx(np.quantile(again, expanded(0.025, 12)))
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
