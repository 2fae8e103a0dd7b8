from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.stats.agreement import exact_agreement, keyed_pair_agreement
from measurand.stats.means import proportion
from measurand.stats.resample import cluster_counts

KEYED = np.array([1, -1, 1, -1, 1, 1])
SCALES = np.array(["a", "a", "a", "b", "b", "c"])


def _by_listing(x: np.ndarray) -> tuple[float, float, float, float]:
    good = yes = no = neutral = answered = 0
    for row in x:
        for i in range(6):
            for j in range(6):
                pair = SCALES[i] == SCALES[j] and KEYED[i] == 1 and KEYED[j] == -1
                if not pair or np.isnan(row[i]) or np.isnan(row[j]):
                    continue
                answered += 1
                side = np.sign(row[i] - 3), np.sign(row[j] - 3)
                neutral += 0 in side
                good += side[0] * side[1] == -1
                yes += side == (1, 1)
                no += side == (-1, -1)
    sided = good + yes + no
    return good / sided, yes / sided, no / sided, neutral / answered


def _answers(n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.integers(1, 6, (n, 6)).astype(float)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def test_shares_are_those_of_listing_every_pair() -> None:
    x = _answers()
    found = keyed_pair_agreement(x, KEYED, SCALES, minimum=1, maximum=5, resamples=0)
    shares = [found.agreement, found.both_agreed, found.both_disagreed, found.neutral]
    assert [e.value for e in shares] == pytest.approx(_by_listing(x))
    assert found.n_pairs == 3


def test_interval_is_that_of_the_resampled_rows() -> None:
    x, ids = _answers(), np.arange(60) // 4
    found = keyed_pair_agreement(
        x, KEYED, SCALES, minimum=1, maximum=5, clusters=ids, resamples=60
    ).agreement
    again = [
        _by_listing(x[np.repeat(np.arange(60), w)])[0]
        for w in cluster_counts(ids, 60, found.seed or 0).astype(int)
    ]
    assert found.se == pytest.approx(np.std(again, ddof=1))


def test_extreme_respondents() -> None:
    def judge(x: np.ndarray) -> list[float | None]:
        found = keyed_pair_agreement(x, KEYED, SCALES, minimum=1, maximum=5, resamples=0)
        return [e.value for e in (found.agreement, found.both_agreed, found.both_disagreed)]

    assert judge(np.tile(3 + 2 * KEYED, (4, 1))) == [1, 0, 0]
    assert judge(np.full((4, 6), 5)) == [0, 1, 0]
    assert judge(np.full((4, 6), 1)) == [0, 0, 1]


def test_nothing_to_judge_by() -> None:
    x = np.full((4, 6), 3.0)
    found = keyed_pair_agreement(x, KEYED, SCALES, minimum=1, maximum=5, resamples=50)
    assert found.agreement.reason == "no pair to judge by"
    assert found.neutral.value == 1
    same = keyed_pair_agreement(x, abs(KEYED), SCALES, minimum=1, maximum=5, resamples=50)
    assert same.n_pairs == 0
    assert same.neutral.reason == "no pair to judge by"


@pytest.mark.parametrize(
    "change",
    [
        {"keyed": np.array([1, 0, 1, -1, 1, 1])},
        {"keyed": np.array([1, -1])},
        {"scales": np.array(["a"])},
        {"minimum": 5, "maximum": 1},
        {"x": np.ones(6)},
    ],
)
def test_bad_input(change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "x": _answers(),
        "keyed": KEYED,
        "scales": SCALES,
        "minimum": 1,
        "maximum": 5,
    }
    with pytest.raises(InputError):
        keyed_pair_agreement(**{**good, **change})


def test_exact_agreement() -> None:
    a = np.array([1.0, 2.0, 3.0, np.nan, 5.0, 1.0])
    b = np.array([1.0, 2.0, 4.0, 1.0, 5.0, np.nan])
    found = exact_agreement(a, b, np.array(["p", "p", "q", "q", "r", "r"]))
    assert (found.value, found.n, found.n_clusters) == (0.75, 4, 3)
    with pytest.raises(InputError):
        exact_agreement(a, b[:-1])


def test_exact_agreement_stays_inside_and_is_no_point() -> None:
    a = np.repeat([1.0, 2.0, 3.0], 5)
    everywhere = exact_agreement(a, a, np.repeat(np.arange(5), 3))
    assert (everywhere.value, everywhere.ci_hi) == (1.0, 1.0)
    assert everywhere.ci_lo == pytest.approx(0.025 ** (1 / 5))  # Clopper & Pearson at k = n
    once = exact_agreement(a, np.append(a[:-1], 9.0), np.repeat(np.arange(5), 3))
    assert once.ci_hi is not None
    assert once.ci_hi < 1


def test_neither_rows_nor_items_have_an_order() -> None:
    x, clusters = _answers(), np.arange(60) // 4
    rng = np.random.default_rng(1)
    rows, items = rng.permutation(60), rng.permutation(6)
    first = keyed_pair_agreement(
        x, KEYED, SCALES, minimum=1, maximum=5, clusters=clusters, resamples=100
    )
    moved = keyed_pair_agreement(
        x[rows][:, items],
        KEYED[items],
        SCALES[items],
        minimum=1,
        maximum=5,
        clusters=clusters[rows],
        resamples=100,
    )
    for name in ("agreement", "both_agreed", "both_disagreed", "neutral"):
        one, two = getattr(first, name), getattr(moved, name)
        expected = (one.value, one.ci_lo, one.ci_hi)
        assert (two.value, two.ci_lo, two.ci_hi) == pytest.approx(expected)


def test_equal_answers_of_all_have_the_interval_of_a_rate_and_others_that_of_resamples() -> None:
    one = np.tile([5.0, 1.0], (8, 1))
    given = {"minimum": 1, "maximum": 5, "resamples": 200}
    keys, scales = np.array([1, -1]), np.zeros(2)
    same = keyed_pair_agreement(one, keys, scales, **given).agreement  # type: ignore[arg-type]
    wanted = proportion(8, 8, "clopper_pearson")
    assert (same.ci_lo, same.ci_hi) == pytest.approx((wanted.ci_lo, wanted.ci_hi))
    one[:3, 1] = 5.0
    other = keyed_pair_agreement(one, keys, scales, **given).agreement  # type: ignore[arg-type]
    assert other.value == 0.625
    assert "clopper" not in other.method
    assert other.se is not None
