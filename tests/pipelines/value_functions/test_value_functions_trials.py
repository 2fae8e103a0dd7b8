from __future__ import annotations

import numpy as np
import pytest
import torch
from value_functions_small import CHAIN, small

from pipelines.value_functions.supports import Support
from pipelines.value_functions.trials import rows_of, support_of, totals

PARAMS = small([CHAIN], [{"id": "a", "source": "chain", "steps": 1, "batch": 4}])


def test_batches_are_those_of_the_step_and_the_seed() -> None:
    run, rows = PARAMS.train.runs[0], np.arange(100, 200)
    found = rows_of(PARAMS, run, 3, rows)
    assert found.shape == (2, 4)
    assert ((found >= 100) & (found < 200)).all()
    np.testing.assert_array_equal(found, rows_of(PARAMS, run, 3, rows))
    assert (found[0] != found[1]).any()
    assert (found != rows_of(PARAMS, run, 4, rows)).any()
    other = run.model_copy(update={"id": "b", "noise": 1.0, "width": 3})
    np.testing.assert_array_equal(found, rows_of(PARAMS, other, 3, rows))


def test_a_support_is_the_runs_own_or_holds_the_range() -> None:
    run = PARAMS.train.runs[0]
    assert support_of(run, 0, 1).low < 0
    own = run.model_copy(update={"support": (-2.0, 3.0)})
    assert support_of(own, 0, 1) == Support(-2, 3, 51)


def test_sums_over_seeds_and_shares_beyond_the_support() -> None:
    y = torch.tensor([[0.0, 5.0], [1.0, 1.0]])
    total, figures = totals(torch.tensor([[1.0, 3], [2, 2]]), y, Support(0, 2, 4))
    assert float(total) == 4
    assert float(figures["value"]) == 2
    assert float(figures["clipped"]) == pytest.approx(0.25)
