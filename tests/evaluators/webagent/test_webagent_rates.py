from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import webagent_small as small
from scipy import stats

from evaluators.webagent.evaluate.context import ALL, SYSTEM, Found, Subject
from evaluators.webagent.rates import control_rows, rate_rows, score, success


def _who(found: Found, agent: str) -> Subject:
    return next(one for one in found.everyone if one.agent == agent)


def _row(subject: Subject, metric: str, where: str = "") -> dict[str, object]:
    [row] = [r for r in rate_rows(subject) if (r["metric"], r["slice"]) == (metric, where)]
    return dict(row)


def test_success_has_wilsons_interval(found: Found) -> None:
    asked = [one.agent for one in found.everyone]
    assert len(asked) > 5
    for agent, solved in ((agent, small.SOLVED[agent]) for agent in asked):
        row = _row(_who(found, agent), "success", "site=map")
        ends = stats.binomtest(solved, small.EACH).proportion_ci(method="wilson")
        assert row["estimate"] == solved / small.EACH
        assert (row["ci_lo"], row["ci_hi"]) == pytest.approx((ends.low, ends.high), abs=1e-12)


def test_the_score_is_resampled_by_instruction(found: Found) -> None:
    full = _who(found, "full")
    mine = full.at("map")
    got = score(full, mine)
    assert got.value == pytest.approx((16 + 4 * 0.5) / 20)
    again = stats.bootstrap(
        (mine["score"].to_numpy(),), np.mean, method="percentile",
        n_resamples=2000, random_state=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert (got.ci_lo, got.ci_hi) == pytest.approx((again.low, again.high), abs=0.03)
    assert (got.least, got.most) == (0, 1)
    assert score(full, pl.concat([mine, mine])).n_clusters == 20


def test_other_templates_are_another_sample(found: Found) -> None:
    row = _row(_who(found, "full"), "success_over_templates", "site=map")
    # Of each template 4 instructions: one has all of them solved, four have 3.
    apart = np.array([4 - 3.2, *[3 - 3.2] * 4])
    assert (row["estimate"], row["n_clusters"]) == (16 / 20, 5)
    assert row["se"] == pytest.approx(np.sqrt(5 / 4 * (apart**2).sum()) / 20)


def test_seeds_of_an_instruction_are_no_further_sample(found: Found) -> None:
    once = _who(found, "full").at("map")
    thrice = pl.concat([once.with_columns(pl.lit(seed).alias("seed")) for seed in range(3)])
    one, three = success(once), success(thrice)
    assert one.value == three.value
    assert three.n == 60
    assert three.n_clusters == 20
    assert one.ci_hi is not None
    assert one.ci_lo is not None
    assert three.ci_hi is not None
    assert three.ci_lo is not None
    # Copies tell nothing new: an interval over rows would be 1.7 times as narrow.
    assert three.ci_hi - three.ci_lo > 0.9 * (one.ci_hi - one.ci_lo)


def test_browsers_that_failed_are_left_out_and_counted_as_failures(found: Found) -> None:
    full = _who(found, "full")
    first = full.every["episode_id"].is_in(full.at("map")["episode_id"].to_list()[:5])
    none = pl.when(first).then(None)
    every = full.every.with_columns(
        success=none.otherwise(pl.col("success")), score=none.otherwise(pl.col("score"))
    )
    lost = replace(full, every=every)
    solved = int(full.at("map")["success"].sum()) - 5
    # The first five in the order of names: all of them solved, or the counts would differ.
    assert full.at("map")["success"].to_list()[:5] == [1.0] * 5
    assert _row(lost, "success", "site=map")["estimate"] == solved / 15
    assert _row(lost, "success_infra_failed", "site=map")["estimate"] == solved / 20
    assert _row(lost, "missing_share", "site=map")["estimate"] == 5 / 20


def test_without_any_result_figures_are_null_with_a_reason(found: Found) -> None:
    full = _who(found, "full")
    nothing = pl.lit(None, dtype=pl.Float64)
    lost = replace(full, every=full.every.with_columns(success=nothing, score=nothing))
    for metric in ("success", "score", "success_over_templates"):
        row = _row(lost, metric)
        assert row["estimate"] is None
        assert (row["reason"], row["n"]) == ("no episode has a result", 0)


def test_controls_are_exact_and_say_where_nobody_acted(found: Found) -> None:
    shares = {row["slice"]: row["estimate"] for row in control_rows(found)}
    assert {(row["system"], row["model"]) for row in control_rows(found)} == {(SYSTEM, ALL)}
    assert shares["agent=oracle,site=forum"] == 1
    assert shares["agent=random,site=forum"] == 0
    alone = replace(found, everyone=[_who(found, "full")])
    assert {(row["reason"], row["n"]) for row in control_rows(alone)} == {("did not act", 0)}


def test_a_control_without_episodes_on_a_site_has_no_share_there(found: Found) -> None:
    oracle = _who(found, "oracle")
    elsewhere = replace(oracle, every=oracle.every.filter(pl.col("site") != "map"))
    some = replace(found, everyone=[elsewhere])
    rows = {row["slice"]: row for row in control_rows(some)}
    lost, known = rows["agent=oracle,site=map"], rows["agent=oracle,site=forum"]
    assert (lost["estimate"], lost["n"], lost["reason"]) == (None, 0, "no episode has a result")
    assert (known["estimate"], known["n"]) == (1, small.EACH)
