from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from scipy.stats import t

from evaluators.value_functions import narrowing
from evaluators.value_functions.context import FloatArray, Material, Scores, material
from measurand.stats.crossed import components
from measurand.stats.resample import rng_for
from schemas.value_functions.params import Params


def table(
    rows: float, columns: float, rest: float, seed: int, r: int = 6, g: int = 50
) -> FloatArray:
    rng = np.random.default_rng(seed)
    return (
        rows * rng.normal(size=(r, 1))
        + columns * rng.normal(size=(1, g))
        + rest * rng.normal(size=(r, g))
    )


def test_where_trainings_are_all_of_the_spread_the_ratio_is_that_of_t() -> None:
    # The mean log of s is half of psi(df / 2) - log(df / 2): -.288 for 2, -.107 for 5 degrees.
    closed = math.log(t.ppf(0.975, 2) / t.ppf(0.975, 5)) + 0.5 * math.log(2) - 0.288 + 0.107
    drawn = [narrowing.log_ratio(table(1, 0, 1e-6, seed), 0.95) for seed in range(400)]
    assert np.mean(np.array(drawn, float)) == pytest.approx(closed, abs=0.06)
    wanted = [
        narrowing.expected(table(1, 0, 1e-6, seed), 0.95, ("test", seed)) for seed in range(5)
    ]
    assert np.mean(wanted) == pytest.approx(closed, abs=0.06)


def test_where_items_are_all_of_it_more_trainings_narrow_nothing() -> None:
    drawn = [narrowing.log_ratio(table(0, 1, 1e-6, seed), 0.95) for seed in range(20)]
    assert np.array(drawn, float) == pytest.approx(0.0, abs=1e-3)
    assert narrowing.expected(table(0, 1, 1e-6, 3), 0.95, ("test",)) == pytest.approx(0, abs=1e-2)
    assert narrowing.log_ratio(np.zeros((6, 5)), 0.95) is None


def test_the_row_is_a_geometric_mean_over_sources(
    results: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [
        (SimpleNamespace(id=f"run{k}", source=f"source{k // 2}"), table(1, 0.5, 0.3, k))
        for k in range(12)
    ]
    monkeypatch.setattr(
        narrowing, "_tables", lambda _, loss: iter(tables if loss == "hl_gauss" else [])
    )
    seen, wanted = narrowing.narrowing_rows(material(results, results, params))
    logs = [narrowing.log_ratio(one, 0.95) for _, one in tables]
    assert seen["estimate"] == pytest.approx(math.exp(float(np.mean(np.array(logs, float)))))
    assert {(row["system"], row["model"]) for row in (seen, wanted)} == {
        ("value_functions", "hl_gauss")
    }
    assert (seen["metric"], seen["slice"], seen["n_clusters"]) == ("narrowing", "over=mse", 6)
    assert seen["ci_lo"] < seen["estimate"] < seen["ci_hi"]
    drawn = [narrowing.expected(one, 0.95, ("test", k)) for k, (_, one) in enumerate(tables)]
    assert wanted["estimate"] == pytest.approx(math.exp(float(np.mean(drawn))), rel=0.1)


def test_three_trainings_have_no_half(results: Path, params: Params) -> None:
    assert not list(narrowing.narrowing_rows(material(results, results, params)))


def test_only_tables_with_halves_are_asked() -> None:
    shapes = {"plain": (4, 3), "few": (3, 9), "one_cluster": (9, 1), "shuffled": (4, 3),
              "unscored": (4, 3), "no_baseline": (4, 3)}  # fmt: skip
    tables = {
        (name, loss): table(1, 1, 1, seed, *shape)
        for name, shape in shapes.items()
        for seed, loss in enumerate(("hl_gauss", "mse"))
    }
    del tables["unscored", "hl_gauss"], tables["no_baseline", "mse"]

    def scores(run: str, loss: str, metric: str) -> Scores | None:
        found = tables.get((run, loss))
        assert metric == "score"
        names = tuple(f"c{i}" for i in range(shapes[run][1]))
        return None if found is None else Scores(found, names, found.size, 0)

    runs = [SimpleNamespace(id=name, shuffled=name == "shuffled") for name in shapes]
    made = SimpleNamespace(params=SimpleNamespace(train=SimpleNamespace(runs=runs)), scores=scores)
    [(run, found)] = narrowing._tables(cast(Material, made), "hl_gauss")
    assert run.id == "plain"
    assert np.array_equal(found, tables["plain", "hl_gauss"] - tables["plain", "mse"])
    assert not list(narrowing._tables(cast(Material, made), "mse"))


def test_what_is_expected_is_drawn_from_the_three_components() -> None:
    seen = table(1, 0.5, 0.3, 8)
    parts = components(seen)
    a, b, c = (math.sqrt(part) for part in (parts.rows, parts.columns, parts.rest))
    rng = rng_for("test", 8)
    logs = [
        narrowing.log_ratio(
            rng.normal(0, a, (6, 1)) + rng.normal(0, b, (1, 50)) + rng.normal(0, c, (6, 50)), 0.95
        )
        for _ in range(narrowing.DRAWS)
    ]
    wanted = float(np.mean(np.array(logs, float)))
    assert narrowing.expected(seen, 0.95, ("test", 8)) == pytest.approx(wanted)
