from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
from guided_evolution_world import BUDGET, params, times, write

from evaluators.guided_evolution.context import Material, material
from evaluators.guided_evolution.reaching import (
    _ratio,
    _times,
    best_rows,
    break_even,
    capped,
    oracle_rows,
    reaching_rows,
)
from measurand.reporting.lookup import Figures
from measurand.stats.ratios import ratio_of_sums

TOP = {"task": "cora", "target": "top"}


def _capped(method: str) -> np.ndarray:
    return np.array([BUDGET if x is None else x for x in times()[method]], float)


def test_a_search_that_never_arrives_counts_with_its_budget(
    known: Material, figures: Figures
) -> None:
    assert capped(known.reached("cora", "random", "top")).tolist() == _capped("random").tolist()
    row = figures.get("random", "evaluations", **TOP)
    assert row is not None
    assert row["estimate"] == pytest.approx(_capped("random").mean())
    assert "at most 40" in row["method"]
    rate = figures.get("random", "reached", **TOP)
    assert rate is not None
    assert rate["estimate"] == pytest.approx(11 / 12)


def test_times_fewer_are_ratios_of_paired_means(figures: Figures) -> None:
    for method in ("random", "pam_rt", "oracle_100"):
        row = figures.get(method, "speedup", **TOP)
        assert row is not None
        wanted = _capped("evolution").mean() / _capped(method).mean()
        assert row["estimate"] == pytest.approx(wanted)
        assert row["ci_lo"] < wanted < row["ci_hi"]  # type: ignore[operator]
        again = ratio_of_sums(_capped("evolution"), _capped(method))
        assert (row["ci_lo"], row["upper"]) == pytest.approx((again.ci_lo, again.upper))
    assert figures.get("evolution", "speedup", **TOP) is None


def test_times_faster_hold_the_networks_own_time(figures: Figures) -> None:
    """An evaluation is 0.1 s, beside it 0.5 s with a network and 0.01 s without."""
    wanted = 0.11 * _capped("evolution").mean() / (0.6 * _capped("pam_rt").mean())
    assert figures.value("pam_rt", "speedup_seconds", **TOP) == pytest.approx(wanted)


def test_at_the_break_even_cost_both_take_equally_long(figures: Figures) -> None:
    cost = figures.value("pam_rt", "break_even", **TOP)
    assert cost is not None
    own, against = _capped("pam_rt").mean(), _capped("evolution").mean()
    assert own * (0.5 + cost) == pytest.approx(against * (0.01 + cost))


def test_what_saves_nothing_has_no_break_even() -> None:
    frame = pl.DataFrame({"seconds": [2.0], "evaluation": [1.0], "capped": [10.0]})
    found = break_even(frame, frame)
    assert (found.value, found.reason) == (None, "it saves no evaluations")


def test_without_the_journal_times_are_undefined(tmp_path: Path) -> None:
    write(tmp_path, times(), timed=False)
    rows = list(reaching_rows(material(tmp_path, tmp_path / "results", params())))
    found = [r for r in rows if r["metric"] in ("speedup_seconds", "break_even")]
    assert found
    assert all(r["estimate"] is None and "journal" in str(r["reason"]) for r in found)


def test_nobody_arriving_is_no_ratio_of_one(tmp_path: Path) -> None:
    write(tmp_path, {method: [None] * 12 for method in times()})
    rows = list(reaching_rows(material(tmp_path, tmp_path / "results", params())))
    found = [r for r in rows if r["metric"] == "speedup"]
    assert {r["reason"] for r in found} == {"neither side reached the target"}


@pytest.mark.parametrize(("changed", "wanted"), [({}, 0), ({"oracle_80": 30}, 1)])
def test_oracles_out_of_order_are_counted(
    changed: dict[str, int], wanted: int, tmp_path: Path
) -> None:
    write(tmp_path, times(**changed))
    rows = list(oracle_rows(material(tmp_path, tmp_path / "results", params())))
    assert [row["estimate"] for row in rows] == [wanted, wanted]


def test_selection_is_what_a_winner_loses_on_fresh_ground(figures: Figures) -> None:
    assert figures.value("pam_rt", "best", task="cora") == pytest.approx(1.0)
    assert figures.value("pam_rt", "fresh", task="cora") == pytest.approx(0.8)
    assert figures.value("random", "selection", task="cora") == pytest.approx((0.2 * 11 + 0.1) / 12)


def test_one_side_that_arrives_makes_a_ratio() -> None:
    above, below = np.array([10.0, 40.0, 40.0, 25.0]), np.full(4, 40.0)
    found = _ratio(above, below, False)
    assert found.value == pytest.approx(above.mean() / below.mean())
    none = _ratio(below, below, False)
    assert none.reason == "neither side reached the target"


def test_a_search_has_arrived_where_its_best_is_just_the_target(known: Material) -> None:
    level = dict(known.levels("cora"))["top"]
    mine = known.seconds.filter(task="cora", method="random")
    just = mine.with_columns(
        pl.when(pl.col("best") >= level).then(level).otherwise(pl.col("best")).alias("best")
    )
    found = _times(replace(known, seconds=just), "cora", "random", "top")
    wanted = _times(known, "cora", "random", "top")
    assert found is not None
    assert wanted is not None
    assert found["seconds"].to_list() == wanted["seconds"].to_list()
    assert found["seconds"].sum() < mine.group_by("search").last()["seconds"].sum()


def test_what_winners_are_worth_by_hand(known: Material) -> None:
    names = ("method", "fitness", "fresh", "rival", "same", "reason")
    rows = [
        ("some", 1.0, 0.9, 0.7, True, None), ("some", 0.8, None, 0.1, False, "diverged"),
        ("some", 0.6, 0.6, 0.6, None, None), ("some", None, 0.5, None, None, None),
        ("lost", 0.5, None, None, None, "first"), ("lost", 0.7, None, None, None, "second"),
        ("none", None, 0.5, 0.4, None, None),
    ]  # fmt: skip
    winners = pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.lit("t").alias("task"))
    task = SimpleNamespace(id="t", source=SimpleNamespace(kind="optimiser"))
    methods = [(task, SimpleNamespace(id=name)) for name in ("some", "lost", "none")]
    made = SimpleNamespace(methods=lambda: methods, replaced=known.replaced, winners=winners)
    found: dict[tuple[str, str], Any] = {
        (row["model"], row["metric"]): row for row in best_rows(cast(Material, made))
    }
    assert {key: row["estimate"] for key, row in found.items()} == pytest.approx(
        {
            ("some", "best"): 0.8,
            # What diverged has lost, and what is as good has not won.
            ("some", "beats_momentum"): 1 / 3,
            ("some", "fresh"): 0.75,
            ("some", "selection"): 0.05,
            ("some", "exact"): 1 / 4,
            ("lost", "best"): 0.6,
            ("lost", "fresh"): None,
            ("none", "best"): None,
        }
    )
    assert found["lost", "fresh"]["reason"] == "first"
    assert found["none", "best"]["reason"] == "no program had a fitness"
    assert (found["some", "exact"]["n"], found["some", "fresh"]["n"]) == (4, 2)
