from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.elastictok import head, model
from pipelines.elastictok.coding import Coder
from pipelines.elastictok.searches import Range
from pipelines.elastictok.sequences import read
from schemas.elastictok.params import Params


def test_targets_lie_between_the_measured_numbers() -> None:
    errors = np.array([[4.0, 2.0, 1.0], [4.0, 5.0, 1.0], [0.5, 0.4, 0.3], [9.0, 8.0, 7.0]])
    found = head.tokens_for(errors, [10, 20, 40], np.array([1.5, 2.0, 1.0, 1.0]))
    assert found == pytest.approx([30.0, 35.0, 10.0, 40.0])


@pytest.fixture(scope="module")
def coder(small: Params) -> Coder:
    size = model.sizes(small, small.elastic)
    weights = {k: v if "norm" in k else v * 10 for k, v in model.init(size, 3).items()}
    return Coder(weights, size, small.train.patch, 64)


def test_a_smaller_error_asks_for_more_tokens(coder: Coder, small: Params, built: Path) -> None:
    raw = small.model_dump(mode="json")
    raw["train"]["head"] = {"sequences": 16, "budgets": 6, "steps": 200, "batch": 64}
    params = Params.model_validate(raw)
    data = read(built / "dataset/blocks", "train")
    weights, said = head.fit(coder, data, params)
    again, _ = head.fit(coder, data, params)
    assert all(torch.equal(weights[k], again[k]) for k in weights)
    features, errors, grid = head.curves(coder, data, params)
    assert errors.shape == (32, len(grid))
    low, high = np.quantile(errors, [0.1, 0.9])
    means = [
        float(head.predict(weights, features, torch.full((32,), float(t))).mean())
        for t in (high, low)
    ]
    assert 0 < means[0] < means[1] < 1
    # Better than the best constant at the very blocks it was shown.
    limit = np.full(32, np.median(errors))
    truth = head.tokens_for(errors, grid, limit) / 16
    found = head.predict(weights, features, torch.from_numpy(limit)).numpy()
    assert np.abs(found - truth).mean() < np.abs(np.median(truth) - truth).mean()
    [middle] = [row for row in said if row["level"] == 50]
    assert middle["true_tokens"] == pytest.approx(16 * truth.mean())
    assert middle["predicted_tokens"] == pytest.approx(16 * found.mean(), rel=1e-4)
    assert middle["loss"] < middle["constant_loss"]


def skewed(monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, list[int]]:
    """Curves of blocks whose errors differ a hundredfold, as pictures and games do."""
    grid = [2, 4, 8, 16]
    level = np.geomspace(0.002, 0.2, 64)
    errors = level[:, None] * np.array([2.0, 1.6, 1.25, 1.0])
    features = torch.from_numpy(np.log(level)[:, None]).float()
    monkeypatch.setattr(head, "curves", lambda *_: (features, errors, grid))
    return errors, grid


def test_targets_are_not_drawn_where_no_number_of_tokens_is_enough(
    coder: Coder, small: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    skewed(monkeypatch)
    asked: list[np.ndarray] = []
    known = head.tokens_for

    def seen(of: np.ndarray, grid: list[int], limits: np.ndarray) -> np.ndarray:
        asked.append(known(of, grid, limits))
        return asked[-1]

    monkeypatch.setattr(head, "tokens_for", seen)
    head.fit(coder, None, small)  # type: ignore[arg-type]
    drawn = np.concatenate(asked[: small.train.head.steps])
    assert np.mean(drawn == 16) < 0.01
    assert np.ptp(drawn) > 10


def test_a_threshold_that_most_blocks_reach_with_the_fewest_tokens_is_learned_too(
    coder: Coder, small: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    skewed(monkeypatch)
    raw = small.model_dump(mode="json")
    raw["train"]["head"] |= {"steps": 300, "batch": 64, "quantile": 0.7}
    weights, said = head.fit(coder, None, Params.model_validate(raw))  # type: ignore[arg-type]
    # An easy block, and a threshold far above all that it was ever measured at.
    [easy] = head.predict(weights, torch.log(torch.tensor([[0.003]])), torch.tensor([0.15])) * 16
    assert easy < 4
    assert [row["level"] for row in said] == [25, 50, 75, 90]
    assert all(row["loss"] < 0.7 * row["constant_loss"] for row in said)


def test_a_constant_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    errors, grid = skewed(monkeypatch)
    monkeypatch.setattr(head, "predict", lambda w, f, t: torch.full((len(f),), 61.6 / 64))
    said = head.check({}, torch.zeros(64, 1), errors, grid, 0.7)
    assert all(row["loss"] >= row["constant_loss"] for row in said)
    assert all(row["predicted_tokens"] == pytest.approx(15.4) for row in said)


def test_the_search_by_regression_tries_once(coder: Coder, small: Params, built: Path) -> None:
    data = read(built / "dataset/blocks", "train").take([0, 1, 2])
    weights, _ = head.fit(coder, data, small)
    search = head.Regression(weights, 16, Range(2, 16, 16), 0.5)
    coded = coder.code(data.frames, data.segments, search.make, search.opened)
    for row in coded.found:
        assert all(f.evaluations == 1 and 2 <= f.n <= 16 for f in row)
        assert all(f.feasible == (f.error <= 0.5) for f in row)
