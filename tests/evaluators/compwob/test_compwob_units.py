"""Every figure counts its own rows, pairs and clusters: each is made again by hand."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from compwob_handmade import TASKS, params, write
from scipy import stats

from evaluators.compwob.complexity import PREDICTORS, complexity_rows, inflation, slope
from evaluators.compwob.context import FEWEST_SEEDS, Subject, subjects
from evaluators.compwob.gaps import gap_rows, paired, with_parts
from evaluators.compwob.mixtures import mixture_rows
from evaluators.compwob.quality import failure_rows, instrument_rows, step_rows
from evaluators.compwob.rates import rate_rows
from measurand import runs, shards
from measurand.results import RESULTS
from measurand.stats.bounded import bounded
from measurand.stats.crossed import crossed_mean
from measurand.stats.icc import intraclass
from measurand.stats.resample import MIN_CLUSTERS
from measurand.stats.weighted_t import in_range
from pipelines.compwob.environment import Spec


def mixed(spec: Spec) -> bool:
    """Successes without a pattern that any regrouping would keep."""
    words = f"{spec.task.name}|{spec.order}|{spec.seed}"
    return sum(i * ord(letter) for i, letter in enumerate(words)) % 7 < 4


def _subject(folder: Path, seeds: int, rule: Any = mixed, **more: Any) -> Subject:
    agents = {"zero_shot@m": rule}
    given = params(agents, seeds=seeds, **more)
    return subjects(write(folder, given, agents), given)[0]


def _named(rows: Any) -> dict[tuple[str, str], Any]:
    return {(row["metric"], row["slice"]): row for row in rows}


def test_means_over_tasks_have_tasks_as_clusters(tmp_path: Path) -> None:
    subject = _subject(tmp_path, 4)
    rows = _named(rate_rows(subject)) | _named(gap_rows(subject))
    here = "order=forward"
    for metric, part in [("success_resampled", here), ("success_over_tasks", here),
                         ("gap_base", here), ("gap_base_resampled", here),
                         ("gap_reverse", ""), ("gap_reverse_resampled", ""),
                         ("residual", here)]:  # fmt: skip
        row = rows[metric, part]
        assert (row["n"], row["n_clusters"]) == (len(TASKS) * 4, len(TASKS)), metric
        assert row["ci_lo"] < row["estimate"] < row["ci_hi"], metric


def test_rates_of_easy_and_medium_tasks_are_of_these(tmp_path: Path) -> None:
    names = ["click-button_click-tab-2-hard", "click-link_click-button"]
    subject = _subject(tmp_path, 3, lambda s: "tab" in s.task.name, compositions=names)
    rows = _named(rate_rows(subject))
    assert rows["success", "difficulty=medium,order=single"]["estimate"] == 1
    assert rows["success", "difficulty=easy,order=single"]["estimate"] == 0


def test_a_gap_is_over_problems_and_its_residual_over_those_of_a_category(tmp_path: Path) -> None:
    subject = _subject(tmp_path, 4)
    pairs = with_parts(subject, "forward")
    rows = _named(gap_rows(subject))
    for category in ("two", "three", "transition"):
        some = pairs.filter(pl.col("category") == category)
        row = rows["residual", f"category={category},order=forward"]
        assert row["estimate"] == pytest.approx((some["success"] - some["predicted"]).mean())
        assert row["n_clusters"] == some["task"].n_unique()
    base = subject.of("single")
    rate = {t: base.filter(pl.col("task") == t)["success"].mean() for t in base["task"].unique()}
    for task, predicted in pairs.select("task", "predicted").unique().iter_rows():
        wanted = np.prod([rate[part] for part in task.removesuffix("-transition").split("_")])
        assert predicted == pytest.approx(wanted)


def test_as_few_tasks_as_an_interval_needs_have_one(tmp_path: Path) -> None:
    pairs = ["click-button_click-link", "click-link_click-button", "click-link_enter-text",
             "click-link_click-dialog", "click-option_login-user"]  # fmt: skip
    assert len(pairs) == MIN_CLUSTERS
    row = _named(gap_rows(_subject(tmp_path, 3, compositions=pairs)))[
        "residual", "category=two,order=forward"
    ]
    assert row["n_clusters"] == MIN_CLUSTERS
    assert row["ci_lo"] < row["estimate"] < row["ci_hi"]


def test_differences_that_are_all_alike_count_tasks_and_not_seeds(tmp_path: Path) -> None:
    tasks, seeds = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
    pairs = pl.DataFrame({"task": tasks, "seed": seeds})
    found = paired(pairs, np.zeros(72))
    crossed = crossed_mean(np.zeros(72), tasks, seeds)
    wanted = bounded(crossed, np.zeros(72), tasks, low=-1.0, high=1.0)
    assert (found.ci_lo, found.ci_hi) == (wanted.ci_lo, wanted.ci_hi)
    # Of twelve tasks fewer may differ than of six.
    assert found.ci_hi is not None
    assert found.ci_hi < 1 - 0.025 ** (1 / 6)


def test_slopes_have_the_t_of_their_tasks_and_their_own_episodes(tmp_path: Path) -> None:
    subject = _subject(tmp_path, 6)
    rows = _named(complexity_rows(subject))
    mine = subject.of("forward")
    row = rows["slope", "order=forward,predictor=html_nodes"]
    half = stats.t.ppf(0.975, len(TASKS) - 1) * row["se"]
    one = stats.t.ppf(0.95, len(TASKS) - 1) * row["se"]
    assert row["ci_hi"] - row["estimate"] == pytest.approx(half)
    assert row["estimate"] - row["ci_lo"] == pytest.approx(half)
    assert row["estimate"] - row["lower"] == pytest.approx(one)
    assert row["upper"] - row["estimate"] == pytest.approx(one)
    twos = slope(mine.filter(pl.col("n_parts") == 2), "html_nodes")
    assert rows["slope", "order=forward,parts=2,predictor=html_nodes"]["n"] == twos.n
    assert rows["slope", "order=forward,parts=2,predictor=html_nodes"]["estimate"] == twos.value


def test_inflation_needs_two_tasks_more_than_predictors() -> None:
    rng = np.random.default_rng(4)
    few = pl.DataFrame({name: rng.normal(size=len(PREDICTORS) + 1) for name in PREDICTORS})
    assert {found.reason for found in inflation(few).values()} == {"too few tasks"}
    more = pl.DataFrame({name: rng.normal(size=len(PREDICTORS) + 2) for name in PREDICTORS})
    assert all(found.value is not None for found in inflation(more).values())


def test_a_gain_pairs_models_of_one_seed(tmp_path: Path) -> None:
    agents = {
        "trained:uniform:0": lambda s: s.seed % 2 == 0,
        "trained:uniform:1": mixed,
        "trained:rebalanced:0": lambda s: s.seed % 3 == 0,
        "trained:rebalanced:1": lambda s: "link" in s.task.name,
    }
    given = params(agents, seeds=5)
    everyone = subjects(write(tmp_path, given, agents), given)
    rows = _named(mixture_rows(everyone))
    row = rows["mixture_gain", "mixture=rebalanced,order=forward"]
    by = {one.agent: one.of("forward").sort("task", "seed") for one in everyone}
    gains = np.concatenate(
        [(by[f"trained:rebalanced:{m}"]["success"] - by[f"trained:uniform:{m}"]["success"])
         .to_numpy() for m in (0, 1)]
    )  # fmt: skip
    tasks = np.concatenate([by[f"trained:uniform:{m}"]["task"].to_numpy() for m in (0, 1)])
    models = np.repeat([0, 1], len(TASKS) * 5)
    wanted = in_range(crossed_mean(gains, tasks, models), gains, tasks, low=-1.0)
    assert row["n"] == len(gains)
    assert row["estimate"] == pytest.approx(gains.mean())
    assert (row["ci_lo"], row["ci_hi"]) == pytest.approx((wanted.ci_lo, wanted.ci_hi))
    success = rows["mixture_success", "mixture=uniform,order=forward"]
    x = np.concatenate([by[f"trained:uniform:{m}"]["success"].to_numpy() for m in (0, 1)])
    wanted = in_range(crossed_mean(x, tasks, models), x, tasks)
    assert (success["ci_lo"], success["ci_hi"]) == pytest.approx((wanted.ci_lo, wanted.ci_hi))


def test_failures_are_shares_of_their_own_episodes(tmp_path: Path) -> None:
    subject = _subject(tmp_path, 4)
    rows = _named(failure_rows(subject))
    for order in ("single", "forward"):
        mine = subject.of(order)
        row = rows["failure_share", f"order={order},reason=wrong"]
        assert row["estimate"] == pytest.approx(1 - mine["success"].mean())
        assert row["n"] == len(mine)
    failed = subject.of("forward").filter(pl.col("success") == 0)
    for n in (2, 3):
        row = rows["first_failing", f"order=forward,part={n}"]
        assert row["estimate"] == (failed["n_parts"] == n).mean()
        assert row["n"] == len(failed)


def test_extra_steps_are_of_successes_of_the_same_problem(tmp_path: Path) -> None:
    agents = {"oracle": lambda s: s.seed % 4 > 0, "zero_shot@m": mixed}
    given = params(agents, seeds=4)
    oracle, other = subjects(write(tmp_path, given, agents), given)
    longer = other.episodes.with_columns(
        (pl.col("steps") + pl.col("seed") % 3 + pl.col("n_parts")).alias("steps")
    )
    rows = _named(step_rows(dataclasses.replace(other, episodes=longer), oracle))
    mine = longer.filter(
        (pl.col("order") == "forward") & (pl.col("success") == 1) & (pl.col("seed") % 4 > 0)
    )
    row = rows["extra_steps", "order=forward"]
    assert row["estimate"] == pytest.approx((mine["seed"] % 3 + mine["n_parts"]).mean())
    assert (row["n"], row["n_clusters"]) == (len(mine), mine["task"].n_unique())


def test_tokens_are_read_and_written_ones_for_each_success(tmp_path: Path) -> None:
    subject = _subject(tmp_path, 4)
    spent = subject.episodes.with_columns(
        (pl.col("seed") % 7 + 100).alias("prompt_tokens"),
        (pl.col("n_parts") + 3).alias("completion_tokens"),
    )
    rows = _named(failure_rows(dataclasses.replace(subject, episodes=spent)))
    tokens = (spent["prompt_tokens"] + spent["completion_tokens"]).sum()
    row = rows["tokens_per_success", ""]
    assert row["estimate"] == pytest.approx(tokens / spent["success"].sum())


def test_replays_and_losses_are_of_each_agent_and_of_all(tmp_path: Path) -> None:
    agents = {"oracle": mixed, "zero_shot@m": mixed}
    given = params(agents, seeds=4)
    results = write(tmp_path, given, agents)
    items = [
        {**row, "value": 0.0}
        if (row["model"], row["metric"]) == ("oracle", "replay_pages") else row
        for row in shards.read_table(results / "items").to_pylist()
    ]  # fmt: skip
    shutil.rmtree(results / "items")
    shards.write_dataset(results / "items", RESULTS, runs.table(RESULTS, items))
    everyone = subjects(results, given)
    lost = dataclasses.replace(everyone[0], lost=28)
    rows = {(r["model"], r["metric"]): r for r in instrument_rows([lost, everyone[1]], results)}
    again = [row for row in items if row["metric"] == "replay_pages"]
    wrong = sum(row["model"] == "oracle" for row in again)
    assert 0 < wrong < len(again)
    assert rows["oracle", "replay_pages"]["estimate"] == 0
    assert rows["zero_shot@m", "replay_pages"]["estimate"] == 1
    assert rows["all agents", "replay_pages"]["estimate"] == 1 - wrong / len(again)
    played = len(everyone[0].episodes)
    assert rows["oracle", "missing_share"]["estimate"] == 28 / (played + 28)
    assert rows["all agents", "missing_share"]["estimate"] == 28 / (2 * played + 28)
    assert rows["all agents", "foreign_requests"]["n"] == 100


def test_the_reliability_of_tasks_is_that_of_their_own_seeds(tmp_path: Path) -> None:
    subject = _subject(tmp_path, 5)
    mine = subject.of("forward").sort("task", "seed")
    table = mine["success"].to_numpy().reshape(len(TASKS), 5)
    wanted = intraclass(table).icc1k.value
    row = _named(rate_rows(subject))["task_icc", "of=success,order=forward"]
    assert row["estimate"] == pytest.approx(wanted)
    assert row["ci_lo"] is not None
    scores = mine.select(
        "task", pl.col("success").alias("score"), seen=pl.col("seed").rank("dense")
    )
    for most in (FEWEST_SEEDS - 1, FEWEST_SEEDS):
        found = subject.task_icc("x", {}, scores.filter(pl.col("seen") <= most))
        assert found.value is not None
        assert (found.ci_lo is None) == (most < FEWEST_SEEDS), most
        assert ("fewer than 4 episodes a task" in str(found.reason)) == (most < FEWEST_SEEDS)
    uneven = mine.filter(~((pl.col("task") == TASKS[0]) & (pl.col("seed") > 1_000_001)))
    scores = uneven.select("task", pl.col("success").alias("score"))
    shuffled = scores.sample(fraction=1.0, shuffle=True, seed=3)
    assert subject.task_icc("x", {}, scores).value == pytest.approx(
        subject.task_icc("x", {}, shuffled).value
    )
