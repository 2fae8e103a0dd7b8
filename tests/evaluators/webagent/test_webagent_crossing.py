from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import webagent_small as small
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from evaluators.webagent.crossing import (
    difference_rows,
    interaction,
    mcnemar_of,
    pairs,
    squares,
    together,
)
from evaluators.webagent.evaluate.context import Found, Subject
from schemas.webagent.params import Agent


def _who(found: Found, agent: str) -> Subject:
    return next(one for one in found.everyone if one.agent == agent)


def test_the_square_is_found_by_what_agents_are_set_up_with(found: Found) -> None:
    square = next(one for one in squares(found) if one.both.agent == "full")
    assert [cell and cell.agent for cell in square.cells] == ["alone", "told", "shown", "full"]
    named = {(one.agent, other.agent) for one, other in pairs(found)}
    assert {("full", "told"), ("full", "shown"), ("full", "alone"), ("told", "alone"),
            ("shown", "alone"), ("full", "shuffled"), ("full", "scratch")} <= named  # fmt: skip
    assert not any((b, a) in named for a, b in named)


def test_a_shuffled_agent_stands_after_its_twin_though_both_be_rules(found: Found) -> None:
    spec = Agent(name="mixed", shuffled=True)
    evaluate = found.params.evaluate.model_copy(update={"agents": (spec, small.AGENTS[0])})
    given = found.params.model_copy(update={"evaluate": evaluate})
    rules = [
        replace(_who(found, "oracle"), model=name, params=given) for name in ("mixed", "oracle")
    ]
    assert [(a.agent, b.agent) for a, b in pairs(replace(found, everyone=rules))] == [
        ("oracle", "mixed")
    ]


def test_differences_are_paired_and_have_the_known_sizes(found: Found) -> None:
    rows = {(r["model"], r["metric"], r["slice"]): r for r in difference_rows(found)}
    for metric, over, size in (
        ("success_difference", "told", 0.4), ("success_difference", "shown", 0.5),
        ("success_difference", "alone", 0.7), ("score_difference", "told", 0.2),
        ("score_difference", "shuffled", 0.65),
    ):  # fmt: skip
        assert rows["full", metric, f"over={over}"]["estimate"] == pytest.approx(size)
    row = rows["full", "success_difference", "over=told"]
    x = np.repeat([0.0, 1.0, 0.0], [8, 8, 4])
    x = np.tile(x, 3)
    ends = stats.ttest_1samp(x, 0).confidence_interval()
    assert (row["ci_lo"], row["ci_hi"]) == pytest.approx((ends.low, ends.high))
    assert rows["full", "success_interaction", ""]["estimate"] == pytest.approx(
        0.8 - 0.4 - 0.3 + 0.1
    )
    for metric in ("success", "score"):
        [a, b] = (rows["full", f"{metric}_{of}", part]["n_clusters"]
                  for of, part in (("interaction", ""), ("difference", "over=told")))  # fmt: skip
        assert a == b == len(x)


@pytest.mark.parametrize(("a", "b"), [("full", "told"), ("told", "shown"), ("full", "random")])
def test_mcnemar_is_that_of_statsmodels(found: Found, a: str, b: str) -> None:
    both = together(_who(found, a), _who(found, b))
    counts = np.zeros((2, 2))
    for one, other in both.select("success", "success_other").iter_rows():
        counts[int(one), int(other)] += 1
    assert mcnemar_of(both).value == pytest.approx(mcnemar(counts, exact=True).pvalue)


def test_without_pairs_there_is_a_reason(found: Found) -> None:
    full, told = _who(found, "full"), _who(found, "told")
    same = mcnemar_of(together(full, full))
    assert (same.value, same.reason) == (None, "no pair differs")
    site = replace(told, every=told.every.filter(pl.col("site") == "map"))
    assert len(together(full, site)) == 20
    none = mcnemar_of(together(replace(full, every=full.every.clear()), told))
    assert none.reason == "no instruction that both tried has two results"
    square = next(one for one in squares(found) if one.both.agent == "full")
    lacking = interaction(replace(square, neither=None), "score")
    assert (lacking.reason, lacking.n) == ("a cell of the square was not played", 0)
    assert square.neither is not None
    idle = replace(square.neither, every=square.neither.every.clear())
    apart = interaction(replace(square, neither=idle), "score")
    assert (apart.reason, apart.n) == ("no instruction that both tried has two results", 0)


def test_what_is_measured_is_held_against_random_clicks(found: Found) -> None:
    against = [(one.agent, other.agent) for one, other in pairs(found)]
    assert {one for one, other in against if other == "random"} == {"full", "scratch"}
    assert len(against) == len(set(against))
    rows = {(r["model"], r["metric"], r["slice"]): r for r in difference_rows(found)}
    assert rows["full", "success_difference", "over=random"]["estimate"] == pytest.approx(0.8)
    nobody = replace(found, everyone=[one for one in found.everyone if one.agent != "random"])
    assert "random" not in {other.agent for _, other in pairs(nobody)}
