from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from gate_evidence import Project, bits, gate, gate_result, non_inferiority

from measurand.errors import InputError
from measurand.gates import Verdict, write_outputs
from measurand.gates.telling import outputs
from measurand.gates.telling.outputs import (
    MARKER,
    STEP_SUMMARY_BYTES,
    SUMMARY_CHARACTERS,
    printable,
    to_junit,
    to_markdown,
    to_text,
    workflow_commands,
)
from measurand.gates.verdict import GateResult, Problem

HOSTILE = "<script>alert(1)</script>|]]>&\x1b[2J\u202e\ud800%0A::error::@team `x` \n\r"


def result(state: Any = "pass", **more: Any) -> GateResult:
    base: dict[str, Any] = {"id": "g", "reason_code": "code", "sentence": f"g is {state}."}
    return gate_result(**{**base, **more}, state=state)


def verdict(*gates: GateResult, **more: Any) -> Verdict:
    return Verdict(gate_file="gates/toy.yaml", gates=gates, system="toy", **more)


MIXED = verdict(
    result("pass", id="a"),
    result("fail", id="b"),
    result("inconclusive", id="c"),
    result("error", id="d"),
    result("fail", id="e", severity="warn"),
    result("inconclusive", id="f", on_inconclusive="warn"),
)


def junit(given: Verdict) -> tuple[ET.Element, dict[str, list[str]]]:
    """Parse and check what JUnit readers rely on; names of the cases by outcome."""
    root = ET.fromstring(to_junit(given).encode())
    assert root.tag == "testsuites"
    (suite,) = root
    assert suite.tag == "testsuite"
    assert next(c.tag for c in suite) == "properties"
    cases = suite.findall("testcase")
    found: dict[str, list[str]] = {"failure": [], "error": [], "skipped": [], "passed": []}
    for case in cases:
        assert case.get("classname")
        assert float(case.get("time", "x")) == 0
        outcome = [c.tag for c in case if c.tag in found] or ["passed"]
        assert len(outcome) == 1
        found[outcome[0]].append(str(case.get("name")))
        for child in case:
            if child.tag in ("failure", "error"):
                assert child.get("type")
                assert child.get("message")
    for element in (root, suite):
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(len(found["failure"]))
        assert element.get("errors") == str(len(found["error"]))
        assert element.get("skipped") == str(len(found["skipped"]))
    return root, found


def test_junit_has_a_case_per_gate() -> None:
    root, found = junit(MIXED)
    assert found == {"failure": ["b", "c"], "error": ["d"], "skipped": ["e", "f"], "passed": ["a"]}
    types = [f.get("type") for f in root.iter("failure")]
    assert types == ["fail", "inconclusive"]


@pytest.mark.parametrize("state", ["pass", "fail", "inconclusive", "error"])
@pytest.mark.parametrize("severity", ["block", "warn"])
@pytest.mark.parametrize("on_inconclusive", ["fail", "warn"])
def test_junit_is_red_exactly_where_the_exit_code_is(
    state: str, severity: str, on_inconclusive: str
) -> None:
    given = verdict(result(state, severity=severity, on_inconclusive=on_inconclusive))
    _, found = junit(given)
    assert bool(found["failure"] or found["error"]) == (given.exit_code != 0)


def test_a_file_that_could_not_be_used_is_one_error() -> None:
    broken = Verdict("g.yaml", problem=Problem("bad_gate", f"no {HOSTILE}", "mend it"))
    _, found = junit(broken)
    assert found["error"] == ["gate file"]
    assert 'type="bad_gate"' in to_junit(broken)
    assert 'type="no_gates"' in to_junit(Verdict("g.yaml"))
    assert "mend it" in to_markdown(broken)
    assert "bad_gate" in to_text(broken)
    assert json.loads(broken.to_json())["exit_code"] == 3


def test_hostile_text_stays_text() -> None:
    given = verdict(result("fail", model=HOSTILE, sentence=HOSTILE), warnings=(HOSTILE,))
    junit(given)
    markdown = to_markdown(given)
    assert "<script" not in markdown
    assert "@team" not in markdown
    assert "`x`" not in markdown
    row = next(line for line in markdown.splitlines() if "FAIL" in line and line.startswith("|"))
    assert row.count("|") == 8
    for text in (to_text(given), markdown, *workflow_commands(given)):
        assert not {"\x1b", "\u202e", "\ud800", "\r"} & set(text)
    assert all("\n" not in line for line in workflow_commands(given))
    assert printable("a\x00b\ufffe") == "a\ufffdb\ufffd"


def test_the_summary_leaves_out_passes_first_and_keeps_within_a_comment() -> None:
    sentence = "words " * 30
    gates = [result("pass", id=f"p{i}", sentence=sentence) for i in range(2000)]
    gates += [result("fail", id=f"f{i}", sentence=sentence) for i in range(50)]
    text = to_markdown(verdict(*gates))
    assert text.startswith(MARKER)
    assert len(text) <= SUMMARY_CHARACTERS < 65_536
    assert all(f"| f{i} |" in text for i in range(50))
    assert "| p0 |" in text
    assert "| p1999 |" not in text
    assert "more gates, none worse: see verdict.json" in text
    tight = to_markdown(verdict(*gates), limit=500)
    assert len(tight) <= 500
    cut = to_markdown(verdict(*gates), limit=100)
    assert cut == tight[:98] + "…\n"
    assert "…" not in text + to_markdown(MIXED)


def test_annotations_are_ten_at_most_and_worst_first() -> None:
    lines = workflow_commands(MIXED)
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 3 + ["::warning"] * 2
    assert "title=d%3A code" in lines[0]
    many = verdict(*[result("fail", id=f"f{i}") for i in range(30)], result("error", id="e"))
    assert len(workflow_commands(many)) == 10
    assert "title=e%3A" in workflow_commands(many)[0]
    (long,) = workflow_commands(verdict(result("fail", id="i" * 300, sentence="s" * 5000)))
    assert long == f"::error title={'i' * 200}::{'s' * 4000}"


def test_files_and_github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "step.md"
    summary.write_text("earlier\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    stream = io.StringIO()
    write_outputs(MIXED, tmp_path / "out", stream=stream)
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["junit.xml", "summary.md", "verdict.json"]
    written = (tmp_path / "out" / "summary.md").read_text()
    assert summary.read_text() == "earlier\n" + written
    assert stream.getvalue().count("::error") == 3


def test_the_first_summary_of_a_step_may_fill_it_but_for_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = to_markdown(MIXED)
    sentence = whole.splitlines()[3] + "\n"
    for room, wanted in ((0, whole), (-1, sentence)):
        summary = tmp_path / f"step{room}.md"
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        monkeypatch.setattr(outputs, "STEP_SUMMARY_BYTES", len(whole.encode()) + 1 + room)
        write_outputs(MIXED, tmp_path / "out")
        assert summary.read_text() == wanted
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "full.md"))
    monkeypatch.setattr(outputs, "STEP_SUMMARY_BYTES", len(sentence.encode()) + 1)
    write_outputs(MIXED, tmp_path / "out")
    assert (tmp_path / "full.md").read_text() == sentence


@pytest.mark.parametrize(("left", "kept"), [(10_000, "table"), (200, "sentence"), (10, "nothing")])
def test_a_step_summary_is_never_overfilled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int, kept: str
) -> None:
    summary = tmp_path / "step.md"
    summary.write_bytes(b"x" * (STEP_SUMMARY_BYTES - left))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    write_outputs(MIXED, tmp_path / "out")
    added = summary.read_bytes()[STEP_SUMMARY_BYTES - left :].decode()
    assert len(summary.read_bytes()) <= STEP_SUMMARY_BYTES
    assert {
        "table": "| gate |" in added,
        "sentence": "of 6 gates pass" in added,
        "nothing": added == "",
    }[kept]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        write_outputs(MIXED, tmp_path / "file" / "out")
    assert caught.value.code == "out_unwritable"


def test_all_outputs_tell_the_same_verdict(project: Project) -> None:
    project.items(bits(600, 0.9))
    given = project.verdict(
        gate(id="good"), gate(id="bad", limit=0.99), gate(id="open", limit=0.9),
        gate(id="lost", metric="none"),
        non_inferiority(project.baseline(bits(600, 0.89)), id="compare"),
    )  # fmt: skip
    assert given.exit_code == 3
    content = json.loads(given.to_json())
    assert [g["state"] for g in content["gates"]] == [
        "pass",
        "fail",
        "inconclusive",
        "error",
        "pass",
    ]
    _, found = junit(given)
    assert found["passed"] == ["good [m]", "compare [m]"]
    text, markdown = to_text(given), to_markdown(given)
    for word, k in (("PASS", 2), ("FAIL", 1), ("UNDECIDED", 1)):
        assert text.count(f"{word} ") == k
        assert sum(word in line for line in markdown.splitlines() if line.startswith("| ")) == k


APART = verdict(
    result("fail", id="control", of="instrument", sentence="control is fail."),
    result("pass", id="works", of="instrument", sentence="works is pass."),
    result("pass", id="good"),
    result("inconclusive", id="better", sentence="better is inconclusive."),
)


def test_junit_has_a_suite_for_each_kind() -> None:
    root = ET.fromstring(to_junit(APART))
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["measurand gate toy: instrument", "measurand gate toy: subject"]
    names = [[c.get("name") for c in s.findall("testcase")] for s in suites.values()]
    assert names == [["control", "works"], ["good", "better"]]
    states = [s.find("properties/property[@name='state']") for s in suites.values()]
    assert [s.get("value") for s in states if s is not None] == ["fail", "inconclusive"]
    assert (root.get("tests"), root.get("failures")) == ("4", "2")
    for suite in root:
        assert {c.get("classname") for c in suite.findall("testcase")} == {suite.get("name")}


@pytest.mark.parametrize("render", [to_text, to_markdown])
def test_text_and_markdown_show_instrument_and_subject_apart(render: Any) -> None:
    lines = render(APART).splitlines()
    heads = [i for i, line in enumerate(lines) if "instrument: of" in line or "subject: of" in line]
    assert len(heads) == 2
    assert "not to be relied on" in lines[heads[1]].replace("&#45;", "-")
    first, second = "\n".join(lines[heads[0] : heads[1]]), "\n".join(lines[heads[1] :])
    assert "control is fail" in first
    assert "works is pass" in first
    assert "better is inconclusive" in second
    assert "control is fail" not in second


def test_the_best_gates_of_either_kind_are_left_out_first() -> None:
    many = [
        result("pass", id=f"{kind}{i}", of=kind, sentence="x" * 300)
        for i in range(40)
        for kind in ("instrument", "subject")
    ]
    text = to_markdown(verdict(*many, *APART.gates), 6000)
    assert len(text) <= 6000
    for name in ("control", "better"):
        assert f"| {name} |" in text
    assert "more gates, none worse" in text


def test_annotations_say_what_a_gate_asks_about() -> None:
    assert any("instrument%2C control" in line for line in workflow_commands(APART))


FOUND: dict[str, Any] = {"estimate": 0.9, "lower": 0.88, "upper": 0.92, "n": 600}


@pytest.mark.parametrize(
    ("given", "cells"),
    [
        ({"test": "threshold", "limit": 0.85, "direction": "higher", "clusters": 60},
         "0.9 | 0.88 to 0.92 | ≥ 0.85 | 600 / 60"),
        ({"test": "threshold", "limit": 0.95, "direction": "lower", "clusters": 600},
         "0.9 | 0.88 to 0.92 | ≤ 0.95 | 600"),
        ({"test": "non_inferiority", "margin": 0.02}, "0.9 | 0.88 to 0.92 | margin 0.02 | 600"),
        ({"test": "superiority"}, "0.9 | 0.88 to 0.92 | better | 600"),
        ({"test": "superiority", "margin": 0.02}, "0.9 | 0.88 to 0.92 | margin 0.02 | 600"),
        ({"test": "threshold", "lower": None, "upper": None}, "0.9 |  |  | 600"),
        ({"test": "threshold", "limit": 0.85, "direction": "higher", "estimate": None},
         " |  | ≥ 0.85 | 600"),
        ({"test": "exact_equal", "n": None, "clusters": None}, "0.9 | 0.88 to 0.92 | equal | "),
    ],
)  # fmt: skip
def test_a_row_of_the_table(given: dict[str, Any], cells: str) -> None:
    row = to_markdown(verdict(result(**FOUND | given))).splitlines()[-1]
    assert row == f"| g | PASS ✓ | {cells} | g is pass. |"


def test_long_sentences_and_many_warnings_are_cut() -> None:
    text = to_markdown(
        verdict(result(sentence="x" * 3000), warnings=tuple(f"w{i}" for i in range(25)))
    )
    assert text.count("x" * 2000) == 1
    assert "x" * 2001 not in text
    assert [f"- Warning: w{i}\n" in text for i in range(25)] == [True] * 20 + [False] * 5
