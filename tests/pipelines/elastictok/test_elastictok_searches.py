from __future__ import annotations

import math

import numpy as np
import pytest

from measurand.errors import InputError
from pipelines.elastictok import searches
from pipelines.elastictok.searches import Found, Range, Search

SPAN = Range(4, 64, 64)
Curve = np.ndarray


def curves(n: int, *, falling: bool, seed: int = 0) -> list[Curve]:
    """Errors by number of tokens, index 0..64."""
    rng = np.random.default_rng(seed)
    steps = rng.exponential(1, (n, 65)) if falling else rng.normal(0.1, 1, (n, 65))
    return list(np.cumsum(steps, 1)[:, ::-1].copy())


def find(search: Search, curve: Curve) -> tuple[Found, dict[int, float]]:
    tried: dict[int, float] = {}

    def errors(pairs: list[tuple[int, int]]) -> list[float]:
        found = [float(curve[n]) for _, n in pairs]
        tried.update(zip((n for _, n in pairs), found, strict=True))
        return found

    [found] = searches.run([search], errors)
    return found, tried


def test_binary_equals_full_on_1000_falling_curves_and_never_misses() -> None:
    rng = np.random.default_rng(1)
    for curve in curves(1000, falling=True):
        threshold = float(rng.uniform(curve[64], curve[0]))
        whole, _ = find(searches.full(SPAN, threshold), curve)
        found, tried = find(searches.binary(SPAN, threshold), curve)
        assert found.n == whole.n
        assert found.feasible == whole.feasible
        assert found.feasible == (curve[64] <= threshold)
        assert len(tried) == found.evaluations <= math.ceil(math.log2(61)) + 1
        assert whole.evaluations == 61


def test_binary_is_feasible_on_1000_other_curves_if_anything_tried_was() -> None:
    rng = np.random.default_rng(2)
    excess = []
    for curve in curves(1000, falling=False):
        threshold = float(rng.uniform(curve[4:].min(), curve[4:].max()))
        found, tried = find(searches.binary(SPAN, threshold), curve)
        assert found.feasible == any(e <= threshold for e in tried.values())
        assert found.error == curve[found.n]
        assert found.evaluations <= math.ceil(math.log2(61)) + 1
        whole, _ = find(searches.full(SPAN, threshold), curve)
        assert whole.feasible
        if found.feasible:
            excess.append(found.n - whole.n)
    assert min(excess) >= 0
    assert max(excess) > 0


@pytest.mark.parametrize(("low", "high"), [(1, 1), (1, 2), (3, 9), (256, 4096)])
def test_binary_keeps_to_its_bound(low: int, high: int) -> None:
    span = Range(low, high, high)
    most = math.ceil(math.log2(high - low + 1)) + 1
    curve = np.arange(high + 1, 0, -1.0)
    for threshold in (0.0, 1.0, high / 2, float(high + 2)):
        found, _ = find(searches.binary(span, threshold), curve)
        assert found.evaluations <= most


def test_binned_takes_the_smallest_feasible_bin() -> None:
    curve = np.arange(65, 0, -1.0)
    found, tried = find(searches.binned(SPAN, 25.0, bins=9), curve)
    assert sorted(tried) == [4, 6, 8, 11, 16, 23, 32, 45, 64]
    assert found == Found(45, 20.0, True, 9)


def test_nothing_feasible_gives_the_default_and_says_so() -> None:
    curve = np.arange(65, 0, -1.0)
    for search in (searches.full, searches.binned, searches.binary):
        found, tried = find(search(Range(4, 32, 48), 0.5), curve)
        assert (found.n, found.feasible) == (48, False)
        assert 48 in tried
        assert found.evaluations == len(tried)


def test_regression_tries_once_and_tells_misses() -> None:
    curve = np.arange(65, 0, -1.0)
    assert find(searches.regression(SPAN, 25.0, 39.2), curve)[0] == Found(40, 25.0, True, 1)
    assert find(searches.regression(SPAN, 25.0, 38.9), curve)[0] == Found(39, 26.0, False, 1)
    assert find(searches.regression(SPAN, 25.0, -7.0), curve)[0].n == 4
    assert find(searches.regression(SPAN, 25.0, 1e9), curve)[0].n == 64


def test_many_searches_share_each_call() -> None:
    rows = curves(20, falling=True, seed=3)
    calls = []

    def errors(pairs: list[tuple[int, int]]) -> list[float]:
        calls.append(len(pairs))
        return [float(rows[i][n]) for i, n in pairs]

    thresholds = [float(np.median(row)) for row in rows]
    found = searches.run([searches.binary(SPAN, t) for t in thresholds], errors)
    alone = [find(searches.binary(SPAN, t), r)[0] for t, r in zip(thresholds, rows, strict=True)]
    assert found == alone
    assert calls[0] == 20
    assert len(calls) <= 7


def test_a_range_without_numbers_is_refused() -> None:
    with pytest.raises(InputError, match="no range"):
        Range(5, 4, 4)
