"""The pytest fixture in a pytest of its own, as a user's project would run it."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

GATES = """\
version: 1
results: unused
defaults: {min_n: 20, min_clusters: 5}
gates:
  - {id: good, metric: value, test: threshold, limit: LIMIT, of: subject, severity: SEVERITY}
"""
TEST = """\
def test_gate(measurand_gate):
    verdict = measurand_gate("gates.yaml", results="scores.csv")
    assert verdict.state == "pass"
"""


def run(folder: Path, limit: float = 0.5, *, severity: str = "block", test: str = TEST) -> tuple:
    """(return code, output, properties of the JUnit file)."""
    rows = "\n".join(f"q{i},{int(i % 5 > 0)}" for i in range(200))
    (folder / "scores.csv").write_text(f"item_id,value\n{rows}\n")
    gates = GATES.replace("LIMIT", str(limit)).replace("SEVERITY", severity)
    (folder / "gates.yaml").write_text(gates)
    (folder / "test_mine.py").write_text(test)
    # The entry point may or may not be there yet: either way the plugin is loaded once.
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:measurand", "-p",
         "measurand.plugins.pytest_gate", "-p", "no:cacheprovider", "--junitxml=junit.xml",
         "--rootdir=.", "-c", "/dev/null", "test_mine.py"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    properties = {
        p.get("name"): p.get("value") for p in ET.parse(folder / "junit.xml").iter("property")
    }
    return done.returncode, done.stdout + done.stderr, properties


def test_a_gate_that_holds_passes(tmp_path: Path) -> None:
    code, output, properties = run(tmp_path)
    assert code == 0, output
    assert "warning" not in output
    assert properties["measurand.state"] == "pass"
    assert "value is 0.8" in properties["measurand.good [scores]"]


@pytest.mark.parametrize(
    ("limit", "word"), [(0.95, "good [scores] fails"), (0.8, "good [scores] is undecided")]
)
def test_a_gate_that_does_not_is_a_failure_with_its_sentence(
    tmp_path: Path, limit: float, word: str
) -> None:
    code, output, _ = run(tmp_path, limit)
    assert code == 1
    assert "GateFailed" in output
    assert word in output


def test_a_gate_that_warns_is_a_warning(tmp_path: Path) -> None:
    quiet = TEST.replace('    assert verdict.state == "pass"\n', "    assert verdict.gates\n")
    code, output, _ = run(tmp_path, 0.95, severity="warn", test=quiet)
    assert code == 0, output
    assert "PytestWarning: good [scores] fails" in output


def test_evidence_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    code, output, _ = run(tmp_path, test=TEST.replace("scores.csv", "none.csv"))
    assert code == 1
    assert "no such file (check the path)" in output
    code, output, _ = run(tmp_path, test=TEST.replace("gates.yaml", "none.yaml"))
    assert code == 1
    assert "GateError" in output
