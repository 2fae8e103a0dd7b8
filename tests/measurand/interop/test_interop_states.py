"""Samples of Inspect by state, value and identity: what counts, what does not, what is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness_logs import eval_file, right

from measurand.analysis.record import analyse
from measurand.comparison.record import compare
from measurand.comparison.sides import resolve
from measurand.errors import InputError
from measurand.interop.inspect_log import document, state_of
from measurand.interop.read import read
from measurand.interop.rows import Wish

SCORED: dict[str, Any] = {"match": {"value": "C"}}


@pytest.mark.parametrize(
    ("sample", "state"),
    [
        ({"scores": SCORED}, ("scored", True)),
        ({"scores": SCORED, "error": "gone"}, ("error, scored", True)),
        ({"scores": {}, "error": "gone"}, ("error", False)),
        ({"scores": None}, ("not scored", False)),
        ({"scores": SCORED, "limit": "token"}, ("limit token, scored", True)),
        ({"scores": SCORED, "invalidated": True}, ("invalidated", False)),
        ({"scores": SCORED, "error": "gone", "invalidated": True}, ("invalidated", False)),
        ({"scores": SCORED, "edited": ["match"]}, ("edited, scored", True)),
    ],
)
def test_states(sample: dict[str, Any], state: tuple[str, bool]) -> None:
    assert state_of(sample) == state


def test_a_score_beside_an_error_counts_and_is_said(tmp_path: Path) -> None:
    samples = right("C", "C", "I", "I")
    samples[3]["error"] = samples[0]["error"] = "boom"
    found = read([eval_file(tmp_path / "a.eval", samples)], Wish())
    assert found.table["value"].to_pylist() == [1.0, 1.0, 0.0, 0.0]
    assert any("2 samples ended in an error and were scored" in note for note in found.notes)
    [states] = found.account.states
    assert (states.seen, states.scored, dict(states.parts)) == (
        4, 4, {"error, scored": 2, "scored": 2},
    )  # fmt: skip


def changed(name: str, scores: dict[str, Any], **more: Any) -> dict[str, dict[str, Any]]:
    return {f"{name}_epoch_1": {"id": name, "epoch": 1, "scores": scores, **more}}


def test_invalidated_samples_are_left_out_and_the_log_counts_them(tmp_path: Path) -> None:
    whole = changed("s0", SCORED, invalidation={"author": "a", "reason": "leaked"})
    own = [
        {
            "name": "match",
            "scorer": "match",
            "metrics": {"accuracy": {"name": "accuracy", "value": 2 / 3}},
        }
    ]
    log = eval_file(
        tmp_path / "a.eval",
        right("C", "C", "I"),
        whole=whole,
        scores=own,
        header={"invalidated": True},
    )
    found = read([log], Wish())
    record = analyse(found)
    [model] = record["scores"][0]["models"]
    assert (model["mean"]["value"], model["lost"]) == (0.5, {"skipped": 1})
    assert any("1 samples were invalidated" in note for note in found.notes)
    assert "accuracy is 0.666667" in record["findings"][0]
    assert record["account"]["samples"][0]["states"] == {"invalidated": 1, "scored": 2}


def test_edited_scores_are_said(tmp_path: Path) -> None:
    history = [{"value": "I"}, {"value": "C"}]
    whole = changed("s1", {"match": {"value": "C", "history": history}})
    log = eval_file(tmp_path / "a.eval", right("C", "C", "I"), whole=whole)
    found = read([log], Wish())
    assert found.table["value"].to_pylist() == [1.0, 1.0, 0.0]
    assert any("edited after the run" in note for note in found.notes)


@pytest.mark.parametrize("status", ["cancelled", "error", "started"])
def test_runs_that_did_not_end_name_both_denominators(tmp_path: Path, status: str) -> None:
    log = eval_file(
        tmp_path / "a.eval", right("C", "I"), header={"status": status}, dataset={"samples": 5}
    )
    found = read([log], Wish())
    assert f"the run is '{status}'; 2 of 5 samples are in the log." in found.notes[0]
    assert (found.account.states[0].planned, found.account.states[0].seen) == (5, 2)


def test_lists_become_one_metric_a_place(tmp_path: Path) -> None:
    log = eval_file(tmp_path / "a.eval", right([1.0, 0.5], [0.0, 0.5], ["C", "I"]))
    rows = read([log], Wish()).table.to_pylist()
    by = {(r["item_id"], r["metric"]): r["value"] for r in rows}
    assert by[("t/s2", "match/0")] == 1.0
    assert {m for _, m in by} == {"match/0", "match/1"}


def test_an_unscored_dictionary_is_unscored_in_every_key(tmp_path: Path) -> None:
    values = [
        {"a": 1.0, "b": 0.0},
        float("nan"),
        {"a": float("nan"), "b": 1.0},
        {"a": 1, "b": None},
    ]
    rows = read([eval_file(tmp_path / "a.eval", right(*values))], Wish()).table.to_pylist()
    by = {(r["item_id"], r["metric"]): (r["value"], r["status"]) for r in rows}
    assert {m for _, m in by} == {"match/a", "match/b"}
    assert by[("t/s1", "match/a")] == by[("t/s1", "match/b")] == (None, "skipped")
    assert by[("t/s2", "match/a")] == by[("t/s3", "match/b")] == (None, "skipped")
    assert len(rows) == 8


def test_letters_without_a_scale_are_named_and_a_scale_counts_them(tmp_path: Path) -> None:
    log = eval_file(tmp_path / "a.eval", right("A", "B", "A"))
    with pytest.raises(InputError, match="values are words, 'A', 'B'") as caught:
        read([log], Wish())
    assert caught.value.code == "empty"
    assert "--scale" in str(caught.value)
    scale = Wish(scale={"A": 4.0, "B": 3.0})
    assert read([log], scale).table["value"].to_pylist() == [4.0, 3.0, 4.0]


def test_a_word_among_numbers_is_no_number(tmp_path: Path) -> None:
    log = eval_file(tmp_path / "a.eval", right("C", "I", "maybe"))
    found = read([log], Wish())
    assert sorted(found.table["status"].to_pylist()) == ["ok", "ok", "skipped"]
    [left] = found.account.left
    assert (left.kind, left.n) == ("value", 1)
    assert "'maybe'" in left.why


def message(text: Any, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **more}


def test_ids_of_messages_are_no_part_of_the_question() -> None:
    one = {"input": [message("hi", id="x1")], "target": "a"}
    assert document(one) == document({"input": [message("hi", id="x2")], "target": "a"})
    parts = [{"type": "text", "text": "hi"}]
    assert document(one) == document({"input": [message(parts)], "target": "a"})
    calls = [{"id": "1", "function": "f", "arguments": {"x": 1}}]
    other = [{"id": "2", "function": "f", "arguments": {"x": 1}}]
    assert document({"input": [message("", tool_calls=calls)]}) == document(
        {"input": [message("", tool_calls=other)]}
    )


@pytest.mark.parametrize(
    "other",
    [
        {"input": [message("ho")], "target": "a"},
        {"input": [{"role": "system", "content": "hi"}], "target": "a"},
        {"input": [message("hi"), message("hi")], "target": "a"},
        {"input": [message("hi")], "target": "b"},
        {"input": [message("hi")], "target": "a", "choices": ["a", "b"]},
        {"input": [message([{"type": "image", "image": "x"}])], "target": "a"},
    ],
)
def test_what_is_asked_is_part_of_the_question(other: dict[str, Any]) -> None:
    assert document({"input": [message("hi")], "target": "a"}) != document(other)


CUT = "x" * 5120 + "...\n(content truncated)"


@pytest.mark.parametrize("chat", [False, True])
def test_questions_that_differ_late_are_two(tmp_path: Path, chat: bool) -> None:
    def made(name: str, ending: str) -> Path:
        text = "x" * 6000 + ending
        asked: Any = [message(text, id=name)] if chat else text
        cut: Any = [message(CUT, id=name)] if chat else CUT
        whole = {"s0_epoch_1": {"id": "s0", "epoch": 1, "input": asked, "target": "yes"}}
        samples = [{"input": cut, **right("C")[0]}]
        return eval_file(tmp_path / f"{name}.eval", samples, whole=whole, model=name)

    a, b, c = made("a", "one"), made("b", "two"), made("c", "one")
    assert read([a, c], Wish()).table.num_rows == 2
    with pytest.raises(InputError, match="two documents"):
        read([a, b], Wish())


def test_pictures_are_part_of_the_question(tmp_path: Path) -> None:
    def made(name: str, picture: str) -> Path:
        asked = [message([{"type": "image", "image": picture}])]
        shown = [message([{"type": "text", "text": "(Image)"}])]
        whole = {"s0_epoch_1": {"id": "s0", "epoch": 1, "input": asked, "target": "yes"}}
        samples = [{"input": shown, **right("C")[0]}]
        return eval_file(tmp_path / f"{name}.eval", samples, whole=whole, model=name)

    with pytest.raises(InputError, match="two documents"):
        read([made("a", "data:1"), made("b", "data:2")], Wish())


def test_other_questions_under_the_same_ids_are_not_compared(tmp_path: Path) -> None:
    a = eval_file(tmp_path / "a.eval", right("C", "I"))
    other = [{"input": f"another {i}", **s} for i, s in enumerate(right("C", "C"))]
    b = eval_file(tmp_path / "b.eval", other)
    with pytest.raises(InputError, match="2 of 2 items") as caught:
        compare(resolve(str(a), [], Wish()), resolve(str(b), [], Wish()))
    assert caught.value.code == "item_changed"


def test_shuffled_ids_are_joined_by_content_where_asked(tmp_path: Path) -> None:
    values = ["C", "C", "I", "I", "I"]
    a = eval_file(tmp_path / "a.eval", right(*values), model="a")
    turned = [{"input": f"Question {4 - i}", **s} for i, s in enumerate(right(*values[::-1]))]
    b = eval_file(tmp_path / "b.eval", turned, model="b")
    with pytest.raises(InputError) as caught:
        compare(resolve(str(a), [], Wish()), resolve(str(b), [], Wish()))
    assert "--by-content" in str(caught.value.hint)
    wish = Wish(by_content=True)
    record = compare(resolve(str(a), [], wish), resolve(str(b), [], wish))
    [row] = record["metrics"]
    assert (row["difference"]["value"], row["difference"]["n"]) == (0.0, 5)
    record = analyse(read([a, b], wish))
    assert record["scores"][0]["pairs"][0]["difference"]["value"] == 0.0


def test_changed_items_are_left_out_where_asked(tmp_path: Path) -> None:
    a = eval_file(tmp_path / "a.eval", right("C", "I", "I"), model="a")
    other = [{"input": "mended", **s} if i == 0 else s for i, s in enumerate(right("C", "C", "I"))]
    b = eval_file(tmp_path / "b.eval", other, model="b")
    found = read([a, b], Wish(changed="leave-out"))
    assert set(found.table["item_id"].to_pylist()) == {"t/s1", "t/s2"}
    assert [(e.kind, e.name) for e in found.account.left] == [("item", "t/s0")]
    record = compare(resolve(str(a), [], Wish()), resolve(str(b), [], Wish()), "leave-out")
    assert record["metrics"][0]["difference"]["n"] == 2
    assert "1 items are two documents" in record["notes"][0]


def test_one_file_and_its_conversion_are_one_run(tmp_path: Path) -> None:
    log = eval_file(tmp_path / "a.eval", right("C", "I"), eval_id="e1")
    samples = [
        {
            "id": f"s{i}",
            "epoch": 1,
            "input": f"Question {i}",
            "target": "yes",
            "scores": s["scores"],
        }
        for i, s in enumerate(right("C", "I"))
    ]
    head = {"version": 2, "status": "success", "eval": {"task": "t", "model": "m", "eval_id": "e1"}}
    text = tmp_path / "b.json"
    text.write_text(json.dumps({**head, "samples": samples}))
    one = read([log], Wish()).table
    assert one.equals(read([text], Wish()).table)
    both = read([tmp_path], Wish())
    assert both.table.equals(one)
    assert "the same run as" in both.account.left[0].why


def test_lone_surrogates_are_seen_everywhere(tmp_path: Path) -> None:
    bad = "\ud83d half"
    samples = [
        {"id": f"{bad}{i}", "metadata": {"src": bad}, **right("C", scorer=bad)[0]} for i in (1, 2)
    ]
    log = eval_file(tmp_path / "a.eval", samples, task=f"t{bad}", model=f"m{bad}")
    [row, _] = read([log], Wish(cluster="src", by=("src",))).table.to_pylist()
    for name in ("model", "metric", "item_id", "cluster_id", "slice"):
        assert "\ufffd half" in row[name]


def test_a_run_that_was_begun_again_is_read_once(tmp_path: Path) -> None:
    about = {"task_id": "t1"}
    broken = {"header": {"status": "error"}, "created": "2026-01-01T10:00:00+00:00", **about}
    eval_file(tmp_path / "b.eval", right("C", "I"), eval_id="e1", **broken)
    last = {"created": "2026-01-01T11:00:00+00:00", **about}
    eval_file(tmp_path / "a.eval", right("C", "I", "C", "C"), eval_id="e2", **last)
    for reruns in ("refuse", "repeats"):
        found = read([tmp_path], Wish(reruns=reruns))
        assert found.table.num_rows == 4
        assert found.table.column("repeat").to_pylist() == [0] * 4
        [left] = found.account.left
        assert left.name.endswith("b.eval")
        assert "begun again as" in left.why
    other = {**last, "task_id": "t2"}
    eval_file(tmp_path / "c.eval", right("C", "I", "C", "C"), eval_id="e3", **other)
    assert read([tmp_path], Wish(reruns="repeats")).table.num_rows == 8


def test_the_second_of_two_scorers_of_one_name_has_its_own_figure(tmp_path: Path) -> None:
    samples = [{"scores": {"match": {"value": "C"}, "match1": {"value": v}}} for v in "CIII"]
    own = [
        {"name": n, "scorer": "match", "metrics": {"accuracy": {"name": "accuracy", "value": v}}}
        for n, v in (("match", 1.0), ("match1", 0.25))
    ]
    found = read([eval_file(tmp_path / "a.eval", samples, scores=own)], Wish())
    assert [(o.metric, o.value) for o in found.account.own] == [("match", 1.0), ("match1", 0.25)]
    assert found.account.left == []


def test_a_run_that_failed_has_one_row_a_sample_though_two_scorers_have_one_name(
    tmp_path: Path,
) -> None:
    samples = [{"scores": {}, "error": "gone"}] * 3
    twice = [{"name": "match"}, {"name": "match"}]
    found = read([eval_file(tmp_path / "a.eval", samples, scorers=twice)], Wish())
    assert [r["status"] for r in found.table.to_pylist()] == ["infra_error"] * 3
