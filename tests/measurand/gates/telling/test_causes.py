from __future__ import annotations

from typing import Any

import pytest

from measurand.gates.telling.causes import causes, reasons


def gate(id: str, state: str = "fail", **more: Any) -> dict[str, Any]:
    return {"id": id, "state": state, "metric": "alpha", "direction": "higher", **more}


NEVER = [gate("reliable", detail="24 of 24 items never vary") for _ in range(5)]


def test_that_nothing_varies_is_one_cause_however_it_is_said() -> None:
    others = [gate("follows", detail="one of the two does not vary"),
              gate("discriminant", detail="a score does not vary")]  # fmt: skip
    (cause,) = causes([*NEVER, *others, gate("leak", "pass", estimate=0.0)])
    assert cause.who == "7 gates for one cause"
    assert cause.why == "no variation: 24 of 24 items never vary"
    assert reasons(NEVER) == "5 of reliable (24 of 24 items never vary)"


def test_a_missed_limit_is_told_with_its_figure() -> None:
    missed = gate("mass", estimate=0.14046, limit=0.5, reason_code="limit_not_met")
    assert reasons([missed]) == "mass (alpha is 0.14; at least 0.5 is asked)"
    lower = gate("bias", estimate=0.44, limit=0.3, direction="lower")
    assert reasons([lower]) == "bias (alpha is 0.44; at most 0.3 is asked)"
    twice = [gate("mass", estimate=e, limit=0.5) for e in (0.3, 0.1)]
    assert reasons(twice) == "2 of mass (alpha is 0.1 to 0.3; at least 0.5 is asked)"
    loss = gate("no-loss", estimate=-0.2, margin=0.05, baseline="main")
    assert reasons([loss]) == "no-loss (alpha is -0.2 off its baseline; 0.05 is allowed)"
    gain = gate("gain", estimate=-0.2, baseline="main")
    assert reasons([gain]) == "gain (alpha is -0.2 off its baseline)"
    assert reasons([gate("bare", estimate=-0.2)]) == "bare (alpha is -0.2)"


def test_an_undecided_gate_shows_both_bounds() -> None:
    open_ = gate("reliable", "inconclusive", estimate=0.635, lower=0.403, upper=0.761, limit=0.7)
    assert (
        reasons([open_])
        == "reliable (alpha is 0.635, between 0.403 and 0.761; at least 0.7 is asked)"
    )


def test_the_worst_and_the_most_come_first_and_few_are_named() -> None:
    gates = [gate("a", "inconclusive", detail="x"), gate("b", detail="y"), *NEVER,
             gate("c", "error", detail="z"), gate("d", detail="w")]  # fmt: skip
    assert [c.state for c in causes(gates)] == ["error", "fail", "fail", "fail", "inconclusive"]
    assert reasons(gates) == "c (z)"
    failing = [gate(name, detail=name) for name in "uvwxy"]
    assert reasons([*failing, *NEVER, gate("a", "inconclusive", detail="z")]) == (
        "5 of reliable (24 of 24 items never vary); u (u); v (v); and 3 more"
    )


def test_what_only_warns_decides_nothing_but_has_a_cause() -> None:
    warns = gate("a", "fail", effect="pass", detail="x")
    assert reasons([warns]) == ""
    assert len(causes([warns])) == 1


@pytest.mark.parametrize("state", [None, "passed", 3])
def test_an_unknown_state_is_an_error(state: object) -> None:
    (cause,) = causes([{"id": "g", "state": state}])
    assert (cause.state, cause.why) == ("error", "no figure")
