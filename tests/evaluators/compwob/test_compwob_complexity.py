from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from compwob_handmade import params, write
from statsmodels.stats.outliers_influence import variance_inflation_factor

from evaluators.compwob.complexity import PREDICTORS, complexity_rows, inflation, slope
from evaluators.compwob.context import subjects


def _episodes(n: int = 300, effect: float = -1.0) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    tasks = rng.integers(0, 20, n)
    x = tasks * 2.0 + rng.normal(size=n)
    p = 1 / (1 + np.exp(-effect * (x - x.mean()) / x.std()))
    y = (rng.random(n) < p).astype(float)
    return pl.DataFrame({"task": [f"t{t:02d}" for t in tasks], "html_nodes": x, "success": y})


def test_the_slope_is_that_of_a_clustered_logistic_regression() -> None:
    some = _episodes()
    found = slope(some, "html_nodes")
    x = some["html_nodes"].to_numpy()
    design = sm.add_constant((x - x.mean()) / x.std())
    codes = some["task"].rank("dense").to_numpy()
    wanted = sm.GLM(some["success"].to_numpy(), design, family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": True}
    )
    assert found.value == pytest.approx(wanted.params[1], abs=1e-6)
    assert found.se == pytest.approx(wanted.bse[1], rel=0.01)
    assert found.ci_hi is not None
    assert found.ci_hi < 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"success": 1.0}, "every episode ended alike"),
        ({"html_nodes": 3.0}, "the predictor does not vary"),
        ({"task": "one"}, "fewer than three tasks"),
    ],
)
def test_what_cannot_be_regressed_has_a_reason(change: dict[str, object], reason: str) -> None:
    some = _episodes().with_columns(**{k: pl.lit(v) for k, v in change.items()})
    found = slope(some, "html_nodes")
    assert (found.value, found.reason) == (None, reason)


def test_separated_outcomes_have_no_slope() -> None:
    some = _episodes().with_columns((pl.col("html_nodes") > 20).cast(pl.Float64).alias("success"))
    assert slope(some, "html_nodes").value is None


def test_inflation_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    base = rng.normal(size=50)
    data = {
        name: base * w + rng.normal(size=50)
        for name, w in zip(PREDICTORS, (2.0, 0.5, 1.0, 0.0, 0.3), strict=True)
    }
    found = inflation(pl.DataFrame(data))
    design = sm.add_constant(np.column_stack(list(data.values())))
    for i, name in enumerate(PREDICTORS):
        assert found[name].value == pytest.approx(variance_inflation_factor(design, i + 1))


def test_predictors_that_determine_one_another_have_none() -> None:
    x = np.arange(12.0)
    data = {name: x * (i + 1) for i, name in enumerate(PREDICTORS)}
    found = inflation(pl.DataFrame(data))
    assert {e.reason for e in found.values()} == {"the predictors determine one another"}


def test_longer_sentences_that_fail_have_a_negative_correlation(tmp_path: Path) -> None:
    agents = {"zero_shot@m": lambda s: len(s.task.parts) == 2 and s.seed % 4 != 0}
    given = params(agents)
    (subject,) = subjects(write(tmp_path, given, agents), given)
    rows = {(r["metric"], r["slice"]): r for r in complexity_rows(subject)}
    found = rows["pearson", "order=forward,predictor=instruction_tokens"]["estimate"]
    assert found is not None
    assert found < -0.8
