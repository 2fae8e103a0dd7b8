from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from evaluators.elastictok.context import Findings
from evaluators.elastictok.curves import curve_rows, error_ratio

BLOCKS = {
    "sample_id": [f"s{i // 2}" for i in range(6)],
    "block": [0, 1] * 3,
    "clip_id": [f"c{i // 2}" for i in range(6)],
}
"""Three sequences of two blocks."""


def rows(found: Findings, metric: str, model: str = "elastic") -> dict[str, dict[str, object]]:
    return {
        r["slice"]: r for r in curve_rows(found) if r["metric"] == metric and r["model"] == model
    }


def test_means_are_those_of_the_blocks(found: Findings) -> None:
    budgets = found.tables["budgets"].filter(model="elastic", split="test_clip", n_tokens=8)
    row = rows(found, "mse")["n=8,split=test_clip"]
    assert row["estimate"] == pytest.approx(budgets["mse"].mean())
    assert row["n"] == budgets.height
    assert row["n_clusters"] == budgets["clip_id"].n_unique()
    limit = found.limits["loose"]
    share = rows(found, "budget_feasible")["n=8,split=test_clip,threshold=loose"]
    assert share["estimate"] == pytest.approx((budgets["mse"] <= limit).mean())


def test_ratios_are_of_means_over_the_same_blocks(found: Findings) -> None:
    few, many = (
        found.budget("elastic", "test_clip").filter(n_tokens=n)["mse"].mean() for n in (2, 16)
    )
    gain = rows(found, "gain")["split=test_clip"]
    assert gain["estimate"] == pytest.approx(few / many)
    assert gain["ci_lo"] < gain["estimate"] < gain["ci_hi"]
    itself = error_ratio(found, "test_clip", ("elastic", 8), ("elastic", 8))
    assert (itself.value, itself.ci_lo) == (1.0, None)
    assert itself.reason == "no interval: the same without any of the units"


def test_elastic_stands_against_every_fixed_model(found: Findings) -> None:
    assert {s.split(",")[0] for s in rows(found, "against_fixed")} == {
        "fixed=fixed16", "fixed=fixed4",
    }  # fmt: skip
    cut = rows(found, "cut_against_elastic", "fixed16")
    assert "n=4,split=test_clip" in cut


def test_steps_that_fall_are_counted(found: Findings) -> None:
    curves = pl.DataFrame(
        {
            "model": ["elastic"] * 6,
            **BLOCKS,
            "n_tokens": [[2, 3, 4]] * 6,
            "mse": [[4.0, 3.0, 2.0]] * 3 + [[4.0, 3.0, 3.0]] * 3,
        }
    )
    made = dataclasses.replace(found, tables={**found.tables, "errors": curves})
    assert rows(made, "monotone_share")[""]["estimate"] == pytest.approx(0.75)
    real = found.tables["errors"]["mse"].to_list()
    expected = np.mean([np.mean(np.diff(e) < 0) for e in real])
    assert rows(found, "monotone_share")[""]["estimate"] == pytest.approx(expected)


def test_steps_between_budgets_are_counted_apart(found: Findings) -> None:
    assert found.budgets("elastic") == [2, 4, 8, 12, 16]
    numbers = list(range(2, 17))
    # Falls from budget to budget, and rises by a little after every one of them.
    errors = [20.0 - n + (15.0 if n in (3, 5, 9, 13) else 0.0) for n in numbers]
    curves = pl.DataFrame(
        {
            "model": ["elastic"] * 6,
            **BLOCKS,
            "n_tokens": [numbers] * 6,
            "mse": [errors] * 6,
        }
    )
    made = dataclasses.replace(found, tables={**found.tables, "errors": curves})
    own = rows(made, "monotone_share")
    assert own[""]["estimate"] == pytest.approx(10 / 14)
    assert own["steps=budgets"]["estimate"] == 1.0
    at = [numbers.index(n) for n in found.budgets("elastic")]
    real = np.array(found.tables["errors"]["mse"].to_list())[:, at]
    expected = (np.diff(real) < 0).mean()
    assert rows(found, "monotone_share")["steps=budgets"]["estimate"] == pytest.approx(expected)


def test_a_curve_without_two_budgets_has_no_such_steps(found: Findings) -> None:
    short = pl.DataFrame(
        {
            "model": ["elastic"], "sample_id": ["s"], "block": [0], "clip_id": ["c"],
            "n_tokens": [[3, 4, 5]], "mse": [[3.0, 2.0, 1.0]],
        }
    )  # fmt: skip
    made = dataclasses.replace(found, tables={**found.tables, "errors": short})
    own = rows(made, "monotone_share")
    assert own[""]["estimate"] == 1.0
    assert own["steps=budgets"]["reason"] == "fewer than two budgets on the curve"


def test_ratios_between_models_have_the_named_one_on_top(found: Findings) -> None:
    def error(model: str, n: int) -> float:
        own = found.budget(model, "test_clip").filter(n_tokens=n)["mse"].mean()
        assert isinstance(own, float)
        return own

    against = rows(found, "against_fixed")["fixed=fixed4,split=test_clip"]
    assert against["estimate"] == pytest.approx(error("elastic", 4) / error("fixed4", 4))
    cut = rows(found, "cut_against_elastic", "fixed16")["n=4,split=test_clip"]
    assert cut["estimate"] == pytest.approx(error("fixed16", 4) / error("elastic", 4))
