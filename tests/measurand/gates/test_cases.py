from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from gate_evidence import Project, bits, gate, gate_file, non_inferiority, rows

from measurand.gates.cases import cases, prepare
from measurand.gates.deciding.decisions import Decision, Level, State
from measurand.gates.figures.bounds import Bounds
from measurand.gates.gatefile import validate
from measurand.gates.reading import evidence as reading
from measurand.gates.reading.sources import Sources, open_sources
from measurand.gates.run import judge
from measurand.gates.verdict import GateResult, Verdict

GOOD = bits(300, 0.9)


def opened(project: Project, *gates: dict[str, Any], **more: Any) -> Sources:
    return open_sources(validate(gate_file(*gates, **more)), project.root, None, None)


def test_models_times_slices(project: Project) -> None:
    project.results(rows(GOOD) + rows(GOOD, model="n"))
    asked = gate(slice={"lang": ["en", "de"]})
    sources = opened(project, asked, models=["n", "m"])
    found = [
        (c.result.model, c.result.slice)
        for c in cases(sources.spec.gates[0], sources.spec, sources)
    ]
    assert found == [("n", "lang=en"), ("n", "lang=de"), ("m", "lang=en"), ("m", "lang=de")]


def test_a_case_knows_its_bound_in_the_metric_s_own_orientation(project: Project) -> None:
    project.items(GOOD)
    for direction, bound in (("higher", -0.05), ("lower", 0.05)):
        asked = non_inferiority({"value": 0.9}, direction=direction)
        sources = opened(project, asked)
        case = prepare(sources.spec.gates[0], sources.spec, sources, "m", {})
        assert (case.bound, case.reference, case.result.margin) == (bound, 0.9, 0.05)
        assert case.result.candidate_hash == sources.items().hash


def test_an_unlisted_metric_without_a_model_is_an_error(project: Project) -> None:
    project.items(GOOD)
    content = gate_file(gate(metric="none"), gate(id="s", metric="none", **{"from": "statistics"}))
    del content["models"]
    sources = open_sources(validate(content), project.root, None, None)
    found = [c for g in sources.spec.gates for c in cases(g, sources.spec, sources)]
    assert [(c.result.model, c.result.reason_code) for c in found] == [(None, "missing_metric")] * 2
    assert reading.MANIFEST == "manifest.json"


PARTS = {"": GateResult, "found": Bounds, "level": Level, "decision": Decision}
FIGURES = [
    (part, f.name)
    for part, kind in (
        ("", GateResult),
        ("found", Bounds),
        ("level", Level),
        ("decision", Decision),
    )
    for f in dataclasses.fields(kind)
    if "float" in str(f.type)
]


@pytest.mark.parametrize(("part", "name"), FIGURES)
@pytest.mark.parametrize("state", ["error", "pass"])
def test_a_figure_that_overflowed_is_null_in_a_verdict_that_can_be_written(
    project: Project, part: str, name: str, state: State
) -> None:
    project.items(GOOD)
    sources = opened(project, gate())
    case = prepare(sources.spec.gates[0], sources.spec, sources, "m", {})
    blank = dataclasses.replace(case.result, decision=Decision(state, "nan_value"))
    if part:
        inner = dataclasses.replace(getattr(blank, part), **{name: -math.inf})
        blank = dataclasses.replace(blank, **{part: inner})
    else:
        blank = dataclasses.replace(blank, **{name: -math.inf})
    found = judge(dataclasses.replace(case, result=blank, measure=None))
    assert found.state == "error"
    if part != "decision" or state == "error":
        assert getattr(getattr(found, part) if part else found, name) is None
    assert found.reason_code == ("nan_value" if state == "error" else "overflow")
    Verdict("gates.yaml", (found,)).to_json()


def test_every_figure_of_a_verdict_is_tried() -> None:
    names = {name for _, name in FIGURES}
    assert {"estimate", "limit", "margin", "p_adjusted", "baseline_estimate", "mde"} < names


def test_a_gate_with_models_of_its_own_is_put_to_these(project: Project) -> None:
    project.results([*rows(GOOD, model="a"), *rows(bits(300, 0.1), model="control")])
    verdict = project.verdict(
        gate(), gate(id="control", models=["control"], direction="lower", limit=0.3), models=["a"]
    )
    assert [(g.id, g.model, g.state) for g in verdict.gates] == [
        ("g", "a", "pass"),
        ("control", "control", "pass"),
    ]


def test_a_share_of_a_baseline_needs_one_that_is_not_zero_rather_than_one(
    project: Project,
) -> None:
    shares: dict[str, Any] = {"margin": {"rel": 0.1}, "test": "non_inferiority"}
    for middle, told in ((1.0, True), (0.0, False)):
        # Thirty scores, sd 1: the interval is middle -.38 .. +.38.
        scores = [middle + (1.0 if i % 2 else -1.0) for i in range(30)]
        project.items(scores)
        asked = gate(baseline=project.baseline(scores), **shares)
        del asked["limit"]
        sources = opened(project, asked)
        case = prepare(sources.spec.gates[0], sources.spec, sources, "m", {})
        if told:
            assert case.result.margin == pytest.approx(0.1 * middle)
        else:
            assert case.result.decision.reason_code == "rel_margin_undefined"


def test_a_case_alone_is_decided_at_its_level_over_its_look(project: Project) -> None:
    project.items(GOOD)
    sources = opened(project, gate(alpha=0.04))
    case = prepare(sources.spec.gates[0], sources.spec, sources, "m", {})
    for look, alpha in ((1, 0.04), (4, 0.01)):
        result = judge(case, look)
        assert (result.level.alpha, result.level.plain, result.looks) == (alpha, alpha, look)
