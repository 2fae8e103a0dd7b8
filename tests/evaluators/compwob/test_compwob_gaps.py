from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from compwob_handmade import TASKS, Rule, params, write
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference

from evaluators.compwob.context import Subject, subjects
from evaluators.compwob.gaps import chance_rows, gap_rows, mcnemar, with_parts
from evaluators.compwob.report import statistics
from measurand.stats.icc import intraclass
from measurand.stats.means import proportion
from pipelines.compwob.environment import Spec


def _subject(tmp_path: Path, rule: Rule) -> Subject:
    agents = {"zero_shot@m": rule}
    given = params(agents)
    return subjects(write(tmp_path, given, agents), given)[0]


def _rule(spec: Spec) -> bool:
    """Alone: fails enter-text. Composed: fails every second seed; reversed: all."""
    if spec.order == "single":
        return spec.task.name != "enter-text"
    return spec.order == "forward" and spec.seed % 2 == 0


def _named(subject: Subject) -> dict[tuple[str, str], dict[str, object]]:
    return {(r["metric"], r["slice"]): r for r in gap_rows(subject)}


def test_an_episode_is_paired_with_its_own_parts_at_its_own_seed(tmp_path: Path) -> None:
    pairs = with_parts(_subject(tmp_path, _rule), "forward")
    assert len(pairs) == len(TASKS) * 6
    mine = pairs.filter(pl.col("task") == "click-link_enter-text")
    assert mine["mean_alone"].to_list() == [0.5] * 6
    assert mine["all_alone"].to_list() == [0.0] * 6
    assert mine["predicted"].to_list() == [0.0] * 6


def test_gaps_are_the_means_of_paired_differences(tmp_path: Path) -> None:
    rows = _named(_subject(tmp_path, _rule))
    alone = (5 * 1 + 0.5) / 6
    assert rows["gap_base", "order=forward"]["estimate"] == pytest.approx(alone - 0.5)
    assert rows["gap_base", "order=reverse"]["estimate"] == pytest.approx(alone)
    assert rows["gap_alone", "order=forward"]["estimate"] == pytest.approx(5 / 6 - 0.5)
    assert rows["gap_reverse", ""]["estimate"] == pytest.approx(0.5)
    assert rows["predicted", "order=forward"]["estimate"] == pytest.approx(5 / 6)
    assert rows["residual", "order=forward"]["estimate"] == pytest.approx(0.5 - 5 / 6)


def test_rates_and_what_is_left_of_them_have_their_own_range(tmp_path: Path) -> None:
    rows = _named(_subject(tmp_path, _rule))
    for (metric, _), row in rows.items():
        if row["ci_lo"] is None:  # of fewer than five tasks
            continue
        if metric == "predicted":
            assert (row["least"], row["most"]) == (0.0, 1.0)
        if metric == "residual":
            assert (row["least"], row["most"]) == (-1.0, 1.0)


def test_a_gap_bears_the_reliability_of_a_tasks_gap(tmp_path: Path) -> None:
    subject = _subject(tmp_path, _rule)
    rows = _named(subject)
    pairs = with_parts(subject, "forward")
    scores = pairs.with_columns((pl.col("mean_alone") - pl.col("success")).alias("score"))
    wanted = intraclass(scores["score"].to_numpy().reshape(len(TASKS), -1)).icc1k.value
    row = rows["gap_base", "order=forward"]
    assert row["reliability"] == pytest.approx(wanted)
    assert rows["task_icc", "of=gap_base,order=forward"]["estimate"] == row["reliability"]
    assert rows["residual", "order=forward"]["reliability"] is None


def test_no_interval_names_a_share_that_cannot_be(tmp_path: Path) -> None:
    rows = [
        r for r in gap_rows(_subject(tmp_path, _rule)) if r["metric"] in ("predicted", "residual")
    ]
    few = [r for r in rows if r["n_clusters"] < 5]
    assert few
    for row in few:
        assert row["ci_lo"] is None
        assert str(row["reason"]).startswith("no interval: ")
    [whole] = [r for r in rows if (r["metric"], r["slice"]) == ("predicted", "order=forward")]
    assert 0 < whole["ci_lo"] < whole["estimate"] < whole["ci_hi"] < 1


def test_independent_parts_leave_no_residual(tmp_path: Path) -> None:
    """An agent whose compositions succeed exactly where all its parts do, in every seed."""
    rows = _named(_subject(tmp_path, lambda spec: "enter-text" not in spec.task.parts))
    assert rows["residual", "order=forward"]["estimate"] == 0
    assert rows["gap_alone", "order=forward"]["estimate"] == 0


def test_where_every_pair_is_alike_the_interval_is_that_of_a_rate_of_none(tmp_path: Path) -> None:
    rows = _named(_subject(tmp_path, lambda spec: True))
    row = rows["gap_reverse", ""]
    most = proportion(0, len(TASKS), "clopper_pearson").ci_hi
    assert (row["estimate"], row["ci_lo"], row["ci_hi"]) == (0.0, -most, most)
    again = rows["gap_reverse_resampled", ""]
    assert (again["estimate"], again["ci_lo"]) == (0.0, None)
    assert again["reason"] == "no interval: nothing varied in this sample"


def test_mcnemar_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        a, b = (rng.integers(0, 2, 40).astype(float) for _ in range(2))
        table = [[int(((a == i) & (b == j)).sum()) for j in (1, 0)] for i in (1, 0)]
        wanted = reference(table, exact=True).pvalue
        assert mcnemar(pl.Series(a), pl.Series(b)).value == pytest.approx(wanted)
    same = mcnemar(pl.Series([1.0, 0.0]), pl.Series([1.0, 0.0]))
    assert (same.value, same.reason) == (None, "no pair differs")


def test_an_agent_that_played_no_parts_alone_has_no_gap(tmp_path: Path) -> None:
    subject = _subject(tmp_path, _rule)
    only = replace(subject, episodes=subject.episodes.filter(pl.col("order") != "single"))
    assert _named(only)["gap_base", "order=forward"]["estimate"] is None


BESIDE_CHANCE: dict[str, Rule] = {
    "trained:uniform:0": lambda s: s.seed % 2 == 0 or "login" in s.task.name,
    "random": lambda s: s.seed % 3 == 0 and s.order == "single",
    "oracle": lambda s: True,
}


def test_an_agent_is_held_against_chance_on_the_same_problems(tmp_path: Path) -> None:
    given = params(BESIDE_CHANCE, seeds=4)
    first, chance, oracle = subjects(write(tmp_path, given, BESIDE_CHANCE), given)
    rows = {(r["metric"], r["slice"]): r for r in chance_rows(first, chance)}
    row = rows["above_random", "order=single"]
    assert row["model"] == "trained:uniform:0"
    names = ["click-button", "click-link", "click-option", "login-user", "enter-text",
             "click-button-sequence", "click-dialog"]  # fmt: skip
    seeds = range(1_000_000, 1_000_004)
    differences = np.array(
        [[(s % 2 == 0 or "login" in t) - (s % 3 == 0) for s in seeds] for t in names], float
    )
    assert row["estimate"] == pytest.approx(differences.mean())
    assert (row["n"], row["n_clusters"]) == (28, 7)
    # Four seeds are too few: Student's t over the means of tasks, which all have as many.
    wanted = stats.ttest_1samp(differences.mean(axis=1), 0).confidence_interval()
    assert (row["ci_lo"], row["ci_hi"]) == (
        pytest.approx(wanted.low), pytest.approx(wanted.high)
    )  # fmt: skip
    assert list(chance_rows(oracle, chance)) == []
    alone = {r["slice"]: r for r in chance_rows(first, None)}
    assert alone["order=single"]["reason"] == "random did not play"


def test_what_gates_read_of_a_trained_agent_is_of_this_training(tmp_path: Path) -> None:
    given = params(BESIDE_CHANCE)
    results = write(tmp_path, given, BESIDE_CHANCE)
    rows = [r for r in statistics(tmp_path, results, given).to_pylist()
            if r["metric"] in ("above_random", "gap_base") and "trained" in r["model"]]  # fmt: skip
    assert {r["metric"] for r in rows} == {"above_random", "gap_base"}
    assert {r["scope"] for r in rows} == {"training"}


def by_hand() -> Subject:
    """Six tasks of one category, played twice in a wording, of two parts that lack a seed each."""
    alone = {("p", 0): 1, ("p", 1): 0, ("p", 2): 1, ("q", 0): 1, ("q", 1): 1, ("q", 3): 0}
    rows = [
        (part, "single", seed, "one", float(won), [part]) for (part, seed), won in alone.items()
    ]
    rows += [
        (f"t{k}", order, seed, "two", float(won), ["p", "q"])
        for k in range(6)
        for order, wins in (("forward", (1, k % 2, 1, 1)), ("reverse", (0, 1)))
        for seed, won in enumerate(wins)
    ]
    names = ("task", "order", "seed", "category", "success", "parts")
    every = pl.DataFrame(rows, names, orient="row")
    return Subject("compwob", "zero_shot@m", 0, 100, every, 0, params({"zero_shot@m": _rule}))


def test_what_lacks_a_part_alone_is_left_out() -> None:
    pairs = with_parts(by_hand(), "forward")
    assert sorted(set(pairs["seed"])) == [0, 1]
    assert pairs["predicted"].to_list() == pytest.approx([2 / 3 * 2 / 3] * 12)
    assert pairs.filter(seed=1)["mean_alone"].to_list() == [0.5] * 6


def test_figures_of_the_only_category_are_those_of_all() -> None:
    rows = _named(by_hand())
    for metric in ("predicted", "residual"):
        one = rows[metric, "category=two,order=forward"]
        every = rows[metric, "order=forward"]
        assert one["n"] == 12
        for name in ("estimate", "ci_lo", "ci_hi", "n", "n_clusters"):
            assert one[name] == every[name]
        assert one["ci_lo"] is not None
    assert rows["residual", "order=forward"]["estimate"] == pytest.approx(0.75 - 4 / 9)


def test_wordings_are_paired_at_their_seed() -> None:
    """Of seeds 0 and 1: won forwards 1 and 0 or 1, backwards 0 and 1."""
    found = _named(by_hand())["gap_reverse", ""]
    assert (found["estimate"], found["n"]) == (pytest.approx(0.75 - 0.5), 12)
