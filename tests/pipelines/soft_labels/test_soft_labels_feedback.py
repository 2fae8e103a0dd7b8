from __future__ import annotations

import math
from pathlib import Path

import pytest

from measurand.errors import CapabilityError
from pipelines.soft_labels import feedback
from pipelines.soft_labels.feedback import Judgement, Shown, fill, judged, preferences
from schemas.soft_labels.params import Judge

SHOWN = [
    Shown("a", "Say:", "one two three", "one", 0.9),
    Shown("b", "Say:", "one", "one two", 0.25),
    Shown("c", "Say:", "x {second}", "{first} y", 0.5),
]


def _judge(model: str, **changes: object) -> Judge:
    wordings = {"plain": "{prompt}\nA: {first}\nB: {second}\n:", "turned": "{second} {first}"}
    return Judge.model_validate({"id": "j", "model": model, "wordings": wordings, **changes})


def test_both_orders_and_all_wordings_are_asked(tmp_path: Path) -> None:
    found = judged(_judge("oracle:labels", batch_size=2), SHOWN, tmp_path, tmp_path)
    keys = [(one.key, one.wording, one.order) for one in found]
    assert len(set(keys)) == len(keys) == len(SHOWN) * 2 * 2


def test_a_judge_that_reads_labels_gives_them_back(tmp_path: Path) -> None:
    found = judged(_judge("oracle:labels"), SHOWN, tmp_path, tmp_path)
    for one in found:
        own = next(s.p for s in SHOWN if s.key == one.key)
        assert one.p_1 == pytest.approx(own)
        assert one.mass == pytest.approx(1)
    assert preferences(found) == pytest.approx({s.key: s.p for s in SHOWN})


def test_a_judge_that_says_first_is_one_half_and_leans(tmp_path: Path) -> None:
    found = judged(_judge("oracle:first"), SHOWN, tmp_path, tmp_path)
    assert all(p == pytest.approx(0.5) for p in preferences(found).values())
    shown_first = [one.p_1 if one.order == "12" else 1 - one.p_1 for one in found if one.p_1]
    assert shown_first == pytest.approx([0.98] * len(found))


def test_exchanging_the_responses_exchanges_the_preference(tmp_path: Path) -> None:
    turned = [Shown(s.key, s.prompt, s.text_2, s.text_1) for s in SHOWN]
    straight = preferences(judged(_judge("oracle:longer"), SHOWN, tmp_path / "1", tmp_path))
    other = preferences(judged(_judge("oracle:longer"), turned, tmp_path / "2", tmp_path))
    for key, p in straight.items():
        assert p is not None
        assert other[key] == pytest.approx(1 - p)


def test_the_second_run_asks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = judged(_judge("oracle:longer"), SHOWN, tmp_path, tmp_path)

    def refuse(self: object, requests: object, choices: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr("pipelines.soft_labels.oracles.Oracle.score", refuse)
    assert judged(_judge("oracle:longer"), SHOWN, tmp_path, tmp_path) == before


def test_a_pair_without_a_label_is_skipped_and_has_no_preference(tmp_path: Path) -> None:
    found = judged(_judge("oracle:labels"), [Shown("a", "", "x", "y")], tmp_path, tmp_path)
    assert {one.status for one in found} == {"skipped"}
    assert {one.reason for one in found} == {"the pair has no label"}
    assert preferences(found) == {"a": None}


def test_a_wording_counts_with_both_orders_only() -> None:
    def one(wording: str, order: str, p: float | None) -> Judgement:
        return Judgement("a", wording, order, (None, None), p, None, "ok", None, "", None)

    half = [one("x", "12", 0.9), one("x", "21", None), one("y", "12", 0.2), one("y", "21", 0.4)]
    assert preferences(half)["a"] == pytest.approx(0.3)


def test_braces_of_a_response_are_text() -> None:
    places = {"prompt": "", "first": "a {second}", "second": "b"}
    assert fill("{first}|{second}|{other}", places) == "a {second}|b|{other}"


def test_costs_are_counted_by_judge(tmp_path: Path) -> None:
    costs: list[feedback.Row] = []
    judged(_judge("oracle:longer"), SHOWN, tmp_path, tmp_path, costs=costs, part="me")
    assert [(row["part"], row["calls"]) for row in costs] == [("me", 12)]


def test_a_real_model_judges(tmp_path: Path, toy_model_folder: Path) -> None:
    judge = _judge(f"hf:{toy_model_folder}?template=none")
    found = judged(judge, SHOWN[:1], tmp_path, tmp_path)
    for one in found:
        assert one.status == "ok"
        assert one.p_1 is not None
        assert one.mass is not None
        first, second = one.logprobs
        assert first is not None
        assert second is not None
        shown_first = math.exp(first) / (math.exp(first) + math.exp(second))
        assert (one.p_1 if one.order == "12" else 1 - one.p_1) == pytest.approx(shown_first)
        assert math.exp(first) + math.exp(second) == pytest.approx(one.mass, rel=1e-5)


def test_a_model_without_log_probabilities_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from pipelines.soft_labels.oracles import Oracle

    able = Oracle.capabilities
    monkeypatch.setattr(Oracle, "capabilities", lambda self: replace(able(self), logprobs=False))
    with pytest.raises(CapabilityError):
        judged(_judge("oracle:first"), SHOWN, tmp_path, tmp_path)
