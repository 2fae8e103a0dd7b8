from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from value_functions_small import CHAIN, DIGITS, small, table

from measurand.errors import ParamsError
from pipelines.value_functions import material
from pipelines.value_functions.regression import Regression, truth
from schemas.value_functions.params import Loss, Params


def trial(built: Path, loss: Loss = "mse", source: str = "mine", **run: Any) -> Regression:
    params = world(built, source, **run)
    found = material.load(params, source, built / "dataset")
    assert isinstance(found, material.Given)
    return Regression(params, params.train.runs[0], loss, found, "cpu")


def world(built: Path, source: str, **run: Any) -> Params:
    sources = [CHAIN, {**DIGITS, "pictures": 60}, table(built / "mine.csv")]
    shifts = {"shifts": [0, 8]} if source == "digits" else {}
    return small(sources, [{"id": "a", "source": source, "steps": 3, **shifts, **run}])


def test_heads_know_the_training_targets_alone(built: Path) -> None:
    own = trial(built)
    seen = own.truth[0, own.rows("train")]
    assert own.head.mean == pytest.approx(seen.mean())
    assert own.head.spread == pytest.approx(seen.std())
    assert own.head.support.low < seen.min()
    assert own.head.support.high > seen.max()
    for step in range(3):
        rows, shift = own.batch(step)
        assert shift == 0
        assert set(rows.flatten().tolist()) <= set(own.rows("train").tolist())
    assert own.phases == (3,)


def test_noise_is_added_to_what_is_taught_and_not_to_the_truth(built: Path) -> None:
    plain, noisy, more = trial(built), trial(built, noise=0.5), trial(built, noise=1.0)
    np.testing.assert_array_equal(plain.truth, noisy.truth)
    rows = plain.rows("train")
    apart = (noisy._y - plain._y)[:, rows].numpy()
    spread = plain.truth[0, rows].std()
    assert apart.std() == pytest.approx(0.5 * spread, rel=0.15)
    assert not np.allclose(apart[0], apart[1])
    np.testing.assert_allclose((more._y - plain._y).numpy()[:, rows], 2 * apart, atol=1e-5)


def test_shuffled_targets_are_the_same_ones_elsewhere(built: Path) -> None:
    plain, dealt = trial(built), trial(built, shuffled=True)
    rows = plain.rows("train")
    for seed in range(2):
        a, b = plain._y[seed, rows], dealt._y[seed, rows]
        np.testing.assert_array_equal(np.sort(a), np.sort(b))
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.4
    held = plain.rows("test")
    np.testing.assert_array_equal(plain._y[:, held], dealt._y[:, held])


def test_targets_move_from_shift_to_shift(built: Path) -> None:
    own = trial(built, "hl_gauss", "digits", bins=101)
    assert own.steps == 6
    assert own.phases == (3, 6)
    assert [own.batch(step)[1] for step in (0, 2, 3, 5)] == [0, 0, 8, 8]
    assert own.head.support.low < -1
    assert own.head.support.high > 9
    assert abs(own.head.mean) < 1
    assert len(own._seen) == 60


def test_labels_of_digits_are_the_seeds_own(built: Path) -> None:
    params = world(built, "digits")
    given = material.load(params, "digits", built / "dataset")
    assert isinstance(given, material.Given)
    found = truth(params, params.train.runs[0], given)
    assert found.shape == (2, 60)
    assert np.abs(found).max() <= 1
    assert found.var() == pytest.approx(0.5, abs=0.12)
    assert abs(np.corrcoef(found)[0, 1]) < 0.4


def test_validation_is_the_squared_error(built: Path) -> None:
    from pipelines.value_functions.train import begin

    own = trial(built)
    weights = begin(own._params, own._run, own, "cpu")
    rows = own.rows("val")
    wanted = -np.square(own.predict(weights, rows) - own.truth[:, rows]).mean(1)
    np.testing.assert_allclose(own.validate([weights]), wanted)


def test_a_constant_target_is_refused(built: Path) -> None:
    params = world(built, "mine")
    given = material.load(params, "mine", built / "dataset")
    assert isinstance(given, material.Given)
    flat = material.Given(**{**vars(given), "y": np.full(len(given.y), 0.1)})
    with pytest.raises(ParamsError, match="all alike") as caught:
        Regression(params, params.train.runs[0], "mse", flat, "cpu")
    assert caught.value.code == "constant_target"
