from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from compwob_handmade import params, write
from scipy.stats import pearsonr, t
from statsmodels.stats.outliers_influence import variance_inflation_factor

from evaluators.compwob.complexity import (
    PREDICTORS,
    _correlations,
    _slopes,
    complexity_rows,
    inflation,
    slope,
)
from evaluators.compwob.context import Subject, subjects


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
    y = some["success"].to_numpy()
    wanted = sm.GLM(y, design, family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": True}
    )
    assert found.value == pytest.approx(wanted.params[1], abs=1e-6)
    # Of twenty tasks with fifteen episodes each the corrected error is a little larger.
    assert 1 < found.se / wanted.bse[1] < 1.15  # type: ignore[operator]
    assert found.ci_hi is not None
    assert found.ci_hi < 0
    half = t.ppf([0.025, 0.975, 0.05, 0.95], 19) * found.se
    ends = (found.ci_lo, found.ci_hi, found.lower, found.upper)
    assert ends == pytest.approx(found.value + half)
    assert found.method == "logistic regression; t(19) interval, CV3 error by task"
    assert (found.n, found.n_clusters) == (300, 20)


def test_its_error_is_the_jackknife_of_one_step() -> None:
    """Residuals of each task over what leaving it out would make of them: MacKinnon, Nielsen &
    Webb (2023), equation 12, with the weights of the logistic regression."""
    some = _episodes(60)
    found = slope(some, "html_nodes")
    x = some["html_nodes"].to_numpy()
    design = sm.add_constant((x - x.mean()) / x.std())
    y, codes = some["success"].to_numpy(), some["task"].rank("dense").to_numpy()
    p = sm.Logit(y, design).fit(disp=0).predict()
    bread = np.linalg.inv((design.T * (p * (1 - p))) @ design)
    total, tasks = np.zeros((2, 2)), np.unique(codes)
    for task in tasks:
        mine = codes == task
        left = (
            np.eye(mine.sum()) - (p * (1 - p))[mine, None] * design[mine] @ bread @ design[mine].T
        )
        score = design[mine].T @ np.linalg.solve(left, (y - p)[mine])
        total += np.outer(score, score)
    g = len(tasks)
    wanted = np.sqrt((bread @ total @ bread)[1, 1] * (g - 1) / g)
    assert found.se == pytest.approx(wanted, rel=1e-4)


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


def _subject(episodes: pl.DataFrame) -> Subject:
    given = params({"zero_shot@m": lambda spec: True})
    return Subject("compwob", "zero_shot@m", 0, 100, episodes, 0, given)


def test_slopes_are_of_all_episodes_and_of_those_with_as_many_parts() -> None:
    rng = np.random.default_rng(6)
    k = np.arange(120) % 12
    every = pl.DataFrame(
        {"task": [f"t{i}" for i in k], "n_parts": 2 + k % 2, "html_nodes": k + rng.normal(size=120),
         "success": (rng.random(120) < 0.5).astype(float)}
    )  # fmt: skip
    found = {
        row["slice"]: (row["estimate"], row["n"])
        for name in ("html_nodes", "n_parts")
        for row in _slopes(_subject(every), {"predictor": name}, every, name)
    }
    some = [slope(every.filter(n_parts=n), "html_nodes") for n in (2, 3)]
    assert None not in [one.value for one in some]
    assert found == {
        "predictor=html_nodes": (slope(every, "html_nodes").value, 120),
        "parts=2,predictor=html_nodes": (some[0].value, 60),
        "parts=3,predictor=html_nodes": (some[1].value, 60),
        "predictor=n_parts": (slope(every, "n_parts").value, 120),
    }


def test_three_tasks_have_a_correlation_and_two_have_none() -> None:
    means = pl.DataFrame({"depth": [1.0, 2.0, 4.0], "success": [0.5, 0.75, 0.7]})
    pearson, spearman = _correlations(_subject(means), {}, means, "depth")
    assert pearson["estimate"] == pytest.approx(pearsonr([1, 2, 4], [0.5, 0.75, 0.7]).statistic)
    assert spearman["estimate"] == pytest.approx(0.5)
    for row in _correlations(_subject(means), {}, means[:2], "depth"):
        assert (row["estimate"], row["reason"]) == (None, "fewer than three tasks")
