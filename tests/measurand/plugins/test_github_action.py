"""The composite action: its shell steps are run as GitHub would, inputs put into their place."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
ACTION = yaml.safe_load((ROOT / ".github/actions/gate/action.yml").read_text(encoding="utf-8"))
GATES = """\
version: 1
results: unused
defaults: {min_n: 20, min_clusters: 5}
gates:
  - {id: good, metric: value, test: threshold, limit: LIMIT}
"""


def run(folder: Path, limit: float, **inputs: str) -> tuple[int, str, str]:
    """(exit code of the gate's step, its outputs, its printed text)."""
    rows = "\n".join(f"q{i},{int(i % 5 > 0)}" for i in range(200))
    (folder / "scores.csv").write_text(f"item_id,value\n{rows}\n")
    (folder / "gates.yaml").write_text(GATES.replace("LIMIT", str(limit)))
    given = {k: v.get("default", "") for k, v in ACTION["inputs"].items()}
    given |= {"gates": "gates.yaml", "results": "scores.csv", **inputs}
    [step] = [s for s in ACTION["runs"]["steps"] if s.get("id") == "gate"]
    put = {
        k: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda m: given[m.group(1)], v)
        for k, v in step["env"].items()
    }
    outputs = folder / "outputs"
    outputs.touch()
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={**os.environ, **put, "GITHUB_OUTPUT": str(outputs), "GITHUB_ACTIONS": "true"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, outputs.read_text(), done.stdout + done.stderr


def test_every_input_has_a_description_and_every_reference_an_input() -> None:
    text = (ROOT / ".github/actions/gate/action.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"inputs\.(\w+)", text))
    assert named == set(ACTION["inputs"])
    assert all(i["description"] for i in ACTION["inputs"].values())
    # An input that stood in a script itself could be code.
    assert not any("${{" in s.get("run", "") for s in ACTION["runs"]["steps"])


@pytest.mark.integration
@pytest.mark.parametrize(
    ("limit", "more", "code", "state"),
    [
        (0.5, {}, 0, "pass"),
        (0.95, {}, 1, "fail"),
        (0.8, {}, 2, "inconclusive"),
        (0.8, {"undecided": "pass"}, 0, "inconclusive"),
    ],
)
def test_the_step_ends_as_the_verdict_says(
    tmp_path: Path, limit: float, more: dict[str, str], code: int, state: str
) -> None:
    found, outputs, text = run(tmp_path, limit, **more)
    assert (found, outputs.strip()) == (code, f"state={state}"), text
    assert (tmp_path / "gate" / "junit.xml").is_file()
    assert "Every score" in (tmp_path / "gate" / "analysis.md").read_text()


@pytest.mark.integration
def test_logs_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    code, _, text = run(tmp_path, 0.5, results="none.csv")
    assert code == 3
    assert "no such file" in text
