from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from scipy import stats

from evaluators.value_functions import figures
from evaluators.value_functions.context import Material, Scores, material
from measurand.results import slice_text
from measurand.stats.trainings import ONE_TRAINING, mean_over_trainings
from schemas.value_functions.params import PLAYED, Params


def of(rows: Any, model: str, metric: str, **parts: str) -> Any:
    [row] = [
        row
        for row in rows
        if (row["model"], row["metric"], row["slice"]) == (model, metric, slice_text(parts))
    ]
    return row


def test_differences_are_the_effects_that_were_made(results: Path, params: Params) -> None:
    rows = list(figures.difference_rows(material(results, results, params)))
    row = of(rows, "hl_gauss", "score_difference", run="chess", over="mse")
    assert row["ci_lo"] < 0.3 < row["ci_hi"]
    assert row["ci_hi"] - row["ci_lo"] < 0.05
    assert row["scope"] == "method"
    assert row["n_clusters"] == 20
    none = of(rows, "two_hot", "score_difference", run="chess", over="mse")
    assert none["ci_lo"] < 0 < none["ci_hi"]
    control = of(rows, "mse", "score_difference", run="chess", over="material")
    assert control["ci_lo"] < 0.2 < control["ci_hi"]
    assert not [row for row in rows if row["model"] == "mse" and "over=mse" in row["slice"]]


def test_what_noise_costs_squared_error_is_the_others_lead(results: Path, params: Params) -> None:
    rows = list(figures.change_rows(material(results, results, params)))
    row = of(rows, "hl_gauss", "score_difference_change", run="chess_noisy", over="chess")
    assert row["ci_lo"] < 0.2 < row["ci_hi"]
    wider = of(rows, "hl_gauss", "score_difference_change", run="chess", over="chess_narrow")
    assert wider["ci_lo"] < 0 < wider["ci_hi"]


def test_figures_of_losses_and_controls(results: Path, params: Params) -> None:
    found = material(results, results, params)
    rows = list(figures.loss_rows(found))
    scores = found.scores("chess", "mse", "score")
    assert scores is not None
    wanted = mean_over_trainings(scores.table)
    row = of(rows, "mse", "score", run="chess")
    assert (row["estimate"], row["ci_lo"]) == (wanted.value, wanted.ci_lo)
    assert of(rows, "material", "score", run="chess")["scope"] is None
    assert of(rows, "random", "score", run="wordle")["scope"] is None
    skipped = of(rows, "mse", "tau_skipped", run="chess")
    assert skipped["estimate"] == 3
    constant = of(rows, "constant", "tau", run="chess")
    assert constant["estimate"] is None
    assert "no cluster" in constant["reason"]
    worst = of(rows, "mse", "worst_error", run="chain")
    assert worst["estimate"] == pytest.approx(0.011)
    assert worst["scope"] == "method"
    assert worst["upper"] > 0.012


def test_twice_the_seeds_narrow_the_interval() -> None:
    rng = np.random.default_rng(3)

    def width(seeds: int) -> float:
        widths = []
        for _ in range(60):
            table = rng.normal(0, 1, (seeds, 1)) + rng.normal(0, 0.1, (seeds, 200))
            found = figures._estimate(table, 0.95, trained=True)
            assert found.ci_lo is not None
            assert found.ci_hi is not None
            widths.append(found.ci_hi - found.ci_lo)
        return float(np.mean(widths))

    # The deviation's share is 1 / sqrt(2); quantiles of t shrink too.
    assert width(16) / width(8) == pytest.approx(1 / np.sqrt(2) * 2.131 / 2.365, rel=0.12)


def test_trainings_with_the_same_mean() -> None:
    table = np.array([[0.25, 0, 0.5, 0], [0.25, 0, 0, 0.5], [0.25, 0.5, 0, 0]])
    found = figures._estimate(table, 0.95, trained=True)
    assert found.value == pytest.approx(0.1875)
    assert found.scope == "method"
    assert found.ci_lo is not None
    assert found.ci_lo < 0.1875
    # Each has the same items in another order: their differences vanish but for rounding.
    rng = np.random.default_rng(3)
    row = rng.choice([0.0, 0.25, 0.5], 5)
    for _ in range(200):
        figures._estimate(np.stack([rng.permutation(row) for _ in range(3)]), 0.95, trained=True)


def test_differences_are_taken_on_shared_clusters() -> None:
    a = Scores(np.array([[1.0, 2, 3]]), ("a", "b", "c"), 3, 0)
    b = Scores(np.array([[1.0, 1]]), ("c", "b"), 2, 0)
    assert figures.difference(a, b).tolist() == [[1.0, 2.0]]
    assert figures.difference(a, Scores(np.empty((0, 0)), (), 0, 0)).size == 0


def test_games_together(results: Path, params: Params) -> None:
    rows = list(figures.game_rows(material(results, results, params)))
    better = of(rows, "hl_gauss", "improvement", games="1")
    assert better["estimate"] == 1
    assert better["scope"] == "method"
    iqm = of(rows, "hl_gauss", "iqm", games="1")
    assert iqm["estimate"] == pytest.approx(0.8, abs=0.1)
    assert not [r for r in rows if (r["model"], r["metric"]) == ("mse", "improvement")]


def test_insides(results: Path, params: Params) -> None:
    rows = list(figures.seed_rows(material(results, results, params)))
    assert of(rows, "mse", "rank", run="chess")["estimate"] == 11
    assert of(rows, "hl_gauss", "entropy", run="chess")["estimate"] == pytest.approx(1.1)
    assert not [r for r in rows if (r["model"], r["metric"]) == ("mse", "entropy")]
    assert of(rows, "mse", "clipped", run="chess")["estimate"] == 0.25
    order = [(row["slice"], row["model"]) for row in rows if row["metric"] == "clipped"]
    assert order == sorted(order)


def test_elo_is_the_odds_of_a_point(results: Path, params: Params) -> None:
    rows = list(figures.elo_rows(material(results, results, params)))
    row = of(rows, "hl_gauss", "elo", run="chess")
    # One point in four games.
    assert row["estimate"] == pytest.approx(-400 * np.log10(3))
    assert (row["scope"], row["trainings"]) == ("method", 3)
    assert row["ci_lo"] < row["estimate"] < row["ci_hi"]
    none = of(rows, "mse", "elo", run="chess")
    assert none["estimate"] is None
    assert "0% of the points were won: Elo at most" in none["reason"]


def test_the_elo_of_one_training_has_no_bound_and_says_so(results: Path, params: Params) -> None:
    found = material(results, results, params)
    once = replace(found, items=found.items.filter(repeat=0))
    row = of(list(figures.elo_rows(once)), "hl_gauss", "elo", run="chess")
    assert row["estimate"] == pytest.approx(-400 * np.log10(3))
    assert (row["ci_lo"], row["ci_hi"]) == (None, None)
    assert row["reason"] == "25% of the points were won: Elo without a bound"


def test_the_profile_falls(results: Path, params: Params) -> None:
    rows = list(figures.game_rows(material(results, results, params)))
    shares = [
        of(rows, "hl_gauss", "profile", games="1", above=f"{beyond:g}")["estimate"]
        for beyond in figures.PROFILE
    ]
    # Scores are about .8.
    assert shares[:4] == [1, 1, 1, 1]
    assert shares == sorted(shares, reverse=True)


def test_learning_is_over_trainings_and_within_what_a_score_can_be(
    results: Path, params: Params
) -> None:
    rows = list(figures.learning_rows(material(results, results, params)))
    row = of(rows, "mse", "learning", run="chess", step="5")
    # Scores -.4, -1.4 and -2.4 of three trainings.
    assert row["estimate"] == pytest.approx(-1.4)
    assert row["scope"] == "method"
    assert row["ci_hi"] == 0.0
    assert row["ci_lo"] == pytest.approx(-1.4 - stats.t.ppf(0.975, 2) / np.sqrt(3))
    words = of(rows, "mse", "learning", run="wordle", step="5")
    assert words["estimate"] == pytest.approx(0.4)


def test_what_was_not_trained_has_an_interval_of_one_table_and_one_training_none() -> None:
    table = np.array([[0.25, 0.5, 1.0, 0.0, 0.5]])
    found = figures._estimate(table, 0.95, trained=False)
    ends = stats.ttest_1samp(table[0], 0).confidence_interval()
    assert (found.ci_lo, found.ci_hi) == pytest.approx((ends.low, ends.high))
    once = figures._estimate(table, 0.95, trained=True)
    assert (once.value, once.ci_lo) == (pytest.approx(0.45), None)
    worst = figures._estimate(np.array([[0.25]]), 0.95, trained=True)
    assert ONE_TRAINING in str(worst.reason)
    same = figures._estimate(np.full((3, 4), 0.5), 0.95, trained=True)
    assert same.method.endswith("the means of 3 trainings are the same")


def test_of_a_share_that_is_always_the_same_as_many_clusters_as_there_are_may_differ() -> None:
    made = cast(Material, SimpleNamespace(params=SimpleNamespace(report=SimpleNamespace(
        confidence=0.95))))  # fmt: skip
    row = figures._row(made, "hl_gauss", "won", {}, np.ones((3, 5)))
    assert (row["estimate"], row["n_clusters"]) == (1, 5)
    assert row["ci_lo"] == pytest.approx(0.025 ** (1 / 5))


def test_a_loss_improves_game_by_game() -> None:
    tables = {
        ("a", "hl_gauss"): [[1.0, 1.0], [2.0, 2.0], [2.0, 4.0]], ("a", "mse"): [[0.0]] * 3,
        ("b", "hl_gauss"): [[0.0], [5.0], [0.0]], ("b", "mse"): [[1.0], [1.0], [4.0]],
    }  # fmt: skip

    def scores(run: str, loss: str, metric: str) -> Scores | None:
        table = np.array(tables[run, loss])
        return Scores(table, tuple(map(str, range(table.shape[1]))), table.size, 0)

    runs = [SimpleNamespace(id=name, source=name, noise=0.0) for name in "ab"]
    build = SimpleNamespace(source=lambda _: SimpleNamespace(kind=PLAYED[0]))
    params = SimpleNamespace(
        build=build, evaluate=SimpleNamespace(seed=1), train=SimpleNamespace(runs=runs)
    )
    made = SimpleNamespace(params=params, losses=lambda _: ("mse", "hl_gauss"), scores=scores)
    rows = list(figures.game_rows(cast(Material, made)))
    # All of the nine pairs of trainings of the first game, three of the second.
    assert of(rows, "hl_gauss", "improvement", games="2")["estimate"] == pytest.approx(2 / 3)
    # A quarter of six values, rounded down to one, is left out at either end.
    assert of(rows, "hl_gauss", "iqm", games="2")["estimate"] == pytest.approx(
        stats.trim_mean([1, 2, 3, 0, 5, 0], 0.25)
    )
