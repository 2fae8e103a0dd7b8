from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from gate_evidence import gate_result

from measurand.gates.deciding import decisions
from measurand.gates.telling import explanations
from measurand.gates.telling.explanations import DECIDED, FAULTS, RULES, explain, why
from measurand.gates.verdict import GateResult

GATES = Path(explanations.__file__).parents[1]
#: Codes of the file or the record as a whole, which stop the run before there is a gate.
WHOLE = {"bad_gate", "looks_unreadable", "looks_unwritable", "out_unwritable"}


def result(**more: Any) -> GateResult:
    base: dict[str, Any] = {
        "id": "g", "state": "pass", "reason_code": "limit_met", "sentence": "", "model": "m",
        "test": "threshold", "metric": "accuracy", "direction": "higher", "source": "items",
        "estimate": 0.9, "lower": 0.88, "upper": 0.92, "limit": 0.85, "alpha": 0.05, "power": 0.8,
        "n": 600, "clusters": 60, "sd": 0.3, "min_n": 200, "min_clusters": 10, "mde": 0.0312,
    }  # fmt: skip
    return gate_result(**{**base, **more})


def test_every_code_that_the_gates_raise_is_explained() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in GATES.rglob("*.py"))
    raised = set(re.findall(r'code="([a-z_]+)"|code = "([a-z_]+)"', text))
    codes = {a or b for a, b in raised} - WHOLE
    assert codes
    assert codes - {"no_baseline"} <= set(FAULTS), codes - set(FAULTS)


def test_every_outcome_of_every_rule_is_explained() -> None:
    ends = (-0.2, -0.02, 0.0, 0.02, 0.2, None)
    outcomes = {
        rule(lower, upper, bound)[1]
        for rule in decisions.TESTS.values()
        for lower in ends
        for upper in ends
        for bound in (0.0, -0.1, 0.1)
        if lower is None or upper is None or lower <= upper
    }
    outcomes |= {"underpowered", "no_interval", "undefined", "no_baseline"}
    outcomes |= {"better_uncorrected", "regressed_uncorrected"}
    assert outcomes == set(DECIDED)
    assert set(RULES) == set(decisions.TESTS)


@pytest.mark.parametrize("code", sorted(DECIDED))
def test_decided_gates_say_why_and_what_would_decide(code: str) -> None:
    state = "inconclusive" if code in ("undecided", "underpowered", "no_interval") else "pass"
    lines = explain(result(state=state, reason_code=code, n_needed=1600, clusters_needed=160))
    text = "\n".join(lines)
    assert lines[0].startswith("why: ")
    assert DECIDED[code][:40] in lines[0]
    assert "600 items in 60 clusters show a distance of the truth from the limit of 0.0312" in text
    assert "about 1000 more items in 100 more clusters (1600 in all) would decide" in text
    assert "None" not in text
    if state == "inconclusive":
        assert "It blocks: the command ends with 2" in lines[0]


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_faults_say_what_they_are_and_that_nothing_was_decided(code: str) -> None:
    given = result(state="error", reason_code=code, detail="what (do this)", estimate=None)
    lines = explain(given)
    assert FAULTS[code] in lines[0]
    assert "what (do this)" in lines[0]
    assert "Nothing was decided" in lines[0]
    assert not any(line.startswith("what would decide") for line in lines)


def test_a_warning_says_that_it_does_not_block() -> None:
    soft = result(state="fail", reason_code="limit_not_met", severity="warn")
    assert "only warns" in why(soft)
    assert "ends with 1" in why(result(state="fail", reason_code="limit_not_met"))


def test_a_weak_pass_says_what_would_show_the_loss() -> None:
    given = result(test="regression", reason_code="no_regression_shown", estimate=-0.01,
                   limit=None, n_needed=5570, clusters_needed=557)  # fmt: skip
    text = "\n".join(explain(given))
    assert "absence of evidence is no evidence of absence" in text
    assert "4970 more items in 497 more clusters (5570 in all) would show the loss" in text


def test_on_the_line_and_without_an_interval() -> None:
    line = result(state="inconclusive", reason_code="undecided", n_needed=None)
    assert any("no realistic number" in x for x in explain(line))
    blind = result(
        state="inconclusive", reason_code="no_interval", lower=None, upper=None, mde=None
    )
    text = "\n".join(explain(blind))
    assert "what would decide: an interval" in text
    assert "no standard error" in text


def test_where_trainings_differ_their_mean_would_decide() -> None:
    given = result(state="inconclusive", reason_code="undecided", trainings_needed=34)
    assert any(
        "what would decide: the mean of about 34 trainings over the same rows" in line
        for line in explain(given)
    )


def test_exact_figures_need_no_more_items() -> None:
    lines = explain(result(flags=("exact",)))
    assert lines[0] == "why: The figure is exact and meets the limit."
    assert not any("would decide" in line for line in lines)


def test_a_note_of_the_evidence_is_told_of_figures_and_not_of_faults() -> None:
    note = "note of the evidence"
    assert f"{note}: read in haste" in explain(result(detail="read in haste"))
    broken = result(state="error", reason_code="missing_metric", detail="no such metric")
    assert note not in "\n".join(explain(broken))


def test_every_figure_behind_a_result_is_told_and_nothing_that_is_missing() -> None:
    bare = explain(result(mde=None, sd=None, min_n=None, min_clusters=None, power=None))
    assert bare[1:] == [
        f"rule: {RULES['threshold']}",
        "what this sample can show: unknown: there is no standard error to go by",
        "reason: limit_met",
        "evidence: items",
        "estimate, lower, upper: 0.9, 0.88, 0.92",
        "one-sided alpha: 0.05 (95% sure)",
        "severity: block",
    ]
    more: dict[str, Any] = {"method": "Wilson", "p": 0.012345, "p_adjusted": 0.024691}
    more |= {"correction": "Holm", "flags": ("anytime", "labelled"), "counts": (("rows", 7),)}
    whole = explain(result(**more, n_needed=1600, clusters_needed=160, seed=3, resamples=40))
    for line in ("method: Wilson", "p: 0.0123", "p corrected: 0.0247", "correction: Holm",
                 "standard deviation of a unit: 0.3", "smallest detectable effect: 0.0312",
                 "least sample: 200 in 10 clusters", "needed: 1600 in 160 clusters", "seed: 3",
                 "resamples: 40", "rows: rows 7", "flags: anytime, labelled"):  # fmt: skip
        assert line in whole
    fault = explain(result(state="error", reason_code="empty_slice", detail="x", estimate=None))
    assert not any(line.startswith("rule:") for line in fault)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"n_needed": 600}, None),
        ({"n_needed": 601}, "about 1 more items (601 in all)"),
        ({"n": None, "clusters": None, "n_needed": 90}, "about 90 more items (90 in all)"),
        ({"clusters": 600, "n_needed": 700, "clusters_needed": 700},
         "about 100 more items (700 in all)"),
        ({"clusters": None, "n_needed": 700, "clusters_needed": 70},
         "about 100 more items (700 in all)"),
        ({"n_needed": 700, "clusters_needed": 60},
         "about 100 more items in 0 more clusters (700 in all)"),
    ],
)  # fmt: skip
def test_what_would_decide_counts_items_and_clusters(
    given: dict[str, Any], words: str | None
) -> None:
    lines = explain(result(state="inconclusive", reason_code="undecided", **given))
    found = [x.removeprefix("what would decide: ") for x in lines if "what would decide" in x]
    end = " would decide, were the truth as measured, with 80% power"
    assert found == ([] if words is None else [words + end])
