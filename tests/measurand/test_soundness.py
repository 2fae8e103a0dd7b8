from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from measurand import runs, shards, soundness
from measurand.costs import COSTS
from measurand.results import RESULTS, StatisticRow
from measurand.subject import Subject

ONE = Subject("s", "m", 7, 100)


def item(metric: str, at: int, value: float | None, model: str = "m") -> dict[str, object]:
    return {
        "run_id": "r", "system": "s", "model": model, "metric": metric, "item_id": f"i{at}",
        "repeat": 1, "cluster_id": "c", "value": value,
        "status": "infra_error" if value is None else "ok", "reason": None, "slice": "",
        "seed": None, "prompt_tokens": None, "prompt_sha256": "0" * 64,
    }  # fmt: skip


def by_metric(rows: object) -> dict[str, StatisticRow]:
    return {row["metric"]: row for row in rows}  # type: ignore[attr-defined]


def test_calls_that_never_fail_have_the_exact_bound_of_calls_not_of_clusters() -> None:
    clusters = np.repeat(np.arange(4), 25)
    failed = np.zeros(100, bool)
    absent = failed.copy()
    absent[:25] = True
    rows = by_metric(soundness.missing_rows(ONE, {"k": "1"}, absent, failed, clusters))
    none = rows["infra_error_share"]
    assert none["slice"] == "k=1"
    assert none["upper"] is not None
    # Clopper & Pearson: at the bound, none in 100 calls has a chance of 5%.
    assert binom.cdf(0, 100, none["upper"]) == pytest.approx(0.05)
    assert (rows["missing_share"]["estimate"], rows["missing_share"]["n_clusters"]) == (0.25, 4)


def test_only_calls_with_an_answer_are_compared_with_those_made_again(tmp_path: Path) -> None:
    items = [item("retest_agreement", i, v) for i, v in enumerate((1.0, 1.0, 0.0, None))]
    items += [item("retest_difference", i, v) for i, v in enumerate((0.1, 0.4))]
    items += [item("retest_agreement", 0, 0.0, "other"), item("accuracy", 0, 0.0)]
    shards.write_dataset(tmp_path / "items", RESULTS, runs.results_table(items))
    rows = by_metric(soundness.retest_rows(ONE, tmp_path))
    assert rows["retest_agreement"]["estimate"] == pytest.approx(2 / 3)
    assert rows["retest_agreement"]["n"] == 3
    assert rows["retest_logprob_difference_max"]["estimate"] == 0.4
    assert list(soundness.retest_rows(Subject("s", "silent", 7, 100), tmp_path)) == []


def test_a_saving_is_tokens_asked_for_over_tokens_computed(tmp_path: Path) -> None:
    cost = {
        "part": "p", "calls": 2, "seconds": 1.0, "retries": 0, "fingerprint": "f",
        "dtype": "float32", "chat_template": False,
    }  # fmt: skip
    rows = [
        {**cost, "model": "m", "prompt_tokens": 100, "cached_tokens": 75},
        {**cost, "model": "all", "prompt_tokens": 100, "cached_tokens": 100},
    ]
    shards.write_dataset(tmp_path / "costs", COSTS, runs.table(COSTS, rows))
    [row] = soundness.saving_rows(ONE, tmp_path)
    assert (row["estimate"], row["n"]) == (4.0, 100)
    assert list(soundness.saving_rows(Subject("s", "all", 7, 100), tmp_path)) == []


def test_leaks_are_counts_and_a_search_that_nothing_was_planted_for_says_nothing() -> None:
    rows = by_metric(soundness.leak_rows(ONE, {}, 3, of=50, found=4, planted=5))
    assert (rows["leaks"]["estimate"], rows["leaks"]["n"]) == (3.0, 50)
    assert rows["planted_leaks_found"]["estimate"] == 0.8
    assert list(by_metric(soundness.leak_rows(ONE, {}, 0, found=0, planted=0))) == ["leaks"]
    [near] = soundness.near_rows(ONE, {"split": "test"}, 1, 4)
    assert (near["metric"], near["estimate"], near["n"]) == ("near_copies", 0.25, 4)
