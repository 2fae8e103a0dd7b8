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
    weights = head.fit(coder, data, params)
    again = head.fit(coder, data, params)
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


def test_the_search_by_regression_tries_once(coder: Coder, small: Params, built: Path) -> None:
    data = read(built / "dataset/blocks", "train").take([0, 1, 2])
    weights = head.fit(coder, data, small)
    search = head.Regression(weights, 16, Range(2, 16, 16), 0.5)
    coded = coder.code(data.frames, data.segments, search.make, search.opened)
    for row in coded.found:
        assert all(f.evaluations == 1 and 2 <= f.n <= 16 for f in row)
        assert all(f.feasible == (f.error <= 0.5) for f in row)
