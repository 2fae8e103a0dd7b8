from __future__ import annotations

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pytest

from evaluators.soft_labels.context import alpha_over


def long(table: np.ndarray) -> tuple[pl.DataFrame, np.ndarray]:
    """A row per pair and asking: 2 wordings x 2 orders, as columns of the table."""
    rows = [
        {"pair_id": f"p{pair}", "wording": wording, "order": order}
        for pair in range(len(table))
        for wording in ("a", "b")
        for order in ("12", "21")
    ]
    return pl.DataFrame(rows), table.ravel()


def noisy(n: int, noise: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    found: np.ndarray = rng.normal(size=(n, 1)) + noise * rng.normal(size=(n, 4))
    return found


def test_it_is_pingouins_alpha_of_every_combination() -> None:
    table = noisy(15, 0.8)
    rows, values = long(table)
    shuffled = np.random.default_rng(1).permutation(len(values))
    found = alpha_over(["wording", "order"], rows[shuffled.tolist()], values[shuffled])
    expected, _ = pingouin.cronbach_alpha(pd.DataFrame(table))
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.n == 15
    assert (found.ci_lo, found.reason is not None) == (None, True)


def test_gaps_are_left_out_pair_by_pair() -> None:
    table = noisy(15, 0.8)
    rows, values = long(table)
    values[5] = np.nan
    gap = alpha_over(["wording", "order"], rows, values).value
    row = alpha_over(["wording", "order"], rows[[i for i in range(60) if i != 5]],
                     np.delete(values, 5)).value  # fmt: skip
    assert gap == row is not None


@pytest.mark.parametrize(("units", "table"), [(3, [[0.1], [0.4], [0.2]]), (0, np.empty((0, 1)))])
def test_what_is_measured_once_has_none(units: int, table: np.ndarray) -> None:
    rows = pl.DataFrame(
        {"pair_id": [f"p{i}" for i in range(units)], "seed": [0] * units},
        schema={"pair_id": pl.String, "seed": pl.Int64},
    )
    found = alpha_over(["seed"], rows, np.asarray(table).ravel())
    assert (found.value, found.reason) == (None, "measured once: no repeats")


def test_a_repeat_that_does_not_vary_has_none() -> None:
    table = noisy(6, 0.5)
    table[:, 1] = 1.0
    found = alpha_over(["wording", "order"], *long(table))
    assert (found.value, found.reason) == (None, "1 of 4 items never vary")
