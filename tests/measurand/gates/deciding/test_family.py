"""Many findings at once: adjusted p values, and verdicts that follow them and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gate_evidence import (
    Project,
    bits,
    gate,
    gate_result,
    non_inferiority,
    rows,
    statistic,
    write_items,
)
from statsmodels.stats.multitest import multipletests

from measurand.gates import Verdict
from measurand.gates.telling.outputs import to_markdown, to_text

SLICES = ("a", "b", "c", "d", "e")
#: Losses that at 300 items give one-sided p values on both sides of 5% and of 5% / 5.
LOSS = (0.03, 0.016, 0.0125, 0.01, 0.0)


def put(project: Project, test: str, family: dict[str, Any] | None, **more: Any) -> Verdict:
    """Five slices, the candidate worse (or better) than the baseline by more or less."""
    sign = -1.0 if test == "regression" else 1.0
    before, now = [], []
    rng = np.random.default_rng(7)
    for name, loss in zip(SLICES, LOSS, strict=True):
        old = rng.normal(0.5, 0.1, 300)
        new = old + sign * loss + (noise := rng.normal(0, 0.12, 300)) - noise.mean()
        for scores, into in ((old, before), (new, now)):
            part = rows(scores, slice=f"lang={name}")
            for row in part:
                row["item_id"] = row["cluster_id"] = name + row["item_id"]
            into += part
    project.results(now)
    write_items(project.root / "base", before)
    asked = gate(test=test, baseline={"file": "base"}, slice={"lang": list(SLICES)}, **more)
    del asked["limit"]
    extra = {} if family is None else {"family": family}
    return project.verdict(asked, non_inferiority({"file": "base"}, 0.5, id="n"), **extra)


@pytest.mark.parametrize(("correction", "name"), [("holm", "holm"), ("bh", "fdr_bh")])
@pytest.mark.parametrize("test", ["superiority", "regression"])
def test_findings_are_those_of_statsmodels(
    project: Project, test: str, correction: str, name: str
) -> None:
    verdict = put(project, test, {"correction": correction, "alpha": 0.05})
    family = verdict.gates[:5]
    p = [g.found.p for g in family]
    found, adjusted, *_ = multipletests(p, alpha=0.05, method=name)
    assert [g.level.p_adjusted for g in family] == pytest.approx(list(adjusted))
    state = "pass" if test == "superiority" else "fail"
    assert [g.state == state for g in family] == list(found)
    # The case is such that the correction takes some findings and leaves some.
    alone = np.array(p) <= 0.05
    assert 0 < sum(found) < sum(alone)


@pytest.mark.parametrize("correction", ["holm", "bh", "none"])
@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.01])
def test_the_bound_decides_as_the_adjusted_p_does(
    project: Project, correction: str, alpha: float
) -> None:
    verdict = put(project, "superiority", {"correction": correction, "alpha": alpha})
    for g in verdict.gates[:5]:
        assert g.level.p_adjusted is not None
        assert g.found.lower is not None
        assert (g.level.p_adjusted <= alpha) == (g.found.lower > 0) == (g.state == "pass")


def test_what_the_correction_took_is_named(project: Project) -> None:
    better = put(project, "superiority", {"correction": "holm"})
    lost = [g for g in better.gates if g.reason_code == "better_uncorrected"]
    assert lost
    assert all(g.state == "inconclusive" for g in lost)
    assert "Alone it would have shown a gain" in lost[0].sentence
    worse = put(project, "regression", {"correction": "holm"})
    lost = [g for g in worse.gates if g.reason_code == "regressed_uncorrected"]
    assert lost
    assert all(g.state == "pass" for g in lost)


def test_other_tests_are_not_corrected_and_the_verdict_says_so(project: Project) -> None:
    verdict = put(project, "superiority", {"correction": "holm", "alpha": 0.1})
    other = verdict.gates[-1]
    assert (other.level.alpha, other.level.p_adjusted, other.level.correction) == (0.05, None, None)
    assert verdict.family is not None
    said = verdict.family.sentence()
    assert "Holm's correction at 10% over 5 gates" in said
    assert "the other 1 need none" in said
    assert said in to_text(verdict)
    assert "correction at 10% over 5 gates" in to_markdown(verdict)
    content = verdict.to_dict()
    assert content["version"] == "1.1.0"
    assert content["family"]["gates"] == [g.name for g in verdict.gates[:5]]


def test_a_family_of_none_changes_nothing(project: Project) -> None:
    project.items(bits(600, 0.9))
    verdict = project.verdict(gate(), family={"correction": "holm"})
    assert any("family changes nothing" in w for w in verdict.warnings)
    assert verdict.family is None
    assert verdict.to_dict()["version"] == "1.0.0"


def test_without_a_family_each_gate_has_its_own_level(project: Project) -> None:
    verdict = put(project, "superiority", None)
    assert [g.state == "pass" for g in verdict.gates[:5]] == [
        (g.found.p or 0) <= 0.05 for g in verdict.gates[:5]
    ]
    assert all(g.level.p_adjusted is None for g in verdict.gates)


def test_finished_statistics_may_be_of_the_family(project: Project) -> None:
    """Their p is read off their bounds: .07, .04 (alone enough) and almost 0."""
    figures = {"a": 0.05, "b": 0.06, "c": 0.2}
    project.statistics(
        *(statistic(k, estimate=x, lower=x - 0.055, upper=x + 0.055) for k, x in figures.items())
    )
    gates = []
    for name in figures:
        asked = gate(id=name, metric=name, test="superiority", baseline={"value": 0.0})
        del asked["limit"]
        gates.append(asked | {"from": "statistics"})
    verdict = project.verdict(*gates, family={"correction": "holm"})
    assert [g.state for g in verdict.gates] == ["inconclusive", "inconclusive", "pass"]
    assert verdict.gates[1].reason_code == "better_uncorrected"
    p = [g.found.p for g in verdict.gates]
    assert [g.level.p_adjusted for g in verdict.gates] == pytest.approx(
        list(multipletests(p, method="holm")[1])
    )


def test_a_member_that_cannot_be_put_counts_for_nothing(project: Project) -> None:
    project.items(bits(600, 0.9))
    base = project.baseline(bits(600, 0.85))
    good = gate(test="superiority", baseline=dict(base))
    del good["limit"]
    lost = good | {"id": "lost", "metric": "none"}
    verdict = project.verdict(good, lost, family={"correction": "holm"})
    assert [g.state for g in verdict.gates] == ["pass", "error"]
    assert "over 1 gate" in (verdict.gates[0].level.correction or "")
    assert verdict.exit_code == 3


def test_looks_and_family_both_count(project: Project) -> None:
    project.out = project.root / "out"
    asked = gate(test="superiority", baseline={"value": 0.85})
    del asked["limit"]
    project.items(bits(600, 0.5))
    project.verdict(asked, asked | {"id": "h"}, family={"correction": "holm"})
    project.items(bits(600, 0.9))
    second = project.verdict(asked, asked | {"id": "h"}, family={"correction": "holm"})
    first = second.gates[0]
    assert first.level.alpha == pytest.approx(0.05 / 4)
    assert first.found.p is not None
    assert first.level.p_adjusted == pytest.approx(4 * first.found.p)


@pytest.mark.integration
def test_holm_keeps_the_chance_of_any_false_finding() -> None:
    """Under no change, some of five gates passes in about 5% with Holm and in 1 - .95^5 without."""
    from measurand.gates.cases import Case
    from measurand.gates.deciding.family import levels
    from measurand.gates.figures.bounds import Bounds, Items, from_items
    from measurand.gates.questions import Family, Gate, Settings
    from measurand.gates.run import judge

    asked = Gate.model_validate(
        {"id": "g", "metric": "a", "test": "superiority", "baseline": {"value": 0.0},
         "min_n": 0, "min_clusters": 0}
    )  # fmt: skip
    m = 5
    rng = np.random.default_rng(m)
    runs = 250
    any_holm = any_plain = 0

    def case(x: np.ndarray) -> Case:
        def measure(alpha: float, null: float, better: Any) -> Bounds:
            sample = Items(x, np.arange(len(x)))
            return from_items(sample, alpha=alpha, confidence=0.95, interval="t", null=null,
                              better=better)  # fmt: skip

        blank = gate_result(id="g", state="error", reason_code="", test="superiority")
        return Case(asked, Settings(min_n=0, min_clusters=0), blank, measure)

    for _ in range(runs):
        cases = [case(rng.normal(size=25)) for _ in range(m)]
        at = levels(cases, Family(), [1] * m)
        any_holm += any(
            judge(c, 1, level).state == "pass" for c, level in zip(cases, at, strict=True)
        )
        any_plain += any(judge(c).state == "pass" for c in cases)
    sd = np.sqrt(0.05 * 0.95 / runs)
    assert any_holm / runs <= 0.05 + 3 * sd
    assert any_plain / runs == pytest.approx(1 - 0.95**m, abs=0.1)


def _of_statistics(project: Project, rows: dict[str, dict[str, Any]]) -> Verdict:
    project.statistics(*(statistic(name, **row) for name, row in rows.items()))
    gates = []
    for name in rows:
        asked = gate(id=name, metric=name, test="superiority", baseline={"value": 0.0})
        del asked["limit"]
        gates.append(asked | {"from": "statistics"})
    return project.verdict(*gates, family={"correction": "holm"})


def test_no_adjusted_p_exceeds_one(project: Project) -> None:
    lost = {"estimate": -0.05, "lower": -0.105, "upper": 0.005}
    verdict = _of_statistics(project, {"a": lost, "b": lost})
    assert [g.level.p_adjusted for g in verdict.gates] == [1.0, 1.0]


def test_a_member_without_a_p_gets_the_level_of_the_whole_family(project: Project) -> None:
    won = {"estimate": 0.2, "lower": 0.145, "upper": 0.255}
    bare = dict.fromkeys(("lower", "upper", "ci_lo", "ci_hi", "se"))
    verdict = _of_statistics(project, {"a": won, "b": won, "c": {"estimate": 0.2, **bare}})
    assert [g.found.p is None for g in verdict.gates] == [False, False, True]
    assert verdict.gates[2].level.alpha == pytest.approx(0.05 / 2)
    assert verdict.gates[2].level.p_adjusted is None
