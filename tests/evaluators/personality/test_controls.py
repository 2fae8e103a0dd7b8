"""Respondents whose truth is known go through the whole system, and the gates judge them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from gate_controls import Row, controls, spoil

from evaluators.personality.evaluate import evaluate
from evaluators.personality.report import statistics
from measurand import gates
from measurand import params as parameters
from measurand.parquet import write_shard
from measurand.results import STATISTICS
from pipelines.personality.dataset import build
from schemas.personality.params import DOMAINS, Params
from schemas.personality.tables import RESPONSES

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.integration

Judged = tuple[dict[tuple[str, str], dict[str, Any]], gates.Verdict]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Judged]:
    """Fifty biographies x two wordings; every trait at nine levels under ten biographies."""
    raw = parameters.read(ROOT / "params/presets/personality/cpu.yaml", Params).model_dump(
        mode="json"
    )
    raw["build"]["validity"] |= {
        "instruments": ["ipip_neo_120", "ipip_50"],
        "second_form": "ipip_50",
        "n_bios": 50,
        "instructions": ["ev2", "rg6"],
    }
    raw["build"]["single"] |= {"levels": list(range(1, 10)), "n_bios": 10}
    for name in ("concurrent", "reversed_options", "cue"):
        raw["build"][name] = None
    raw["report"]["resamples"] = 400
    model = {"model": "synthetic:factor", "experiments": ["validity", "single"]}
    raw["evaluate"] |= {"models": [model], "cue": "none", "batch_size": 256}
    params = Params.model_validate(raw)
    data = tmp_path_factory.mktemp("controls")
    build(params, data / "dataset", "FnApiRunner")

    def judged(model: str, change: Callable[[Row], Row] | None = None) -> Judged:
        folder = tmp_path_factory.mktemp("judged")
        evaluate(params, data, model, folder / "results", journal=folder / "journal")
        for responses in (folder / "results/responses").iterdir() if change else ():
            spoil(responses, RESPONSES, change)
        table = statistics(data, folder / "results", params)
        write_shard(STATISTICS, table, folder / "statistics.parquet")
        content = yaml.safe_load((ROOT / "gates/personality.yaml").read_text(encoding="utf-8"))
        content["models"] = [model]
        # Gates on known respondents are put to this one too, so that each can be seen to fail.
        for gate in content["gates"]:
            gate.pop("models", None)
        file = folder / "gates.yaml"
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        verdict = gates.run_gates(
            file,
            root=folder,
            results=folder / "results",
            statistics=folder / "statistics.parquet",
        )
        return {(r["metric"], r["slice"]): r for r in table.to_pylist()}, verdict

    return judged


def first(domain: str) -> str:
    return f"experiment=validity,form=first,scale={domain}"


def states(verdict: gates.Verdict, gate: str) -> set[str]:
    return {g.state for g in verdict.gates if g.id == gate}


def test_the_shaped_respondent_passes(judge: Callable[..., Judged]) -> None:
    rows, verdict = judge("synthetic:shaped")
    others = {g.id for g in verdict.gates if g.state != "pass"}
    assert others == {"no-traits-where-there-are-none"}
    # Four items a scale, each rounded to a whole answer: less than the .976 of unrounded scores.
    for domain in DOMAINS:
        assert rows["shaping_rho", f"experiment=single,trait={domain}"]["estimate"] > 0.9


def test_a_uniform_respondent_fails(judge: Callable[..., Judged]) -> None:
    rows, verdict = judge("synthetic:uniform")
    assert verdict.exit_code == 1
    assert states(verdict, "reliable") == {"fail"}
    assert states(verdict, "follows-the-prompt") == {"fail"}
    assert states(verdict, "known-traits-are-seen") != {"pass"}
    for domain in DOMAINS:
        # 24 items, 100 rows: the error of alpha is near .14.
        assert abs(rows["alpha", first(domain)]["estimate"]) < 0.5
        assert rows["n_flipped", first(domain)]["estimate"] > 3


def test_a_constant_respondent_is_undefined_and_fails(judge: Callable[..., Judged]) -> None:
    rows, verdict = judge("synthetic:constant")
    assert verdict.exit_code == 1
    assert states(verdict, "reliable") == {"fail"}
    found = rows["alpha", first("EXT")]
    assert found["estimate"] is None
    assert "var" in found["reason"]


def test_an_acquiescent_respondent_fails(judge: Callable[..., Judged]) -> None:
    rows, verdict = judge("synthetic:acquiescent")
    assert verdict.exit_code == 1
    assert "fail" in states(verdict, "reliable")
    assert states(verdict, "no-flipped-items") == {"fail"}
    balanced = rows["alpha", first("EXT")]["estimate"], rows["alpha", first("OPE")]["estimate"]
    assert rows["omega_flip", first("OPE")]["estimate"] > 0.9
    assert min(balanced) < 0.7
    pairs = rows["keyed_pair_agreement", "experiment=validity,form=first"]["estimate"]
    assert pairs < 0.25


def test_a_respondent_that_ignores_the_key_fails(judge: Callable[..., Judged]) -> None:
    rows, verdict = judge("synthetic:unkeyed")
    assert verdict.exit_code == 1
    assert states(verdict, "no-flipped-items") == {"fail"}
    assert rows["omega_flip", first("OPE")]["estimate"] > 0.9


def test_a_true_respondent_is_reliable_and_its_traits_are_told_apart(
    judge: Callable[..., Judged],
) -> None:
    rows, verdict = judge("synthetic:factor")
    assert states(verdict, "reliable") == {"pass"}
    assert states(verdict, "no-flipped-items") == {"pass"}
    assert states(verdict, "discriminant") == {"pass"}
    assert states(verdict, "known-traits-are-seen") == {"pass"}
    assert states(verdict, "no-traits-where-there-are-none") == {"fail"}
    assert rows["discriminant_gap", "experiment=validity"]["estimate"] > 0.6
    # It has traits but follows no prompt.
    assert states(verdict, "follows-the-prompt") != {"pass"}


def _unsaid(row: Row) -> Row:
    """A model that wants to say something else than one of the answers."""
    return {**row, "mass": 0.2}


def _lost(row: Row) -> Row:
    """One answer in ten is missing."""
    if int(row["prompt_sha256"][:2], 16) % 10:
        return row
    none = ("value", "logprobs", "expected", "mass")
    return {**row, **dict.fromkeys(none), "status": "model_error", "reason": "none"}


def _turned(row: Row) -> Row:
    """The second form says the opposite of the first: its traits are not those of the first."""
    if row["instrument_id"] != "ipip_50" or row["value"] is None:
        return row
    return {**row, "value": row["k_choices"] + 1 - row["value"]}


FAULTS: dict[str, tuple[str, Callable[[Row], Row] | None]] = {
    "reliable": ("synthetic:uniform", None),
    "no-flipped-items": ("synthetic:unkeyed", None),
    "answers-the-question": ("synthetic:factor", _unsaid),
    "few-missing": ("synthetic:factor", _lost),
    "discriminant": ("synthetic:factor", _turned),
    "known-traits-are-seen": ("synthetic:factor", _turned),
    "no-traits-where-there-are-none": ("synthetic:factor", None),
}
"""Whose answers make a control fail, and what is changed in them."""


def test_every_control_has_a_failing_case() -> None:
    assert set(FAULTS) == controls("personality")


@pytest.mark.parametrize("gate", sorted(FAULTS))
def test_a_control_fails_on_its_fault(judge: Callable[..., Judged], gate: str) -> None:
    _, verdict = judge(*FAULTS[gate])
    assert "fail" in states(verdict, gate), [g.sentence for g in verdict.gates if g.id == gate]
    assert not verdict.subject.stands
