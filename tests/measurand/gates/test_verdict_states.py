from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from gate_evidence import gate_result

from measurand.gates.verdict import EXIT_CODES, GateResult, Problem, Verdict


def result(state: Any, **more: Any) -> GateResult:
    return gate_result(id="g", state=state, reason_code="x", sentence="s", **more)


def verdict(*gates: GateResult, **more: Any) -> Verdict:
    return Verdict(gate_file="g.yaml", gates=gates, **more)


@pytest.mark.parametrize("states", itertools.product(EXIT_CODES, repeat=3), ids="-".join)
def test_the_worst_wins(states: tuple[str, ...]) -> None:
    order = ["pass", "inconclusive", "fail", "error"]
    worst = max(states, key=order.index)
    got = verdict(*map(result, states))
    assert got.state == worst
    assert got.exit_code == {"pass": 0, "fail": 1, "inconclusive": 2, "error": 3}[worst]


def test_warnings_do_not_block_but_errors_always_do() -> None:
    assert verdict(result("fail", severity="warn")).exit_code == 0
    assert verdict(result("inconclusive", severity="warn")).exit_code == 0
    assert verdict(result("inconclusive", on_inconclusive="warn")).exit_code == 0
    assert verdict(result("fail", on_inconclusive="warn")).exit_code == 1
    assert verdict(result("error", severity="warn")).exit_code == 3


def test_no_gate_is_no_pass() -> None:
    assert verdict().exit_code == 3
    broken = verdict(problem=Problem("bad_gate", "mended nothing", "mend it"))
    assert (broken.state, broken.exit_code) == ("error", 3)
    assert "bad_gate" in broken.sentence()


def test_the_sentence_counts_and_names_the_cause() -> None:
    text = verdict(result("fail"), result("pass"), result("pass")).sentence()
    assert text == "Fail: g (x); 2 of 3 gates pass."


def test_json_is_canonical_and_versioned() -> None:
    gates = (result("pass", model="m", slice="a=1", counts=(("rows", 3),), flags=("exact",)),)
    text = verdict(*gates).to_json()
    assert text == verdict(*gates).to_json()
    content = json.loads(text)
    assert content["schema"] == "measurand.verdict"
    assert content["version"] == "1.0.0"
    assert content["gates"][0]["name"] == "g [m; a=1]"
    assert content["gates"][0]["counts"] == {"rows": 3}
    assert json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n" == text
    with pytest.raises(ValueError, match="JSON"):
        verdict(result("pass", estimate=float("nan"))).to_json()


def test_instrument_and_subject_are_told_apart() -> None:
    found = verdict(result("pass", of="instrument"), result("fail"), result("pass"), result("pass"))
    assert (found.instrument.state, found.subject.state) == ("pass", "fail")
    assert found.subject.stands
    assert found.exit_code == 1
    assert found.sentence() == (
        "Fail: g (x); 1 of 1 gates on the instrument and 2 of 3 on the subject pass."
    )
    content = found.to_dict()
    assert content["version"] == "1.2.0"
    assert content["instrument"]["exit_code"] == 0
    assert content["subject"]["gates"] == {"error": 0, "fail": 1, "inconclusive": 0, "pass": 2}
    assert [g["of"] for g in content["gates"]] == ["instrument", *["subject"] * 3]


def test_only_a_verdict_that_says_how_many_trainings_has_the_latest_version() -> None:
    plain = verdict(result("inconclusive", of="instrument")).to_dict()
    assert "trainings_needed" not in plain["gates"][0]
    found = verdict(result("inconclusive", of="instrument", trainings_needed=8)).to_dict()
    assert (plain["version"], found["version"]) == ("1.2.0", "1.3.0")
    assert found["gates"][0]["trainings_needed"] == 8


@pytest.mark.parametrize("state", ["fail", "inconclusive", "error"])
def test_a_subject_does_not_stand_where_the_instrument_does_not_pass(state: Any) -> None:
    found = verdict(result(state, of="instrument"), result("pass"))
    assert (found.state, found.subject.state) == (state, "pass")
    assert not found.subject.stands
    assert "not to be relied on until the instrument passes" in found.sentence()
    assert not found.to_dict()["subject"]["stands"]


def test_a_warning_of_the_instrument_leaves_the_subject_standing() -> None:
    found = verdict(result("fail", of="instrument", severity="warn"), result("pass"))
    assert found.instrument.state == "pass"
    assert found.subject.stands


def test_an_instrument_alone_says_nothing_of_the_subject() -> None:
    found = verdict(result("pass", of="instrument"))
    assert found.sentence() == (
        "Pass: 1 of 1 gates on the instrument pass, none asks about the subject."
    )
    assert found.subject.state is None
    assert found.to_dict()["subject"]["exit_code"] is None


def test_a_file_that_tells_nothing_apart_keeps_its_bytes() -> None:
    content = verdict(result("pass"), result("fail")).to_dict()
    assert content["version"] == "1.0.0"
    assert not {"instrument", "subject"} & set(content)
    assert not any("of" in gate for gate in content["gates"])


@pytest.mark.parametrize("states", itertools.product(EXIT_CODES, repeat=4), ids="-".join)
def test_the_exit_code_is_the_worst_gate_of_either_kind(states: tuple[Any, ...]) -> None:
    kinds: tuple[Any, ...] = ("instrument", "subject", "instrument", "subject")
    gates = [result(s, of=k) for s, k in zip(states, kinds, strict=True)]
    found = verdict(*gates)
    parts = (found.instrument.state, found.subject.state)
    assert found.exit_code == max(EXIT_CODES[p] for p in parts if p == found.state)
    assert found.state == verdict(*map(result, states)).state


def test_a_gate_in_a_file_has_no_working_figures() -> None:
    found = result("pass", se=0.1, df=9, reason="why", estimate=0.5)
    [gate] = json.loads(verdict(found).to_json())["gates"]
    assert gate["estimate"] == 0.5
    assert not {"se", "df", "reason", "plain", "found", "decision", "level"} & set(gate)
