from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measurand.gates.deciding.decisions import TESTS, Rules, decide, hypotheses
from measurand.gates.figures.bounds import Bounds, Direction

LIMIT = 0.7
numbers = st.floats(-1e6, 1e6)


def found(lower: float | None, upper: float | None, **more: object) -> Bounds:
    middle = None if lower is None or upper is None else (lower + upper) / 2
    base = {"estimate": middle, "se": 0.01, "sd": 0.3, "n": 900, "clusters": 90, "df": 89}
    return Bounds(**{"lower": lower, "upper": upper, **base, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lower", "upper", "state"),
    [
        (0.71, 0.8, "pass"),
        (0.7, 0.8, "pass"),  # a limit may be met exactly
        (0.69, 0.8, "inconclusive"),
        (0.6, 0.7, "inconclusive"),  # an upper bound at the limit may still meet it
        (0.6, 0.69, "fail"),
    ],
)
@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_threshold(lower: float, upper: float, state: str, direction: Direction) -> None:
    if direction == "higher":
        decision = decide("threshold", found(lower, upper), LIMIT, direction, Rules())
    else:
        decision = decide("threshold", found(-upper, -lower), -LIMIT, direction, Rules())
    assert decision.state == state


@pytest.mark.parametrize(
    ("lower", "upper", "state", "code"),
    [
        (-0.01, 0.01, "pass", "not_worse"),
        (0.001, 0.01, "pass", "not_worse"),
        (-0.02, 0.01, "inconclusive", "undecided"),  # a margin must be kept strictly
        (-0.03, 0.01, "inconclusive", "undecided"),
        (-0.03, -0.02, "inconclusive", "undecided"),
        (-0.03, -0.021, "fail", "worse"),
    ],
)
@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_non_inferiority(
    lower: float, upper: float, state: str, code: str, direction: Direction
) -> None:
    if direction == "higher":
        decision = decide("non_inferiority", found(lower, upper), -0.02, direction, Rules())
    else:
        decision = decide("non_inferiority", found(-upper, -lower), 0.02, direction, Rules())
    assert (decision.state, decision.reason_code) == (state, code)


@pytest.mark.parametrize("noise", [-4e-16, 0.0, 4e-16])
def test_equality_is_judged_wider_than_rounding(noise: float) -> None:
    point = found(0.1 + 0.2 + noise, 0.1 + 0.2 + noise, sd=0.0, se=0.0)
    assert decide("threshold", point, 0.3, "higher", Rules()).state == "pass"
    assert decide("threshold", point, 0.3, "lower", Rules()).state == "pass"
    loss = found(-0.02 + noise, -0.02 + noise, sd=0.0, se=0.0)
    assert decide("non_inferiority", loss, -0.02, "higher", Rules()).state == "inconclusive"


def test_too_small_a_sample_never_decides_whatever_its_bounds() -> None:
    for lower, upper in ((0.9, 0.95), (0.1, 0.2)):
        few = found(lower, upper, n=199)
        assert decide("threshold", few, LIMIT, "higher", Rules()).reason_code == "underpowered"
        crowded = found(lower, upper, clusters=9)
        decision = decide("threshold", crowded, LIMIT, "higher", Rules())
        assert (decision.state, decision.reason_code) == ("inconclusive", "underpowered")
        assert decision.clusters_needed is not None
        assert decision.clusters_needed >= 10


def test_an_unknown_sample_size_is_too_small_unless_the_figure_is_exact() -> None:
    unknown = found(0.9, 0.95, n=None, clusters=None)
    assert decide("threshold", unknown, LIMIT, "higher", Rules()).reason_code == "underpowered"
    exact = found(0.0, 0.0, n=None, clusters=None, flags=("exact",))
    assert decide("threshold", exact, 0, "lower", Rules()).state == "pass"


def test_undefined_never_passes() -> None:
    nothing = found(None, None, estimate=None)
    assert decide("threshold", nothing, LIMIT, "higher", Rules()).state == "inconclusive"
    strict = Rules(undefined="fail")
    assert decide("threshold", nothing, LIMIT, "higher", strict).state == "fail"
    unbounded = found(None, None, estimate=0.9)
    assert decide("threshold", unbounded, LIMIT, "higher", strict).reason_code == "no_interval"


def test_one_bound_suffices_where_it_decides() -> None:
    assert (
        decide("threshold", found(0.8, None, estimate=0.9), 0.7, "higher", Rules()).state == "pass"
    )
    assert (
        decide("threshold", found(None, 0.6, estimate=0.5), 0.7, "higher", Rules()).state == "fail"
    )


@pytest.mark.parametrize(("margin", "n"), [(0.02, 1546), (0.03, 687), (0.05, 248)])
def test_needed_items_at_no_change(margin: float, n: int) -> None:
    # 10% of paired 0/1 scores differ: the variance of a difference is 0.1 at no change.
    none = found(-0.1, 0.1, estimate=0.0, sd=math.sqrt(0.1), n=200, clusters=200)
    assert decide("non_inferiority", none, -margin, "higher", Rules()).n_needed == n


def test_needed_clusters_keep_their_size() -> None:
    none = found(-0.1, 0.1, estimate=0.0, sd=math.sqrt(0.1), n=500, clusters=50)
    decision = decide("non_inferiority", none, -0.02, "higher", Rules())
    assert (decision.n_needed, decision.clusters_needed) == (1550, 155)


def test_two_clusters_at_a_tiny_level_detect_nothing() -> None:
    tiny = found(0.6, 0.8, df=1, n=300, clusters=2)
    assert decide("threshold", tiny, LIMIT, "higher", Rules(alpha=1e-6)).mde is None
    assert decide("threshold", tiny, LIMIT, "higher", Rules(alpha=1e-3)).mde is not None


def test_on_the_limit_no_sample_decides() -> None:
    decision = decide("threshold", found(0.6, 0.8), LIMIT, "higher", Rules())
    assert (decision.state, decision.n_needed) == ("inconclusive", None)


ORDERED = ("non_inferiority", "regression", "superiority", "threshold")


@pytest.mark.parametrize("test", ORDERED)
@settings(max_examples=300, derandomize=True, deadline=None)
@given(ends=st.tuples(numbers, numbers), bound=numbers, shift=st.floats(0, 1e6))
def test_rules_are_monotone_and_mirror_symmetric(
    test: str, ends: tuple[float, float], bound: float, shift: float
) -> None:
    lower, upper = sorted(ends)
    order = ["fail", "inconclusive", "pass"]
    state, _ = TESTS[test](lower, upper, bound)
    better, _ = TESTS[test](lower + shift, upper + shift, bound)
    assert order.index(better) >= order.index(state)
    mirrored = decide(test, found(-upper, -lower, estimate=0.0), -bound, "lower", Rules())
    assert mirrored.state == state
    wider, _ = TESTS[test](lower - shift, upper + shift, bound)
    # A regression is undecided by passing.
    assert wider in (state, "pass" if test == "regression" else "inconclusive")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(ends=st.tuples(numbers, numbers), margin=st.floats(1e-3, 1e6), shift=st.floats(0, 1e6))
def test_equivalence_is_symmetric_and_two_non_inferiorities(
    ends: tuple[float, float], margin: float, shift: float
) -> None:
    lower, upper = sorted(ends)
    state, _ = TESTS["equivalence"](lower, upper, -margin)
    assert TESTS["equivalence"](-upper, -lower, -margin)[0] == state
    assert TESTS["equivalence"](lower, upper, margin)[0] == state
    halves = [
        TESTS["non_inferiority"](lower, upper, -margin)[0],
        TESTS["non_inferiority"](-upper, -lower, -margin)[0],
    ]
    assert (state == "pass") == (halves == ["pass", "pass"])
    assert (state == "fail") == ("fail" in halves)
    wider, _ = TESTS["equivalence"](lower - shift, upper + shift, margin)
    assert wider in (state, "inconclusive")


@pytest.mark.parametrize(
    ("lower", "upper", "superiority", "regression"),
    [
        (0.001, 0.02, ("pass", "better"), ("pass", "no_regression_shown")),
        (0.0, 0.02, ("inconclusive", "undecided"), ("pass", "no_regression_shown")),
        (-0.02, 0.0, ("inconclusive", "undecided"), ("pass", "no_regression_shown")),
        (-0.02, -0.001, ("fail", "worse"), ("fail", "regressed")),
    ],
)
@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_superiority_and_regression(
    lower: float,
    upper: float,
    superiority: tuple[str, str],
    regression: tuple[str, str],
    direction: Direction,
) -> None:
    bounds = found(lower, upper) if direction == "higher" else found(-upper, -lower)
    for test, expected in (("superiority", superiority), ("regression", regression)):
        decision = decide(test, bounds, 0.0, direction, Rules())
        assert (decision.state, decision.reason_code) == expected


def test_a_regression_gate_needs_the_bound_that_would_show_one() -> None:
    blind = found(-0.01, None, estimate=0.0)
    decision = decide("regression", blind, 0.0, "higher", Rules())
    assert (decision.state, decision.reason_code) == ("inconclusive", "no_interval")
    few = decide("regression", found(-0.01, 0.02, n=10), 0.0, "higher", Rules())
    assert few.reason_code == "underpowered"


def test_a_weak_pass_says_how_many_would_show_the_loss() -> None:
    loss = found(-0.03, 0.01, estimate=-0.01, sd=0.3)
    decision = decide("regression", loss, 0.0, "higher", Rules())
    assert decision.n_needed == 5570  # (1.6449 + 0.8416)^2 .3^2 / .01^2, in clusters of ten
    gain = found(-0.01, 0.03, estimate=0.01, sd=0.3)
    assert decide("regression", gain, 0.0, "higher", Rules()).n_needed is None


@pytest.mark.parametrize(("gap", "state"), [(0.0, "pass"), (5e-324, "fail"), (1.0, "fail")])
def test_exact_equality_has_no_tolerance(gap: float, state: str) -> None:
    same = found(gap, gap, estimate=gap, se=None, sd=None, flags=("exact",))
    for direction in ("higher", "lower"):
        assert decide("exact_equal", same, 0.0, direction, Rules()).state == state


def test_hypotheses_of_each_test() -> None:
    assert hypotheses("non_inferiority", -0.1, "higher") == [(-0.1, "higher")]
    assert hypotheses("equivalence", 0.1, "lower") == [(-0.1, "higher"), (0.1, "lower")]
    assert hypotheses("regression", 0.0, "higher") == [(0.0, "lower")]
    assert hypotheses("regression", 0.0, "lower") == [(0.0, "higher")]


@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_a_change_of_nothing_is_no_loss_that_more_units_would_show(direction: Direction) -> None:
    rules, bound = Rules(), -0.05 if direction == "higher" else 0.05
    still = decide("regression", found(-0.01, 0.01), bound, direction, rules)
    assert (still.reason_code, still.n_needed) == ("no_regression_shown", None)
    worse = (-0.011, 0.009) if direction == "higher" else (-0.009, 0.011)
    assert decide("regression", found(*worse), bound, direction, rules).n_needed is not None


def test_as_many_clusters_as_the_rules_ask_for_are_enough() -> None:
    few = {"n": 900, "se": 0.01, "sd": 0.3}
    for clusters, state in ((10, "pass"), (9, "inconclusive")):
        got = decide(
            "threshold", found(0.8, 0.9, clusters=clusters, **few), LIMIT, "higher", Rules()
        )
        assert got.state == state
    # Rows of which no size is known are none, even where one cluster were enough.
    unknown = found(0.8, 0.9, n=None, clusters=None)
    rules = Rules(min_n=0, min_clusters=1)
    assert decide("threshold", unknown, LIMIT, "higher", rules).reason_code == "underpowered"
