"""Whatever a gate file and the evidence hold: a verdict with an exit code in 0..3, no traceback."""

from __future__ import annotations

import json
import math
import random
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from gate_evidence import Project, gate_file, rows, statistic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from measurand.gates import Verdict, command
from measurand.gates.bounds import EvidenceError
from measurand.gates.cases import cases
from measurand.gates.evidence import Evidence
from measurand.gates.gatefile import GateFileError, parse, validate
from measurand.gates.outputs import to_junit, to_markdown, to_text, workflow_commands
from measurand.gates.run import judge
from measurand.gates.sources import Sources
from measurand.results import RESULTS, STATISTICS, STATUSES

CASES = 10_000
POOL = 400
ODD: tuple[Any, ...] = (
    None, "", "x", "no", "<b>", "\x1b[2J", "é", "a=b", "a,b", 0, 1, -1, 2, 10**9, 10**30, 0.0,
    -0.0, 0.5, 1.0, 1e-300, 1e300, -1e308, math.nan, math.inf, True, False, [], [0], {},
    ["en", "de"], {"abs": 0.1}, {"rel": 0.5}, {"value": 0.5}, {"file": "base"}, {"ref": "main"},
    {"lang": "en"},
)  # fmt: skip
SCORES = (
    0.0,
    1.0,
    0.5,
    -1.0,
    1e-300,
    1e150,
    1.7e308,
    -1.7e308,
    math.nan,
    math.inf,
    -math.inf,
    None,
)


def scores(rng: random.Random, n: int) -> list[float | None]:
    kind = rng.randrange(5)
    p = rng.choice((0.0, 0.02, 0.3, 0.5, 0.9, 0.98, 1.0))
    if kind < 2:
        return [float(rng.random() < p) for _ in range(n)]
    if kind == 2:
        return [rng.gauss(p, rng.choice((0, 1e-12, 0.1, 10))) for _ in range(n)]
    if kind == 3:
        return [rng.choice(SCORES[:3])] * n
    values: list[float | None] = [float(rng.random() < p) for _ in range(n)]
    for _ in range(rng.choice((0, 1, 1, 3, n))):
        if n:
            values[rng.randrange(n)] = rng.choice(SCORES)
    return values


def results(rng: random.Random) -> pa.Table:
    """Item results, sound or with one thing wrong."""
    n = rng.choice((0, 1, 2, 9, 30, 210, 210, 210, 400, 400, 400))
    content = rows(scores(rng, n), cluster_size=rng.choice((1, 1, 2, 30, 1000)))
    for row in content if rng.random() < 0.3 else []:
        row["slice"] = rng.choice(("lang=en", "lang=de", "lang=en,level=1", "", "odd", "=,=,"))
    for row in content if rng.random() < 0.2 else []:
        if rng.random() < 0.05:
            row["status"] = rng.choice(STATUSES)
    for _ in range(rng.choice((0, 0, 0, 1, 5))):
        if content:
            change = {"item_id": "i00000", "repeat": 1, "cluster_id": "x", "model": "n"}
            key = rng.choice(list(change))
            rng.choice(content)[key] = change[key]
    table = pa.Table.from_pylist(content, schema=RESULTS.schema())
    if rng.random() < 0.05:
        table = table.drop_columns([rng.choice(table.column_names)])
    if rng.random() < 0.05:
        index = rng.randrange(table.num_columns)
        strange = rng.choice(
            (pa.nulls(n), pa.array(["x"] * n), pa.array([[1]] * n), pa.array([b"\xff"] * n))
        )
        table = table.set_column(index, table.column_names[index], strange)
    return table


def figures(rng: random.Random) -> pa.Table:
    """Statistics, sound or with odd figures."""
    content = []
    for metric in ("accuracy", "alpha"):
        row = statistic(metric, slice=rng.choice(("", "", "", "", "lang=en")))
        for _ in range(rng.choice((0, 1, 3))):
            key = rng.choice(("estimate", "se", "lower", "upper", "n", "n_clusters", "method"))
            whole = rng.choice((None, 0, 1, 9, 10**15))
            odd = whole if key.startswith("n") else rng.choice(SCORES)
            row[key] = rng.choice(("exact count", "", "t")) if key == "method" else odd
        content.append(row)
    return pa.Table.from_pylist(content, schema=STATISTICS.schema())


def odd_gate(rng: random.Random, number: int) -> dict[str, Any]:
    """A gate that would be valid, with up to two fields spoilt."""
    gate: dict[str, Any] = {
        "id": f"g{number}",
        "metric": rng.choice(("accuracy",) * 12 + ("alpha",)),
        "from": rng.choice(("items", "items", "statistics")),
        "direction": rng.choice(("higher", "lower")),
        "min_n": rng.choice((0, 10, 200)),
        "min_clusters": rng.choice((0, 2, 10)),
        "alpha": rng.choice((0.05, 1e-6, 0.49)),
        "nan": rng.choice(("error", "worst", "drop")),
        "max_drop": rng.choice((0.0, 0.01, 1.0)),
        "max_infra_errors": rng.choice((0.0, 1.0)),
        "severity": rng.choice(("block", "block", "warn")),
    }
    if rng.random() < 0.5:
        gate |= {"test": "threshold", "limit": rng.choice((0, 0.02, 0.5, 0.7, 1, -1e308, 1e308))}
        if gate["from"] == "items":
            gate["interval"] = rng.choice(("auto", "auto", "t", "wilson", "clopper_pearson"))
    else:
        base = rng.choice(({"value": rng.choice((0, 0.5, 1e308))}, {"file": "base"}))
        margin = rng.choice(({"abs": 0.05}, {"rel": 0.1}, {"abs": 1e308}, {"abs": 1e-300}))
        gate |= {"test": "non_inferiority", "baseline": base, "margin": margin}
    if gate["from"] == "statistics":
        del gate["nan"]
        gate["undefined"] = rng.choice(("fail", "inconclusive"))
    if rng.random() < 0.1:
        gate["slice"] = rng.choice(({"lang": "en"}, {"lang": ["en", "de"]}, {"level": 1}))
    for _ in range(rng.choice((0,) * 12 + (1, 2))):
        gate[rng.choice([*gate, "ci", "power", "unknown"])] = rng.choice(ODD)
    if rng.random() < 0.05:
        del gate[rng.choice(list(gate))]
    return gate


def odd_file(rng: random.Random) -> dict[str, Any]:
    content = gate_file(*[odd_gate(rng, i) for i in range(rng.choice((1, 1, 1, 2)))])
    if rng.random() < 0.15:
        content["models"] = rng.choice((["m"], ["m", "n"], ["none"]))
    if rng.random() < 0.1:
        content["dataset"] = {"require_same_hash": rng.random() < 0.5}
    if rng.random() < 0.05:
        content[rng.choice([*content, "family", "unknown"])] = rng.choice(ODD)
    return content


def put(
    content: dict[str, Any], rng: random.Random, pool: list[tuple[pa.Table, pa.Table]]
) -> Verdict:
    """Gate file and evidence to a verdict, without files."""
    spec = validate(content)
    sources = Sources(spec, Path("."), Path("i"), Path("s"))
    parents = rng.choice((None, {"toy": "a"}, {"toy": "b"}))
    instrument = rng.choice((None, "judge"))
    (mine, statistics), (other, _) = rng.choice(pool), rng.choice(pool)
    if rng.random() < 0.5:
        other = mine
    first = Evidence(mine, "h", "i", parents, instrument, "1.0.0", rng.random() < 0.02)
    second = Evidence(other, rng.choice("hk"), "base", rng.choice((parents, {"toy": "a"})))
    kept: dict[Any, Any] = {"items": first, "statistics": Evidence(statistics, "s", "s", parents)}
    for gate in spec.gates:
        if gate.baseline is not None:
            key = (gate.baseline.file, gate.baseline.ref, gate.baseline.role)
            kept[key] = (second, "base")
    sources._kept.update(kept)
    found = [case for gate in spec.gates for case in cases(gate, spec, sources)]
    results = tuple(judge(case, rng.choice((1, 1, 2, 50))) for case in found)
    return Verdict("g.yaml", results, warnings=tuple(sources.warnings))


def check(verdict: Verdict) -> None:
    """What holds of every verdict."""
    assert verdict.exit_code in range(4)
    content = json.loads(verdict.to_json())
    assert content["exit_code"] == verdict.exit_code
    for gate in verdict.gates:
        assert gate.sentence
        assert gate.reason_code
        if gate.state == "pass" and "no_baseline" not in gate.flags:
            assert gate.estimate is not None
            assert gate.n is None or gate.min_n is None or gate.n >= gate.min_n
            bound = gate.lower if gate.direction == "higher" else gate.upper
            assert bound is not None
        if gate.p is not None:
            assert 0 <= gate.p <= 1


def check_outputs(verdict: Verdict) -> None:
    """All outputs exist and agree with the exit code."""
    root = ET.fromstring(to_junit(verdict).encode())
    red = next(root.iter("failure"), None) is not None or next(root.iter("error"), None) is not None
    assert red == (verdict.exit_code != 0)
    assert to_markdown(verdict)
    assert to_text(verdict)
    errors = any(line.startswith("::error") for line in workflow_commands(verdict))
    assert errors == (verdict.exit_code != 0)


def test_ten_thousand_gate_files_and_evidences() -> None:
    rng = random.Random(20261123)
    pool = [(results(rng), figures(rng)) for _ in range(POOL)]
    outcomes: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for i in range(CASES):
        content = odd_file(rng)
        try:
            verdict = put(content, rng, pool)
        except GateFileError:
            outcomes["bad_gate"] += 1
            continue
        check(verdict)
        if i % 10 == 0:
            check_outputs(verdict)
        outcomes[verdict.state] += 1
        codes.update(g.reason_code for g in verdict.gates)
    # The generator must reach every state and most reasons, or the test shows little.
    assert sum(outcomes.values()) == CASES
    assert min(outcomes[s] for s in ("pass", "fail", "inconclusive", "error", "bad_gate")) > 200
    reached = {
        "limit_met", "limit_not_met", "undecided", "underpowered", "no_interval", "undefined",
        "not_worse", "worse", "missing_metric", "empty_slice", "id_mismatch", "nan_value",
        "too_many_dropped", "infra_errors", "not_binary", "clustered_proportion", "partial_run",
        "unpaired_statistic", "rel_margin_undefined", "dataset_changed", "dataset_unknown",
        "low_overlap", "schema_drift", "bad_statistic", "overflow", "baseline_unresolved",
    }  # fmt: skip
    assert reached <= set(codes), reached - set(codes)


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


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.dictionaries(st.sampled_from(["version", "system", "gates", "defaults", "y"]), TREES))
def test_any_tree_is_a_gate_file_or_a_named_error(tree: dict[str, Any]) -> None:
    with pytest.raises(GateFileError):
        validate(tree)


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
