from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from measurand.errors import InputError
from pipelines.soft_labels import labels
from pipelines.soft_labels.labels import Label

RATINGS = st.lists(st.integers(-4, 4), min_size=1, max_size=25)


@given(RATINGS, RATINGS)
def test_a_label_from_ratings_is_counted_over_all_pairs_of_raters(
    first: list[int], second: list[int]
) -> None:
    found = labels.from_ratings(first, second)
    halves = sum(2 * (a > b) + (a == b) for a in first for b in second)
    assert Fraction(found.num, found.den) == Fraction(halves, 2 * len(first) * len(second))
    u = stats.mannwhitneyu(first, second).statistic
    assert found.p == pytest.approx(u / (len(first) * len(second)))
    assert labels.from_ratings(second, first) == found.flipped()


def test_votes_and_rewards() -> None:
    assert labels.from_votes(3, 1).p == 0.75
    assert labels.from_rewards(1.0, 0.0, 0.5) == pytest.approx(1 / (1 + math.exp(-2)))
    assert labels.from_rewards(0.0, 5000.0, 1.0) == 0.0
    assert labels.from_rewards(5000.0, 0.0, 1.0) == 1.0


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.1, 10))
def test_bradley_terry_is_symmetric(a: float, b: float, temperature: float) -> None:
    one = labels.from_rewards(a, b, temperature)
    other = labels.from_rewards(b, a, temperature)
    assert one + other == pytest.approx(1)


def test_simulated_votes_have_the_mean_of_their_probability() -> None:
    shares = [labels.simulated_votes(0.7, 20, "v", i).p for i in range(2000)]
    assert sum(shares) / 2000 == pytest.approx(0.7, abs=4 * (0.7 * 0.3 / 20 / 2000) ** 0.5)
    assert {labels.simulated_votes(0.7, 1, "v", i).p for i in range(50)} == {0.0, 1.0}
    assert labels.simulated_votes(0.7, 20, "v", 3) == labels.simulated_votes(0.7, 20, "v", 3)


@given(st.floats(0.5, 1))
def test_every_oriented_label_has_a_bin(p: float) -> None:
    at = labels.bin_of(p)
    ends = (*labels.BINS, 1.0)
    assert ends[at] <= p <= ends[at + 1]
    assert labels.bin_of(1.0) == 4
    assert labels.bin_of(0.6) == 1


@given(st.sampled_from([v for v, w in labels.VARIANTS.items() if w]), st.integers(0, 5000))
def test_counts_of_a_variant_add_up_and_follow_its_weights(variant: str, n: int) -> None:
    counts = labels.wanted(variant, n)
    weights = labels.VARIANTS[variant]
    assert counts is not None
    assert weights is not None
    assert sum(counts) == n
    for count, weight in zip(counts, weights, strict=True):
        assert abs(count - n * weight / sum(weights)) < 1


def test_the_natural_variant_takes_what_comes() -> None:
    assert labels.wanted("natural", 10) is None


def test_what_cannot_be_is_refused() -> None:
    for num, den in ((-1, 2), (3, 2), (0, 0)):
        with pytest.raises(InputError, match="label"):
            Label(num, den)
    with pytest.raises(InputError, match="without ratings"):
        labels.from_ratings([], [1])
    with pytest.raises(InputError, match="votes 0 to 0"):
        labels.from_votes(0, 0)
    with pytest.raises(InputError, match="temperature"):
        labels.from_rewards(1, 0, 0)
    with pytest.raises(InputError, match="not oriented"):
        labels.bin_of(0.4)
    with pytest.raises(InputError, match="unknown variant 'flat'"):
        labels.wanted("flat", 3)


@given(st.floats(0, 1))
def test_a_probability_is_kept_to_nine_places(p: float) -> None:
    assert labels.from_probability(p).p == pytest.approx(p, abs=1e-9)


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(InputError, match="probability"):
        labels.from_probability(p)


@given(RATINGS, RATINGS)
def test_halves_share_the_raters(first: list[int], second: list[int]) -> None:
    found = labels.halves(first, second)
    if min(len(first), len(second)) < 2:
        assert found is None
        return
    assert found is not None
    assert found[0] == labels.from_ratings(first[::2], second[::2])
    assert found[1] == labels.from_ratings(first[1::2], second[1::2])
