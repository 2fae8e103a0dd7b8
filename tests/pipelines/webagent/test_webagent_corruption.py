from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from measurand.errors import InputError
from pipelines.webagent import corruption as cr
from pipelines.webagent.tokenizer import FIRST

SENTINELS = 100
DOCUMENTS = 2000


@pytest.mark.parametrize("mu", [3, 8, 64])
def test_two_thousand_documents(mu: int) -> None:
    """Span length within 3%, density within half a point, sentinels in order, all restored."""
    sizes = np.random.default_rng(mu).integers(1000, 1900, DOCUMENTS)
    total = noise = spans = 0
    for k, n in enumerate(map(int, sizes)):
        rng = cr.rng_of(7, f"doc-{k}", 0)
        runs = cr.draw(n, 0.15, mu, SENTINELS - 1, rng)
        tokens = rng.integers(FIRST + SENTINELS, 9000, n, dtype=np.int32)
        made = cr.apply(tokens, runs)
        assert np.array_equal(cr.restore(made.input_ids, made.target_ids, SENTINELS), tokens)
        assert len(made.input_ids) == n - runs.masked.sum() + len(runs.masked)
        inside = made.places >= 0
        assert np.array_equal(tokens[made.places[inside]], made.target_ids[inside])
        assert not runs.capped
        total, noise, spans = total + n, noise + int(runs.masked.sum()), spans + len(runs.masked)
    assert abs(noise / spans / mu - 1) < 0.03
    assert abs(noise / total - 0.15) < 0.005


@given(
    st.integers(2, 400), st.floats(0.01, 0.99), st.integers(1, 100), st.integers(1, 120),
    st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=300, derandomize=True, deadline=None)
def test_any_lengths_fit_and_are_restored(
    n: int, density: float, mu: int, most: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    runs = cr.draw(n, density, mu, most, rng)
    assert runs.masked.sum() + runs.kept.sum() == n
    assert runs.masked.min() >= 1
    assert runs.kept.min() >= 0
    assert len(runs.kept) == 2 or runs.kept[1:-1].min() >= 1
    assert len(runs.masked) <= most
    tokens = np.arange(1000, 1000 + n, dtype=np.int32)
    made = cr.apply(tokens, runs)
    assert np.array_equal(cr.restore(made.input_ids, made.target_ids, 998), tokens)


def test_every_way_to_cut_is_as_likely_as_any_other() -> None:
    rng = np.random.default_rng(1)
    ways = len(list(combinations(range(1, 8), 2)))
    drawn = Counter(tuple(cr._cut(8, 3, rng)) for _ in range(21 * 400))
    assert len(drawn) == ways
    assert chisquare(list(drawn.values())).pvalue > 0.001


def test_the_number_of_spans_is_exact_in_the_mean() -> None:
    rng = np.random.default_rng(2)
    counts = [len(cr.draw(1000, 0.15, 64, 99, rng).masked) for _ in range(4000)]
    assert set(counts) == {2, 3}
    error = np.std(counts) / np.sqrt(len(counts))
    assert abs(np.mean(counts) - 150 / 64) < 4 * error


def test_too_few_sentinels_are_said() -> None:
    runs = cr.draw(4000, 0.15, 3, 99, np.random.default_rng(0))
    assert runs.capped
    assert len(runs.masked) == 99
    assert runs.masked.sum() == 600


def test_a_generator_belongs_to_seed_document_and_epoch() -> None:
    def first(*words: object) -> float:
        return float(cr.rng_of(*words).random())  # type: ignore[arg-type]

    assert first(1, "a", 0) == first(1, "a", 0)
    assert len({first(1, "a", 0), first(2, "a", 0), first(1, "b", 0), first(1, "a", 1)}) == 4
    assert type(cr.rng_of(1, "a", 0).bit_generator) is np.random.Philox


def test_the_mixture_has_its_weights() -> None:
    rng = np.random.default_rng(3)
    drawn = Counter(cr.choose((3, 8, 64), (1, 2, 1), rng) for _ in range(8000))
    expected = [2000, 4000, 2000]
    assert chisquare([drawn[3], drawn[8], drawn[64]], expected).pvalue > 0.001
    even = Counter(cr.choose((8, 64), (), rng) for _ in range(8000))
    assert chisquare([even[8], even[64]]).pvalue > 0.001
    assert cr.choose((8,), (), rng) == 8


def test_an_example_by_hand() -> None:
    runs = cr.Runs(np.array([2, 1]), np.array([1, 3, 0]), False)
    made = cr.apply(np.arange(50, 57, dtype=np.int32), runs, first=2)
    assert made.input_ids.tolist() == [50, 2, 53, 54, 55, 3]
    assert made.target_ids.tolist() == [2, 51, 52, 3, 56, 4]
    assert made.places.tolist() == [-1, 1, 2, -1, 6, -1]


@pytest.mark.parametrize(
    ("given", "target"),
    [([9, 2, 9], [2, 8, 4]), ([9, 3, 9], [3, 8, 4]), ([9, 2], [8, 2, 8, 3]), ([2, 2], [2, 8, 3])],
)
def test_other_sentinels_are_refused(given: list[int], target: list[int]) -> None:
    with pytest.raises(InputError) as caught:
        cr.restore(np.array(given), np.array(target), 5)
    assert caught.value.code == "sentinels"


def test_one_token_cannot_be_masked() -> None:
    with pytest.raises(InputError):
        cr.draw(1, 0.15, 3, 99, np.random.default_rng(0))
