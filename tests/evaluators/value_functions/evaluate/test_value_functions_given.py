from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from evaluators.value_functions.evaluate.given import (
    _choices,
    _slope,
    controls,
    heads,
    reliability,
)


def test_material_is_read_as_log_odds() -> None:
    pieces = np.arange(-9, 10.0)
    assert _slope(pieces, 1 / (1 + np.exp(-0.35 * pieces))) == pytest.approx(0.35, abs=0.006)


def test_a_perfect_predictor_scores_one_and_a_constant_none() -> None:
    true = np.array([0.1, 0.5, 0.9, 0.3, 0.4])
    item, game = np.array(list("aaabb")), np.array(list("ggghh"))
    errors = np.stack([np.zeros(5), 0.2 - true])
    puzzle = np.array([True, True, True, False, False])
    found = list(_choices(errors, true, item, game, puzzle))

    def mean(metric: str, seed: int) -> float:
        return float(np.mean([f[5] for f in found if f[0] == metric and f[3] == seed]))

    assert mean("score", 0) == 1
    assert mean("score", 1) == pytest.approx(0, abs=1e-12)
    assert mean("absolute_error", 0) == 0
    assert mean("puzzle", 0) == 1
    assert mean("puzzle", 1) == pytest.approx(1 / 3)
    assert len([f for f in found if f[0] == "puzzle"]) == 2
    assert mean("tau", 0) == pytest.approx(1)
    assert {f[2] for f in found} == {"g", "h"}
    undefined = [f for f in found if f[0] == "tau" and f[3] == 1]
    assert all(f[5] is None and f[6] for f in undefined)


@pytest.mark.parametrize(("shifts", "last"), [([0.0, 4.0, 8.0], 8.0), ([], 0.0)])
def test_heads_are_held_to_the_targets_of_the_last_phase(shifts: list[float], last: float) -> None:
    class Asked:
        given = SimpleNamespace(choice=False)

        def head_covers(self, weights: object, shift: float) -> list[float]:
            return [shift]

    run: Any = SimpleNamespace(shifts=shifts)
    trial: Any = Asked()
    assert heads(run, trial, {}) == [{"covered": last, "calibration": None}]


def test_moves_are_put_in_bins_by_what_is_said_of_them() -> None:
    rng = np.random.default_rng(1)
    true = rng.random(200)
    said = np.stack([true, np.sqrt(true), 3 * true - 1])
    trial: Any = SimpleNamespace(
        given=SimpleNamespace(choice=True), rows=lambda name: np.arange(200),
        truth=np.stack([true] * 3), predict=lambda weights, rows: said[:, rows],
    )  # fmt: skip
    found = list(reliability(trial, {}))
    assert len([row for row in found if row["seed"] == 0]) == 10
    for seed in range(3):
        own = [row for row in found if row["seed"] == seed]
        assert sum(row["moves"] for row in own) == 200
        assert sum(row["moves"] * row["true"] for row in own) == pytest.approx(true.sum())
        assert [row["bin"] for row in own] == list(range(len(own)))
        assert all(a["said"] < b["said"] for a, b in pairwise(own))
    assert all(row["said"] == pytest.approx(row["true"]) for row in found if row["seed"] == 0)
    low = next(row for row in found if row["seed"] == 1)
    # The lowest tenth: roots of small numbers are too large.
    lowest = np.sort(true)[:20]
    assert low["true"] == pytest.approx(lowest.mean())
    assert low["said"] == pytest.approx(np.sqrt(lowest).mean())
    nothing: Any = SimpleNamespace(given=SimpleNamespace(choice=False))
    assert not list(reliability(nothing, {}))


def test_controls_are_the_training_mean_and_a_count_of_pieces() -> None:
    # Two positions of two moves; the training moves say that a pawn is .35 of log-odds.
    pieces = np.array([-2.0, 0.0, 2.0, 1.0, -1.0, 1.0, -1.0])
    y = 1 / (1 + np.exp(-0.35 * pieces))
    split = np.array(["train"] * 3 + ["test"] * 4)
    given = SimpleNamespace(
        choice=True, material=pieces, y=y, item=np.array(list("xyzaabb")),
        cluster=np.array(list("ghikkll")), puzzle=np.zeros(7, bool),
    )  # fmt: skip
    trial: Any = SimpleNamespace(
        truth=y[None], given=given, phases=(1,), rows=lambda name: np.flatnonzero(split == name)
    )
    run: Any = SimpleNamespace(shifts=())
    found = {name: list(rows) for name, rows in controls(run, trial)}
    assert list(found) == ["constant", "material"]
    score = {n: [f[5] for f in rows if f[0] == "score"] for n, rows in found.items()}
    assert score["constant"] == pytest.approx([0, 0], abs=1e-12)
    assert score["material"] == pytest.approx([1, 1])
    off = [f[5] for f in found["constant"] if f[0] == "absolute_error"]
    # The training mean is one half, the moves lie as far above it as below.
    assert off == pytest.approx([y[3] - 0.5] * 2)
    assert max(f[5] for f in found["material"] if f[0] == "absolute_error") < 0.002
