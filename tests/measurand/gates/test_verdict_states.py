from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from measurand.gates.verdict import EXIT_CODES, GateResult, Problem, Verdict


def result(state: Any, **more: Any) -> GateResult:
    return GateResult(id="g", state=state, reason_code="x", sentence="s", **more)


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
    assert text == "Fail: of 3 gates 1 fail, 2 pass: g (x)."


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
