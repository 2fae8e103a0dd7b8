from __future__ import annotations

import warnings

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.stats.components import Components, nested
from measurand.stats.crossed import components
from measurand.stats.means import cluster_mean


def drawn(
    shape: tuple[int, int, int], sds: tuple[float, float, float], seed: int, shared: float = 0.0
) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    c, i, r = shape
    x = sds[0] * rng.normal(size=(c, 1, 1)) + sds[1] * rng.normal(size=(c, i, 1))
    x = x + sds[2] * rng.normal(size=shape) + shared * rng.normal(size=(1, 1, r))
    at = np.indices(shape).reshape(3, -1)
    return x.ravel(), at[0], at[0] * i + at[1], at[2]


def test_balanced_parts_are_those_of_reml() -> None:
    import pandas as pd
    from statsmodels.regression.mixed_linear_model import MixedLM

    x, clusters, items, repeats = drawn((20, 5, 3), (0.6, 0.5, 0.4), 1)
    found = nested(x, clusters, items, repeats)
    frame = pd.DataFrame({"x": x, "c": clusters, "i": items})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = MixedLM.from_formula(
            "x ~ 1", frame, groups="c", re_formula="1", vc_formula={"i": "0 + C(i)"}
        ).fit(reml=True)
    assert found.shared is not None
    assert found.clusters == pytest.approx(float(fit.cov_re.iloc[0, 0]), rel=1e-3)
    assert found.items == pytest.approx(float(fit.vcomp[0]), rel=1e-3)
    assert found.repeats == pytest.approx(float(fit.scale) - found.shared, rel=1e-3)


def test_unequal_numbers_give_the_truth_on_average() -> None:
    rng = np.random.default_rng(2)
    found = []
    for seed in range(300):
        x, clusters, items, repeats = drawn((15, 6, 3), (0.6, 0.5, 0.4), seed)
        kept = rng.random(len(x)) < 0.6
        parts = nested(x[kept], clusters[kept], items[kept], repeats[kept])
        assert parts.repeats is not None
        found.append([parts.clusters, parts.items, parts.repeats])
    assert np.mean(found, 0) == pytest.approx([0.36, 0.25, 0.16], rel=0.06)


def test_in_the_pilots_shape_the_error_is_the_cluster_robust_one() -> None:
    x, clusters, items, repeats = drawn((12, 4, 2), (0.3, 0.5, 0.4), 3)
    kept = np.random.default_rng(0).random(len(x)) < 0.7
    x, clusters, items, repeats = (a[kept] for a in (x, clusters, items, repeats))
    parts = nested(x, clusters, items, repeats)
    first = np.unique(items, return_index=True)[1]
    means = [x[items == i].mean() for i in items[first]]
    se = cluster_mean(np.array(means), clusters[first]).se
    own = parts.of_cluster(parts.per_cluster, parts.per_item) / parts.n_clusters
    assert se is not None
    assert own == pytest.approx(se**2)
    assert parts.degrees(parts.per_cluster, parts.per_item) == pytest.approx(parts.n_clusters - 1)


def test_more_items_and_repeats_make_it_smaller_and_less_sure() -> None:
    parts = nested(*drawn((10, 4, 2), (0.1, 0.5, 0.5), 4))
    v = [parts.of_cluster(m, r) for m, r in ((4, 2), (8, 2), (8, 4))]
    assert v[0] > v[1] > v[2] > 0
    assert parts.degrees(32, 8) < parts.degrees(4, 2)


def test_what_repeats_share_is_told_from_their_noise() -> None:
    parts = nested(*drawn((50, 1, 80), (0.0, 0.3, 0.2), 5, shared=0.5))
    assert parts.shared == pytest.approx(0.25, rel=0.5)
    assert parts.repeats == pytest.approx(0.04, rel=0.1)
    assert parts.clusters == 0
    assert (parts.per_cluster, parts.per_item) == pytest.approx((1, 80))


def test_one_repeat_tells_nothing_of_repeats() -> None:
    parts = nested(*drawn((30, 2, 1), (0.3, 0.5, 0.4), 6))
    assert parts.repeats is None
    assert parts.shared is None
    assert parts.of_cluster(2, 5) == parts.of_cluster(2, 1)


def test_nothing_varies() -> None:
    parts = nested(np.ones(8), np.repeat([0, 1], 4), np.arange(8), np.zeros(8))
    assert (parts.clusters, parts.items, parts.error) == (0, 0, 0)
    assert parts.of_cluster(2, 1) == 0


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="NaN"):
        nested(np.array([np.nan]), np.zeros(1), np.zeros(1), np.zeros(1))


def test_degrees_by_satterthwaites_rule_by_hand() -> None:
    """Mean squares 1.5, 0.7 and 0.3 of 10 clusters of 4 items of 2 repeats."""
    parts = Components(
        clusters=0.1, items=0.2, repeats=0.3, shared=None, mean=0.0, n_clusters=10, n_items=40,
        per_cluster=4, per_item=2, error=0.1,
    )  # fmt: skip
    # One of 8 items of 4 repeats: 0.1 + (0.2 + 0.3 / 4) / 8, as sums of these mean squares.
    by_part = np.array([1.5 / 8, 0.7 * (1 / 8 - 1 / 4) / 2, 0.3 * (1 / 4 - 1 / 2) / 8])
    assert by_part.sum() == pytest.approx(0.1 + (0.2 + 0.3 / 4) / 8)
    wanted = by_part.sum() ** 2 / (by_part**2 / [9, 30, 40]).sum()
    assert parts.degrees(8, 4) == pytest.approx(wanted)


def test_what_two_repeats_share_is_the_column_part_of_a_table() -> None:
    x, clusters, items, repeats = drawn((6, 3, 2), (0.0, 0.3, 0.2), 7, shared=1.0)
    table = components(x.reshape(18, 2))
    assert table.columns > 0
    assert nested(x, clusters, items, repeats).shared == pytest.approx(table.columns)


def test_two_clusters_differ_by_their_mean_squares() -> None:
    x = np.array([1.0, 2.0, 3.0, 7.0, 8.0, 9.0])
    parts = nested(x, np.repeat([0, 1], 3), np.arange(6), np.zeros(6))
    # Mean squares 3 * (3^2 + 3^2) of clusters, 1 of items.
    assert (parts.clusters, parts.items) == (pytest.approx((54 - 1) / 3), pytest.approx(1))
    assert (parts.per_cluster, parts.per_item) == (3, 1)


def test_one_item_that_was_asked_twice_tells_of_repeats() -> None:
    items = np.array([0, 0, 1, 2, 3])
    parts = nested(
        np.array([1.0, 3.0, 0.0, 4.0, 2.0]), items // 2, items, np.array([0, 1, 0, 0, 0])
    )
    assert parts.repeats == 2
