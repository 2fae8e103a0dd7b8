"""Random gate files and evidence, sound or spoilt, and what must hold of any verdict on them."""

from __future__ import annotations

import json
import math
import random
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from gate_evidence import gate_file, rows, statistic

from measurand.gates import Verdict
from measurand.gates.cases import cases
from measurand.gates.gatefile import GateFileError, parse, validate
from measurand.gates.reading.evidence import Evidence
from measurand.gates.reading.sources import Sources
from measurand.gates.run import family_note, judge_all
from measurand.gates.telling.explanations import explain
from measurand.gates.telling.outputs import to_junit, to_markdown, to_text, workflow_commands
from measurand.gates.verdict import GateResult, Problem
from measurand.results import RESULTS, STATISTICS, STATUSES

POOL = 400
TESTS = ("threshold", "threshold", "non_inferiority", "equivalence", "superiority", "regression",
         "exact_equal")  # fmt: skip
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


def method(rng: random.Random, one_sample: bool) -> dict[str, Any]:
    """How the bounds are made: mostly as fits the gate."""
    kind = rng.random()
    if kind < 0.1:
        span = ({}, {}, {"low": -1, "high": 2}, {"low": 0.4, "high": 0.6}, {"low": -1e308})
        return {"sequential": rng.choice(span)}
    if kind < 0.104:
        return {"interval": "bootstrap"}
    if kind < 0.2 and not one_sample:
        return {"paired": False, "interval": rng.choice(("auto", "t", "newcombe"))}
    rates = ("wilson", "clopper_pearson", "jeffreys") if one_sample else ("newcombe",)
    return {"interval": rng.choice(("auto", "auto", "t", *rates))}


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
        "of": rng.choice(("subject", "subject", "instrument")),
    }
    test = rng.choice(TESTS)
    gate["test"] = test
    if test == "threshold":
        gate["limit"] = rng.choice((0, 0.02, 0.5, 0.7, 1, -1e308, 1e308))
    else:
        gate["baseline"] = rng.choice(({"value": rng.choice((0, 0.5, 1e308))}, {"file": "base"}))
    if test in ("non_inferiority", "equivalence"):
        gate["margin"] = rng.choice(({"abs": 0.05}, {"rel": 0.1}, {"abs": 1e308}, {"abs": 1e-300}))
    if gate["from"] == "items" and test != "exact_equal":
        gate |= method(rng, gate.get("baseline", {}).get("file") is None)
    if gate["from"] == "statistics":
        del gate["nan"], gate["max_drop"], gate["max_infra_errors"]
        gate["undefined"] = rng.choice(("fail", "inconclusive"))
    if rng.random() < 0.1:
        gate["slice"] = rng.choice(({"lang": "en"}, {"lang": ["en", "de"]}, {"level": 1}))
    for _ in range(rng.choice((0,) * 12 + (1, 2))):
        gate[rng.choice([*gate, "ci", "power", "paired", "unknown"])] = rng.choice(ODD)
    if rng.random() < 0.05:
        del gate[rng.choice(list(gate))]
    return gate


def odd_file(rng: random.Random) -> dict[str, Any]:
    content = gate_file(*[odd_gate(rng, i) for i in range(rng.choice((1, 1, 1, 2)))])
    if rng.random() < 0.15:
        content["models"] = rng.choice((["m"], ["m", "n"], ["none"]))
    if rng.random() < 0.2:
        content["dataset"] = {"require_same_hash": rng.random() < 0.5}
    if rng.random() < 0.3:
        content["family"] = {
            "correction": rng.choice(("holm", "bh", "none")),
            "alpha": rng.choice((0.05, 0.2, 1e-6)),
        }
        for gate in content["gates"] if rng.random() < 0.95 else []:
            gate.pop("alpha", None)
    if rng.random() < 0.05:
        content[rng.choice([*content, "family", "unknown"])] = rng.choice(ODD)
    return content


def odd_text(rng: random.Random) -> str:
    """The text of a file with a few characters changed, lost or doubled."""
    text = yaml.safe_dump(odd_file(rng), sort_keys=False)
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        at = rng.randrange(len(text))
        change = rng.choice(("", text[at] * 2, *"{}[]:,-&*!?|>'\"%@` \n\t#0.e"))
        text = text[:at] + change + text[at + 1 :]
    return text


def put(
    content: dict[str, Any] | str, rng: random.Random, pool: list[tuple[pa.Table, pa.Table]]
) -> Verdict:
    """Gate file and evidence to a verdict, without files."""
    spec = parse(content) if isinstance(content, str) else validate(content)
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
    decided = judge_all(found, spec, [rng.choice((1, 1, 2, 50)) for _ in found])
    return Verdict(
        "g.yaml", decided, warnings=tuple(sources.warnings), family=family_note(spec, decided)
    )


def bounds_behind(gate: GateResult) -> list[float | None]:
    """The bounds that a pass of this test rests on."""
    if gate.test in ("equivalence", "exact_equal"):
        return [gate.found.lower, gate.found.upper]
    weak = gate.test == "regression"
    return [gate.found.lower if (gate.direction == "higher") != weak else gate.found.upper]


def check(verdict: Verdict) -> None:
    """What holds of every verdict."""
    assert verdict.exit_code in range(4)
    if verdict.problem is not None:
        assert verdict.exit_code == 3
        assert verdict.problem.hint
    content = json.loads(verdict.to_json())
    assert content["exit_code"] == verdict.exit_code
    for gate in verdict.gates:
        assert gate.sentence
        assert gate.reason_code
        if gate.state == "pass" and "no_baseline" not in gate.found.flags:
            assert gate.found.estimate is not None
            assert gate.found.n is None or gate.min_n is None or gate.found.n >= gate.min_n
            assert None not in bounds_behind(gate)
        for p in (gate.found.p, gate.level.p_adjusted):
            assert p is None or 0 <= p <= 1
        assert explain(gate)[0].startswith("why: ")


WORDS = {"pass": "PASS", "fail": "FAIL", "inconclusive": "UNDECIDED", "error": "ERROR"}


def check_outputs(verdict: Verdict) -> None:
    """Text, JUnit, Markdown, JSON, annotations and exit code tell of one verdict."""
    content = json.loads(verdict.to_json())
    states = [g["state"] for g in content["gates"]]
    effects = [g["effect"] for g in content["gates"]]
    order = ("error", "fail", "inconclusive", "pass")
    worst = min(effects, key=order.index) if effects else "error"
    assert content["state"] == ("error" if content["problem"] else worst)
    code = {"pass": 0, "fail": 1, "inconclusive": 2, "error": 3}[content["state"]]
    assert content["exit_code"] == verdict.exit_code == code
    check_text(to_text(verdict), states, effects)
    check_markdown(to_markdown(verdict), content, states)
    check_junit(to_junit(verdict), content)
    lines = workflow_commands(verdict)
    assert any(line.startswith("::error") for line in lines) == (code != 0)
    red = min(10, sum(e != "pass" for e in effects) + bool(content["problem"]))
    assert sum(line.startswith("::error") for line in lines) == red


def check_text(text: str, states: list[str], effects: list[str]) -> None:
    """One line a gate: its word, and whether it only warns."""
    lines = [x for x in text.splitlines() if x.split(" ")[0] in WORDS.values()]
    assert Counter(x.split(" ")[0] for x in lines) == Counter(WORDS[s] for s in states)
    soft = sum(s != "pass" and e == "pass" for s, e in zip(states, effects, strict=True))
    assert sum("(warning only) " in x for x in lines) == soft


def check_markdown(text: str, content: dict[str, Any], states: list[str]) -> None:
    """The title has the verdict, and each gate a row that begins with its own word."""
    title = next(x for x in text.splitlines() if x.startswith("## Gate: "))
    assert title.split()[2] == WORDS[content["state"]]
    heads = ("| gate |", "| --- |")
    rows = [x for x in text.splitlines() if x.startswith("| ") and not x.startswith(heads)]
    found = Counter(x.split(" | ")[1].split(" ")[0] for x in rows)
    left = sum(Counter(WORDS[s] for s in states).values()) - sum(found.values())
    assert left == 0 or f"{left} more gates, none worse" in text
    assert not found - Counter(WORDS[s] for s in states)


def check_junit(text: str, content: dict[str, Any]) -> None:
    """Each gate's case is red, skipped or green as its effect says; the suite as the exit code."""
    root = ET.fromstring(text.encode())
    red = next(root.iter("failure"), None) is not None or next(root.iter("error"), None) is not None
    assert red == (content["exit_code"] != 0)
    kinds = [of for of in ("instrument", "subject") if of in content and any(_of(content, of))]
    expected = [content[of] for of in kinds] or [content]
    for suite, part in zip(root, expected, strict=True):
        told = {p.get("name"): p.get("value") for p in suite.iter("property")}
        assert told == {"state": part["state"], "exit_code": str(part["exit_code"])}
    gates = [gate for of in kinds for gate in _of(content, of)] or content["gates"]
    for case, gate in zip(root.iter("testcase"), gates, strict=bool(gates)):
        soft = gate["state"] != "pass" and gate["effect"] == "pass"
        tag = {"error": "error", "fail": "failure", "inconclusive": "failure"}
        (child,) = case
        assert child.tag == ("skipped" if soft else tag.get(gate["effect"], "system-out"))
        if child.tag == "failure":
            assert child.get("type") == gate["effect"]


def _of(content: dict[str, Any], of: str) -> list[dict[str, Any]]:
    return [gate for gate in content["gates"] if gate["of"] == of]


def pool_of(rng: random.Random) -> list[tuple[pa.Table, pa.Table]]:
    """Evidence to draw from."""
    return [(results(rng), figures(rng)) for _ in range(POOL)]


def fuzz(number: int, seed: int, outputs_every: int = 1) -> tuple[Counter[str], Counter[str]]:
    """Put ``number`` random gate files to random evidence, one in five from spoilt text.

    Returns:
        How often each outcome came, ``bad_gate`` among them; and each reason code.
    """
    rng = random.Random(seed)
    pool = pool_of(rng)
    outcomes: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for i in range(number):
        content = odd_text(rng) if i % 5 == 0 else odd_file(rng)
        try:
            verdict = put(content, rng, pool)
        except GateFileError as error:
            problem = Problem(error.code, Exception.__str__(error), error.hint)
            verdict = Verdict("g.yaml", problem=problem)
            outcomes[problem.code] += 1
        else:
            outcomes[verdict.state] += 1
        check(verdict)
        if i % outputs_every == 0:
            check_outputs(verdict)
        codes.update(g.reason_code for g in verdict.gates)
    return outcomes, codes
