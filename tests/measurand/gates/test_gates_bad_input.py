"""Whatever a gate file and the evidence hold: a verdict with an exit code in 0..3, no traceback."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import yaml
from gate_evidence import Project
from gate_fuzz import figures, fuzz, odd_file, results
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from measurand.gates import command
from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.gatefile import GateFileError, parse, validate

CASES = 4_000


@pytest.mark.integration
def test_four_thousand_gate_files_and_evidences() -> None:
    outcomes, codes = fuzz(CASES, seed=20261123, outputs_every=4)
    # The generator must reach every state and most reasons, or the test shows little.
    assert sum(outcomes.values()) == CASES
    assert min(outcomes[s] for s in ("pass", "fail", "inconclusive", "error", "bad_gate")) > 80
    reached = {
        "limit_met", "limit_not_met", "undecided", "underpowered", "no_interval", "undefined",
        "not_worse", "worse", "equivalent", "different", "better", "regressed",
        "no_regression_shown", "equal", "unequal", "missing_metric", "empty_slice", "id_mismatch",
        "nan_value", "too_many_dropped", "infra_errors", "not_binary", "clustered_proportion",
        "partial_run", "unpaired_statistic", "rel_margin_undefined", "dataset_changed",
        "dataset_unknown", "schema_drift", "bad_statistic", "overflow",
        "baseline_unresolved", "beyond_range",
    }  # fmt: skip
    assert len(reached - set(codes)) <= 2, reached - set(codes)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.one_of(st.text(), st.binary(), st.text(alphabet="{}[]:,-&*!?|>'\"%@` \nab1~<#")))
def test_any_text_is_a_gate_file_or_a_named_error(text: str | bytes) -> None:
    with pytest.raises(GateFileError):
        parse(text)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "metric", "test", "limit", "slice", "x"]), inner),
    ),
    max_leaves=8,
)


@pytest.mark.integration
@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.dictionaries(st.sampled_from(["version", "system", "gates", "defaults", "y"]), TREES))
def test_any_tree_is_a_gate_file_or_a_named_error(tree: dict[str, Any]) -> None:
    with pytest.raises(GateFileError):
        validate(tree)


@pytest.mark.integration
@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32), spoil=st.integers(0, 4))
def test_from_files_to_the_exit_code(project: Project, seed: int, spoil: int) -> None:
    """The same generator through real files and the command."""
    rng = random.Random(seed)
    folder = project.folder / "results" / "items"
    folder.mkdir(parents=True, exist_ok=True)
    parquet.write_table(results(rng), folder / "a.parquet")
    parquet.write_table(results(rng), project.root / "base")
    parquet.write_table(figures(rng), project.folder / "statistics.parquet")
    if spoil == 0:
        target = rng.choice((folder / "a.parquet", project.folder / "statistics.parquet"))
        content = target.read_bytes()
        target.write_bytes(content[: rng.randrange(len(content))] + rng.randbytes(20))
    path = project.root / "gates.yaml"
    path.write_text(yaml.safe_dump(odd_file(rng)), encoding="utf-8")
    out = project.root / "out"
    code = command.main([str(path), "--root", str(project.root), "--out", str(out)])
    assert json.loads((out / "verdict.json").read_text(encoding="utf-8"))["exit_code"] == code


def test_the_generator_s_evidence_errors_are_named() -> None:
    """An evidence error without its own code would be a dead end for scripts."""
    assert EvidenceError("x").code == "bad_evidence"
