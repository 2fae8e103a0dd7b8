from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from measurand.errors import InputError
from measurand.stats.bradley_terry import (
    _improved,
    _likelihood,
    bradley_terry,
    connected,
    fit,
)
from measurand.stats.resample import cluster_counts

# Citations between four journals of statistics (Stigler 1994; Agresti 2002, table 10.8), cited in
# rows, with the abilities and errors of R BradleyTerry2::BTm, Biometrika at 0.
JOURNALS = ("Biometrika", "Comm Statist", "JASA", "JRSS-B")
CITED = np.array([[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]])
ABILITY = (0.0, -2.94907, -0.47957, 0.26895)
ERROR = (None, 0.10255, 0.06059, 0.07083)


def citations() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    cited, citing = np.indices((4, 4))
    names = np.array(JOURNALS)
    times = CITED.ravel()
    return (
        names[np.repeat(cited.ravel(), times)],
        names[np.repeat(citing.ravel(), times)],
        np.ones(times.sum()),
    )


def test_the_journals_of_the_published_example() -> None:
    found = bradley_terry(*citations(), reference="Biometrika", resamples=1000)
    assert found.methods == JOURNALS
    for strength, ability, error in zip(found.strengths, ABILITY, ERROR, strict=True):
        assert strength.value == pytest.approx(ability, abs=6e-6)
        if error is None:
            assert strength.se is None
            assert "reference" in (strength.reason or "")
        else:
            assert strength.se == pytest.approx(error, rel=0.08)
    assert found.wins.tolist() == CITED.tolist()
    assert found.probability("JRSS-B", "Biometrika") == pytest.approx(expit(0.26895), abs=1e-5)


@given(st.floats(0.01, 0.99), st.integers(2, 30))
def test_two_methods_are_the_logit_of_the_share(share: float, n: int) -> None:
    found = bradley_terry(
        np.array(["a"] * n), np.array(["b"] * n), np.full(n, share), reference="b", resamples=0
    )
    assert found.strengths[0].value == pytest.approx(logit(share), abs=1e-8)


def rounds(m: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shares of wins of m methods on n prompts, each pair of methods compared on each prompt."""
    rng = np.random.default_rng(seed)
    prompt, i, j = (axis.ravel() for axis in np.indices((n, m, m)))
    prompt, i, j = (axis[i < j] for axis in (prompt, i, j))
    apart = (i - j) * 0.4 + rng.normal(size=(n, m))[prompt, i] - rng.normal(size=len(i))
    share = np.round(expit(2 * apart) * 4) / 4
    return i, j, share, prompt


def test_shares_and_ties_are_those_of_a_logistic_regression() -> None:
    import statsmodels.api as sm

    i, j, share, _ = rounds(5, 40, 0)
    design = np.eye(5)[i] - np.eye(5)[j]
    glm = sm.GLM(share, design[:, 1:], family=sm.families.Binomial()).fit(tol=1e-12)
    found = bradley_terry(i, j, share, reference=0, resamples=0)
    assert [s.value for s in found.strengths[1:]] == pytest.approx(glm.params.tolist(), abs=1e-6)
    centred = bradley_terry(i, j, share, resamples=0)
    values = np.array([s.value for s in centred.strengths])
    assert values.sum() == pytest.approx(0, abs=1e-12)
    assert (values - values[0])[1:] == pytest.approx(glm.params, abs=1e-6)


def test_replicates_are_those_of_resampled_prompts() -> None:
    i, j, share, prompt = rounds(4, 30, 1)
    found = bradley_terry(i, j, share, clusters=prompt, resamples=60, seed_words=("b",))
    again = []
    for taken in cluster_counts(prompt, 60, found.strengths[0].seed or 0):
        wins = np.zeros((4, 4))
        np.add.at(wins, (i, j), taken * share)
        np.add.at(wins, (j, i), taken * (1 - share))
        again.append(fit(wins[None])[0])
    for k, strength in enumerate(found.strengths):
        assert strength.se == pytest.approx(np.std([a[k] for a in again], ddof=1), rel=1e-6)
        assert strength.n_clusters == 30


def test_neither_rows_nor_sides_have_an_order() -> None:
    i, j, share, _ = rounds(4, 30, 2)
    rng = np.random.default_rng(3)
    order, turn = rng.permutation(len(i)), rng.random(len(i)) < 0.5
    a, b = np.where(turn, j, i)[order], np.where(turn, i, j)[order]
    w = np.where(turn, 1 - share, share)[order]
    one, two = (bradley_terry(*x, resamples=0) for x in ((i, j, share), (a, b, w)))
    for s, t in zip(one.strengths, two.strengths, strict=True):
        assert t.value == pytest.approx(s.value, abs=1e-9)


def test_far_apart_methods_converge() -> None:
    wins = np.zeros((3, 3))
    wins[0, 1], wins[1, 0], wins[1, 2], wins[2, 1] = 1e6, 1, 1e6, 1
    assert fit(wins[None])[0] == pytest.approx(np.array([1, 0, -1]) * math.log(1e6), abs=1e-5)


@pytest.mark.parametrize(
    ("games", "why"),
    [
        ([("a", "b"), ("b", "c"), ("c", "b")], "a lost nothing to the other methods"),
        ([("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")], "a, b was never compared with"),
        ([("b", "a"), ("c", "a"), ("a", "c")], "b lost nothing to the other methods"),
        ([("a", "b"), ("c", "a")], "c lost nothing to the other methods"),
    ],
)
def test_without_a_circle_of_wins_there_is_no_maximum(
    games: list[tuple[str, str]], why: str
) -> None:
    won, lost = (np.array(side) for side in zip(*games, strict=True))
    found = bradley_terry(won, lost, np.ones(len(won)))
    for strength in found.strengths:
        assert strength.value is None
        assert why in (strength.reason or "")
    assert found.probability("a", "b") is None
    held = bradley_terry(won, lost, np.ones(len(won)), ridge=0.1, resamples=0)
    assert all(s.value is not None and "ridge 0.1" in s.method for s in held.strengths)


def test_the_ridge_solution_is_where_the_gradient_of_the_penalty_meets_it() -> None:
    theta = fit(np.array([[[0.0, 5.0], [0.0, 0.0]]]), ridge=0.5)[0]
    assert theta.sum() == pytest.approx(0, abs=1e-12)
    assert 5 * expit(theta[1] - theta[0]) == pytest.approx(0.5 * theta[0], abs=1e-8)


def test_connected_finds_long_circles() -> None:
    circle = np.roll(np.eye(9), 1, axis=1)
    broken = circle.copy()
    broken[8, 0] = 0
    assert connected(np.stack([circle, broken])).tolist() == [True, False]


def test_resamples_without_a_maximum_are_counted() -> None:
    first, second = np.array(["a"] * 10), np.array(["b"] * 10)
    share = np.array([1.0] * 9 + [0.0])
    found = bradley_terry(first, second, share, reference="b")
    assert found.strengths[0].value == pytest.approx(math.log(9))
    assert "undefined in" in (found.strengths[0].reason or "")


def test_what_is_undefined_or_refused() -> None:
    a, b = np.array(["a"]), np.array(["b"])
    nothing = bradley_terry(np.array([], dtype=str), np.array([], dtype=str), np.array([]))
    assert nothing.methods == ()
    for args, match in (
        ((a, b, np.array([1.1])), "outside 0..1"),
        ((a, a, np.array([1.0])), "against itself"),
        ((a, np.array(["b", "c"]), np.array([1.0])), "second has 2"),
    ):
        with pytest.raises(InputError, match=match):
            bradley_terry(*args)
    with pytest.raises(InputError, match="never compared"):
        bradley_terry(a, b, np.array([0.5]), reference="c")
    with pytest.raises(InputError, match="ridge"):
        bradley_terry(a, b, np.array([0.5]), ridge=-1.0)


def test_a_step_that_overshoots_is_halved_until_the_likelihood_does_not_fall() -> None:
    won = np.array([[[0.0, 6.0], [2.0, 0.0]]])
    theta, far = np.zeros((1, 2)), np.array([[40.0, -40.0]])
    before, overshot = (_likelihood(at, won, 0.0)[0] for at in (theta, far))
    assert overshot < before
    moved = _improved(theta, far, won, 0.0)
    assert _likelihood(moved, won, 0.0)[0] >= before
    assert 0 < moved[0, 0] < 40
    short = np.array([[0.1, -0.1]])
    assert np.array_equal(_improved(theta, short, won, 0.0), short)


def test_strengths_win_on_average_what_was_won_though_full_steps_would_overshoot() -> None:
    won = np.zeros((5, 5))
    won[0, [1, 3]], won[1, 2], won[2, [1, 3, 4]] = (8545, 1), 7, (145, 2, 5675)
    won[3, [0, 2, 4]], won[4, [2, 3]] = (26, 2, 172), (17, 20441)
    strengths = fit(won[None])[0]
    expected = (won + won.T) * expit(strengths[:, None] - strengths)
    assert expected.sum(axis=1) == pytest.approx(won.sum(axis=1), abs=1e-4)


def test_the_penalty_of_strengths_by_hand() -> None:
    """3 / 2 * (1 + 1 + 4) = 9, without a game."""
    assert _likelihood(np.array([[1.0, 1.0, -2.0]]), np.zeros((1, 3, 3)), 3.0)[0] == -9
