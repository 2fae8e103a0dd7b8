from __future__ import annotations

from pathlib import Path

import pytest
from counting import calls
from report_example import verdict

from measurand import reporting
from measurand.reporting.cells import lay_out
from measurand.reporting.verdict import (
    gates_table,
    grouped,
    limit_of,
    next_step,
    ordered_gates,
    parts_of,
    sentence_of,
    short_names,
    state_of,
    states_of,
    warnings_of,
    word_of,
)


def test_gates_that_need_attention_come_first() -> None:
    states = [gate["state"] for gate in ordered_gates(verdict())]
    assert states == ["fail", "fail", "inconclusive", *["pass"] * 5]


def test_without_gates_it_says_so() -> None:
    assert (state_of(None), word_of(None)) == ("none", "no verdict")
    assert sentence_of(None) == "No gate was run on these results."
    assert gates_table(None) is None
    assert gates_table({"state": "error", "gates": []}) is None


@pytest.mark.parametrize("state", [None, "passed", 3])
def test_an_unknown_state_is_an_error_and_never_a_pass(state: object) -> None:
    assert state_of({"state": state, "gates": []}) == "error"
    assert word_of({"state": state}) != "pass"


def test_a_gate_with_hardly_any_key_is_drawn() -> None:
    bare = {"state": "fail", "gates": [{"id": "g", "state": "fail"}, {}]}
    table = gates_table(bare)
    assert table is not None
    laid = lay_out(table)
    assert [row[1].state for row in laid.rows] == ["error", "fail"]
    assert sentence_of(bare) == "2 gates: 1 fail."


def test_limit_or_margin() -> None:
    assert limit_of({"limit": 0.0, "margin": 0.1}) == 0.0
    assert limit_of({"limit": None, "margin": 0.02}) == 0.02
    assert limit_of({}) is None


def test_levels_and_warnings_are_told() -> None:
    gates = [{"id": "a", "alpha": 0.05}, {"id": "b", "alpha": 0.01, "flags": ["degenerate"]}]
    told = {"state": "pass", "gates": gates, "warnings": ["a column was added"],
            "problem": {"code": "x", "message": "m", "hint": "mend it"}}  # fmt: skip
    table = gates_table(told)
    assert table is not None
    assert "95% or 99%" in table.notes[0]
    assert "(degenerate)" in lay_out(table).rows[1][0].detail
    assert warnings_of(told) == ["mend it", "a column was added"]


def test_names_of_twice_as_many_gates_cost_twice_as_much() -> None:
    gates = [
        {"id": f"g{i % 2}", "slice": f"part={i},same=x", "model": "m", "metric": "y"}
        for i in range(2000)
    ]
    assert short_names(gates)[:3] == ["g0: 0", "g1: 1", "g0: 2"]
    assert calls(lambda: short_names(gates)) < 2.2 * calls(lambda: short_names(gates[:1000]))


def test_parts_are_told_apart_only_where_the_gates_are() -> None:
    gates = [{"id": "a", "state": "pass"}, {"id": "b", "state": "fail", "detail": "why"}]
    (whole,) = parts_of({"gates": gates})
    assert whole.title == ""
    assert [(line.head, line.words) for line in whole.open] == [("b", "why")]
    gates[0] = {"id": "a", "state": "inconclusive", "of": "instrument"}
    told = {"gates": gates, "subject": {"stands": False}}
    instrument, subject = parts_of(told)
    assert [line.head for line in instrument.open] == ["a"]
    assert (instrument.note, subject.note) == (
        "",
        "Not to be relied on until the instrument passes.",
    )


def test_states_of_instrument_and_subject() -> None:
    told = {"instrument": {"state": "pass"}, "subject": {"state": None}}
    assert states_of(told) == {"instrument": "pass", "subject": "none"}
    assert states_of({"state": "fail"}) == states_of(None) == {}


def test_names_share_what_they_have_in_common() -> None:
    assert grouped(["reliable: EXT", "reliable: AGR", "gap"]) == "reliable: EXT, AGR; gap"
    assert grouped(["reliable: m, EXT", "reliable: m, AGR"]) == "reliable: m (EXT, AGR)"
    assert grouped(["reliable: m, EXT", "reliable: k, EXT"]) == "reliable: m, EXT, k, EXT"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "gate file"),
        ({"state": "error"}, "mend what the gates name"),
        ({"state": "pass"}, "measure another model"),
        ({"state": "fail"}, "a finding about what was measured, not a fault of the run"),
        ({"state": "fail", "instrument": {"state": "pass"}}, "not a fault of the run"),
        ({"state": "fail", "instrument": {"state": "fail"}}, "measure too little to rest on"),
    ],
)
def test_a_failing_gate_is_told_as_a_finding(told: dict[str, object] | None, words: str) -> None:
    assert words in next_step(told)


@pytest.mark.parametrize("state", ["pass", "fail", "inconclusive", "error", "none"])
def test_every_state_has_a_colour_of_its_own(state: str) -> None:
    """Without one a kind that was not asked has the colour of the verdict around it."""
    css = (Path(reporting.__file__).parent / "report.css").read_text(encoding="utf-8")
    assert f".{state} {{ --state: var(--{state}); }}" in css
