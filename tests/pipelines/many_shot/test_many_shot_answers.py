from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.models.protocol import Completion, Score
from pipelines.many_shot import answers
from pipelines.many_shot.material import Asked, Question
from schemas.many_shot.params import Params

PARAMS = Params.model_validate(
    {
        "build": {
            "tasks": [
                {
                    "id": "t",
                    "source": {"kind": "parity", "bits": 4},
                    "train": 1,
                    "test": 1,
                    "curves": [
                        {"shots": [1], "seeds": 1},
                        {"rationale": "human", "shots": [1], "seeds": 1},
                        {"label_map": "flipped", "shots": [1], "seeds": 1},
                    ],
                }
            ]
        }
    }
)
PROMPT = {"prompt_id": "t|c|k1|s0|o0", "task": "t", "curve": "c", "k": 1, "seed": 0, "prefix": ""}


def ask(curve: str = "supervised", **question: object) -> Asked:
    task = PARAMS.build.tasks[0]
    values = {"options": None, "answer_idx": None, "verifier": "exact", "target": "yes"}
    known = Question(query_id="q", text="?", details={}, **{**values, **question})  # type: ignore[arg-type]
    return Asked(task, next(c for c in task.curves if c.name == curve), PROMPT, known)


CLASSES = {"options": ("no", "yes"), "answer_idx": 1}


@given(st.lists(st.floats(-20, -2), min_size=2, max_size=2))
def test_confidence_mass_and_loss_follow_from_the_probabilities(logs: list[float]) -> None:
    row = answers.option_answer(ask(**CLASSES), Score.of(logs))
    p = [math.exp(x) for x in logs]
    assert row["confidence"] == pytest.approx(p[1] / (p[0] + p[1]))
    assert row["mass"] == pytest.approx(sum(p))
    assert math.exp(-row["nll"]) == pytest.approx(p[1])
    assert row["correct"] == (logs[1] > logs[0])


def test_a_missing_option_leaves_the_confidence_undefined() -> None:
    row = answers.option_answer(ask(**CLASSES), Score.of([None, -1.0]))
    assert row["confidence"] is None
    assert (row["correct"], row["nll"]) == (True, 1.0)
    assert "not returned" in row["reason"]
    assert answers.option_answer(ask(**CLASSES), Score.of([-1.0, None]))["nll"] is None


def test_options_that_overlap_have_no_common_mass() -> None:
    row = answers.option_answer(ask(**CLASSES), Score.of([-0.1, -0.1]))
    assert row["mass"] is None
    assert "overlap" in row["reason"]
    assert answers.option_answer(ask(**CLASSES), Score.of([1e-7, -20.0]))["mass"] == 1.0


def test_a_failed_score_has_no_values() -> None:
    row = answers.option_answer(ask(**CLASSES), Score.failed("infra_error", "down"))
    assert (row["status"], row["reason"]) == ("infra_error", "down")
    assert {row[c] for c in ("prediction", "correct", "confidence", "mass", "nll")} == {None}


def test_a_written_answer_is_judged() -> None:
    row = answers.written_answer(ask(), Completion(" Yes.\n\n", 2), {"nll": Score.of([-0.5])})
    assert (row["extracted"], row["correct"], row["nll"]) == ("Yes.", True, 0.5)
    row = answers.written_answer(ask("supervised-human"), Completion("yes"), {})
    assert (row["correct"], row["extracted"]) == (False, None)
    assert (row["status"], row["reason"]) == ("ok", "no answer found")
    row = answers.written_answer(
        ask("supervised-human"), Completion("As so. The answer is yes"), {}
    )
    assert row["correct"] is True


def test_an_empty_sequence_is_wrong_in_every_position() -> None:
    sequence = {"verifier": "sequence", "target": "Odd Even"}
    assert answers.written_answer(ask(**sequence), Completion(" "), {})["partial"] == 0.0
    assert answers.written_answer(ask(**sequence), Completion(" Odd Odd"), {})["partial"] == 0.5
    assert answers.written_answer(ask(), Completion(" "), {})["partial"] is None


def test_a_failed_completion_is_no_wrong_answer() -> None:
    failed = Completion.failed("infra_error", "down")
    row = answers.written_answer(ask(), failed, {"nll": Score.failed("infra_error", "too")})
    assert (row["status"], row["reason"]) == ("infra_error", "down")
    assert "correct" not in row
    known = Completion("yes")
    row = answers.written_answer(ask(), known, {"nll": Score.failed("infra_error", "too")})
    assert (row["status"], row["reason"], row["correct"]) == ("ok", "nll: too", True)


def test_answers_under_a_label_map_are_judged_by_its_words() -> None:
    assert ask("supervised-flipped", **CLASSES).target == "no"
    assert ask("supervised-flipped", **CLASSES).words == ("yes", "no")


def test_items_carry_the_status_where_there_is_no_value() -> None:
    scored = answers.option_answer(ask(**CLASSES), Score.failed("skipped", "too long"))
    named = {"run_id": "r", "model": "m", "prompt_sha256": "0" * 64}
    row = answers.response(ask(**CLASSES), scored, **named)
    [item] = answers.items(row)
    assert (item["metric"], item["value"], item["status"]) == ("accuracy", None, "skipped")
    assert item["reason"] == "too long"
    assert item["item_id"] == "t|c|k1|s0|o0|q"
    assert (item["cluster_id"], item["slice"]) == ("t|s0", "curve=c,k=1,task=t")
    row = answers.response(
        ask(**CLASSES), answers.option_answer(ask(**CLASSES), Score.of([-3, -2])), **named
    )
    found = {item["metric"]: item["value"] for item in answers.items(row)}
    assert set(found) == {"accuracy", "confidence", "mass", "nll"}
    assert (found["accuracy"], found["nll"]) == (1.0, 2.0)
