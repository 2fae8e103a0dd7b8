from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from measurand.params import read as read_params
from pipelines.soft_labels.comparing import LEARNED, Rewards, judge_comparisons
from pipelines.soft_labels.writing import AGAIN
from schemas.soft_labels.params import REFERENCE_RUN, Judge, Params

Row = dict[str, Any]


def _row(run: str, prompt: str, text: str | None, seed: int = 0) -> Row:
    return {
        "run": run,
        "run_id": run.rpartition("-s")[0] or run,
        "seed": seed,
        "set": "mine",
        "prompt_id": prompt,
        "text": text,
        "n_words": None if text is None else len(text.split()),
        "reward": None,
        "reward_known": None,
        "status": "ok" if text is not None else "infra_error",
        "reason": None if text is not None else "timed out",
    }


SAMPLES = [
    _row(REFERENCE_RUN, "p", "one two"),
    _row(REFERENCE_RUN, "q", "one two three"),
    _row(AGAIN, "p", "one two"),
    _row(AGAIN, "q", None),
    _row("a-s0", "p", "one two three four"),
    _row("a-s0", "q", "one"),
    _row("a-s1", "p", "one", 1),
    _row("a-s1", "q", "one", 1),
]


def _judge(model: str) -> Judge:
    wordings = {"x": "{first} {second}", "y": "{second} {first}"}
    return Judge.model_validate({"id": "j", "model": model, "wordings": wordings})


def _compared(model: str, tmp_path: Path, seeds: int = 1) -> dict[tuple[str, str], Row]:
    costs: list[Row] = []
    rows = judge_comparisons(_judge(model), SAMPLES, seeds, "Say:", tmp_path, tmp_path, costs)
    return {(row["run_a"], row["prompt_id"]): row for row in rows}


def test_a_judge_compares_with_the_reference(tmp_path: Path) -> None:
    found = _compared("oracle:longer", tmp_path)
    assert {row["run_b"] for row in found.values()} == {REFERENCE_RUN}
    assert set(found) == {("a-s0", "p"), ("a-s0", "q"), (AGAIN, "p"), (AGAIN, "q")}
    longer = found["a-s0", "p"]
    assert (longer["p_12"], longer["p_21"], longer["p_a"]) == pytest.approx((0.98, 0.98, 0.98))
    assert found["a-s0", "q"]["p_a"] == pytest.approx(0.02)
    assert (longer["n_words_a"], longer["n_words_b"]) == (4, 2)


def test_equal_texts_are_a_draw_without_asking(tmp_path: Path) -> None:
    same = _compared("oracle:first", tmp_path)[AGAIN, "p"]
    assert (same["p_12"], same["p_21"], same["p_a"], same["status"]) == (0.5, 0.5, 0.5, "ok")


def test_a_judge_that_says_first_is_seen_in_the_orders(tmp_path: Path) -> None:
    found = _compared("oracle:first", tmp_path)["a-s0", "p"]
    assert (found["p_12"], found["p_21"]) == pytest.approx((0.98, 0.02))
    assert found["p_a"] == pytest.approx(0.5)


def test_a_text_that_is_missing_is_no_loss(tmp_path: Path) -> None:
    missing = _compared("oracle:longer", tmp_path)[AGAIN, "q"]
    assert (missing["p_a"], missing["status"]) == (None, "infra_error")
    assert missing["reason"] == f"{AGAIN}: timed out"


def test_more_seeds_are_seen_where_asked(tmp_path: Path) -> None:
    assert ("a-s1", "p") in _compared("oracle:longer", tmp_path, seeds=2)


def test_rewards_compare_all_policies(small_params: Params, small_dataset: Path) -> None:
    rewards = Rewards(small_params, "mine", small_dataset, Path("data/sources"))
    assert rewards.known is None
    rows = [dict(row) for row in SAMPLES]
    rewards.fill(rows)
    assert [row["reward"] is None for row in rows] == [row["text"] is None for row in rows]
    found = list(rewards.comparisons(rows))
    couples = {(row["run_a"], row["run_b"]) for row in found}
    assert len(couples) == 6
    assert len(found) == 12
    assert {row["judge"] for row in found} == {LEARNED}
    for row in found:
        if row["status"] == "ok":
            assert row["p_12"] == row["p_21"] == row["p_a"]
        else:
            assert row["p_a"] is None
            assert AGAIN in (row["run_a"], row["run_b"])


def test_instruments_are_tried_on_held_out_pairs(small_params: Params, small_dataset: Path) -> None:
    rewards = Rewards(small_params, "mine", small_dataset, Path("data/sources"))
    rows = list(rewards.quality())
    assert rows
    assert {row["judge"] for row in rows} == {LEARNED}
    assert all(0 <= row["p_1"] <= 1 for row in rows)


@pytest.mark.integration
def test_a_known_preference_model_gives_its_own_labels(tmp_path: Path) -> None:
    from measurand import project
    from pipelines.soft_labels.dataset import _write_items, _write_pairs
    from pipelines.soft_labels.sources import draw
    from schemas.soft_labels.params import Params

    root = project.find_root()
    params = read_params(root / "params/presets/soft_labels/tiny.yaml", Params)
    folder = root / "data" / "sources"
    known = params.build.set("known")
    drawn = [(known, draw(known, params.build.seed, folder))]

    class Words:
        def count(self, texts: list[str]) -> list[int]:
            return [len(text.split()) for text in texts]

    _write_items(drawn, tmp_path / "items", {})
    _write_pairs(drawn, tmp_path / "pairs", params, Words(), {})  # type: ignore[arg-type]
    rewards = Rewards(params, "known", tmp_path, folder)
    rows = [row for row in rewards.quality() if row["judge"] == "known"]
    assert len(rows) == known.test
    assert [row["p_1"] for row in rows] == pytest.approx([row["p"] for row in rows], abs=1e-9)
    texts = {"a-s0": "a wonderful film", AGAIN: "a film", REFERENCE_RUN: "a terrible film"}
    samples = [_row(run, "p", text) for run, text in texts.items()]
    rewards.fill(samples)
    found = [r for r in rewards.comparisons(samples) if r["judge"] == "known"]
    win = next(r for r in found if (r["run_a"], r["run_b"]) == ("a-s0", REFERENCE_RUN))
    assert rewards.known is not None
    assert win["p_a"] == pytest.approx(
        rewards.known.preference("a wonderful film", "a terrible film")
    )
