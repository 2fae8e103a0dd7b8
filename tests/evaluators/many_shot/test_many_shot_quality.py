from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from evaluators.many_shot.context import Subject
from evaluators.many_shot.quality import quality_rows, rationale_rows, rejected_prompts
from measurand import shards
from schemas.many_shot.params import Params
from schemas.many_shot.tables import RATIONALES


def rows_of(subject: Subject, data: Path, results: Path) -> dict[tuple[str, str], dict[str, Any]]:
    return {(r["metric"], r["slice"]): r for r in quality_rows(subject, data, results)}


def test_missing_answers_are_counted(everyone: list[Subject], built: Path, results: Path) -> None:
    toy, solver = everyone[0], everyone[1]
    nothing = rows_of(solver, built, results)["missing_share", ""]
    assert nothing["estimate"] == 0
    assert 0 < nothing["ci_hi"] < 0.05
    some = rows_of(toy, built, results)["missing_share", ""]
    # The toy's 96 positions do not hold the longer prompts: those answers are missing, not wrong.
    missing = toy.responses["correct"].null_count()
    assert 0 < missing < toy.responses.height
    assert some["estimate"] == pytest.approx(missing / toy.responses.height)


def test_a_built_dataset_has_no_leaks_and_its_search_finds_planted_ones(
    everyone: list[Subject], built: Path, results: Path
) -> None:
    rows = rows_of(everyone[1], built, results)
    for task in ("line", "sums"):
        assert rows["leaks", f"task={task}"]["estimate"] == 0
        assert rows["planted_leaks_found", f"task={task}"]["estimate"] == 1


def test_prompts_that_were_cut_down_or_not_made_are_counted(
    everyone: list[Subject], built: Path, results: Path
) -> None:
    rows = rows_of(everyone[1], built, results)
    fewer = rows["prompts_with_fewer_shots", ""]
    prompts = shards.read_table(built / "dataset" / "prompts", ["k", "k_requested"]).to_pylist()
    assert fewer["estimate"] == sum(p["k"] < p["k_requested"] for p in prompts) > 0
    listed = rejected_prompts(built)
    for reason in ("over_context", "too_few_shots"):
        found = rows["prompts_rejected", f"reason={reason}"]["estimate"]
        assert found == sum(why == reason for _, why, _ in listed)


def test_yield_of_solutions_equals_counts_by_hand(built: Path, small: Params) -> None:
    rows = {(r["metric"], r["slice"]): r for r in rationale_rows(built, small)}
    table = shards.read_table(built / "dataset" / "rationales").to_pylist()
    for split in ("train", "test"):
        own = [r for r in table if r["split"] == split]
        at = f"split={split},task=sums"
        kept = rows["keep_rate", at]
        assert kept["model"] == "oracle:solver"
        assert kept["estimate"] == sum(r["correct"] for r in own) / len(own) == 1
        chosen = sum(r["chosen"] for r in own)
        assert rows["solved_share", at]["estimate"] == 2 * chosen / len(own)


def written(
    folder: Path, small: Params, solutions: list[tuple[int, int, str, bool]]
) -> dict[str, dict[str, Any]]:
    """Rows of yield, of (problem, sample, text, right)."""
    blank: dict[str, Any] = {c.name: None for c in RATIONALES.columns}
    rows = [
        blank
        | {
            "task": "sums", "example_id": f"{n:064d}", "split": "train", "sample": sample,
            "model": "w", "temperature": 1.0, "seed": 0, "text": text, "rationale": text,
            "correct": correct, "chosen": correct and not sample, "status": "ok",
        }
        for n, sample, text, correct in solutions
    ]  # fmt: skip
    table = RATIONALES.from_columns({c.name: [r[c.name] for r in rows] for c in RATIONALES.columns})
    assert isinstance(table, pa.Table)
    shards.write_dataset(folder / "dataset" / "rationales", RATIONALES, table)
    return {r["metric"]: r for r in rationale_rows(folder, small)}


def test_solutions_with_a_wrong_step_do_not_hold(tmp_path: Path, small: Params) -> None:
    found = written(
        tmp_path,
        small,
        [
            (0, 0, "3 + 4 = 7.", True),
            (1, 0, "3 + 4 = 8, 8 - 1 = 7.", True),
            (2, 0, "I know it.", True),
            (3, 0, "3 + 4 = 7.", False),
        ],
    )
    assert found["keep_rate"]["estimate"] == 0.75
    assert found["keep_rate"]["reliability"] is None
    assert found["solved_share"]["estimate"] == 0.75
    assert found["step_valid_rate"]["estimate"] == pytest.approx(1 / 3)


def test_the_reliability_of_the_yield_is_that_of_problems_over_samples(
    tmp_path: Path, small: Params
) -> None:
    import pandas as pd
    import pingouin

    right = [(1, 1), (1, 1), (0, 0), (1, 0), (0, 0), (0, 1)]
    found = written(
        tmp_path,
        small,
        [(n, s, "3 + 4 = 7.", bool(r)) for n, line in enumerate(right) for s, r in enumerate(line)],
    )
    expected, _ = pingouin.cronbach_alpha(pd.DataFrame(right))
    assert found["keep_rate"]["reliability"] == pytest.approx(expected, abs=1e-9)
    assert found["solved_share"]["reliability"] is None


def test_no_solutions_no_rows(tmp_path: Path, small: Params) -> None:
    assert list(rationale_rows(tmp_path, small)) == []


def test_retests_and_savings_are_read_from_the_results(
    everyone: list[Subject], built: Path, results: Path
) -> None:
    rows = rows_of(everyone[0], built, results)
    again = rows["retest_agreement", ""]
    assert again["estimate"] == 1
    assert again["n"] >= 1
    assert rows["prefix_saving", ""]["estimate"] > 1
    assert ("prefix_saving", "") not in rows_of(everyone[1], built, results)


@pytest.mark.parametrize(("more", "over"), [(0, False), (1, True)])
def test_a_prompt_may_fill_its_room_and_no_more(
    everyone: list[Subject], built: Path, results: Path, more: int, over: bool
) -> None:
    columns = ["prompt_id", "context_limit", "answer_budget", "boundary_stable"]
    prompts = shards.read_table(built / "dataset" / "prompts", columns).to_pylist()
    room = {p["prompt_id"]: p["context_limit"] - p["answer_budget"] + more for p in prompts}
    answers = everyone[0].responses
    tokens = pl.Series("prompt_tokens", [room[p] for p in answers["prompt_id"]], pl.Int32)
    subject = replace(everyone[0], responses=answers.with_columns(tokens))
    found = rows_of(subject, built, results)
    assert found["answers_over_budget", ""]["estimate"] == (len(answers) if over else 0)
    unstable = [p for p in prompts if not p["boundary_stable"]]
    assert found["boundary_unstable", ""]["estimate"] == len(unstable)
    assert found["boundary_unstable", ""]["n"] == len(prompts)
