"""A new system is its files and one word in params.yaml; the graph, the command and CI stay."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COIN = Path(__file__).parent / "coin"

PARAMS = """\
build:
  n_items: 400
train: null
evaluate:
  model: synthetic:uniform
report:
  confidence: 0.95
"""
GATES = """\
version: 1
system: coin
defaults: {min_n: 200, min_clusters: 0}
gates:
  - {id: fair-enough, from: statistics, metric: heads, test: threshold, limit: 0.2}
"""


def copy_project(to: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("data/", "reports/", "dvc.lock")):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


@pytest.mark.integration
def test_a_throw_away_system_runs_through_the_unchanged_graph(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    copy_project(project)
    for source, target in {
        "front_page.py": "schemas/coin/__init__.py",
        "params.py": "schemas/coin/params.py",
        "tables.py": "schemas/coin/tables.py",
        "dataset.py": "pipelines/coin/dataset.py",
        "evaluate.py": "evaluators/coin/evaluate.py",
        "report.py": "evaluators/coin/report.py",
    }.items():
        (project / target).parent.mkdir(exist_ok=True)
        shutil.copy(COIN / source, project / target)
    for package in ("pipelines/coin", "evaluators/coin"):
        (project / package / "__init__.py").touch()
    (project / "params" / "coin.yaml").write_text(PARAMS)
    (project / "gates" / "coin.yaml").write_text(GATES)
    with (project / "params.yaml").open("a") as listed:
        listed.write("  - coin\n")

    tools = project / "bin"
    tools.mkdir()
    (tools / "measurand").write_text(f'#!/bin/sh\nexec {sys.executable} -m measurand.cli "$@"\n')
    (tools / "measurand").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(project),
        "DVC_NO_ANALYTICS": "1",
    }

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("git", "init", "-q")
    run("dvc", "repro", "report@coin")
    assert "pass" in (project / "reports/coin/metrics.json").read_text()
    report = (project / "reports/coin/report.html").read_text()
    assert "Share of heads" in report

    assert "Running stage" not in run("dvc", "repro", "report@coin")
    run("git", "add", "-A")
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    run("git", *who, "commit", "-qm", "as it was")

    params = project / "params" / "coin.yaml"
    params.write_text(params.read_text().replace("0.95", "0.9"))
    again = run("dvc", "repro", "report@coin")
    assert "Running stage 'report@coin'" in again
    assert "Running stage 'evaluate@coin'" not in again

    # What changed since the commit, in DVC's own words and in the index over all systems.
    diff = json.loads(run("dvc", "metrics", "diff", "--json", "HEAD"))
    [(name, changes)] = diff.items()
    assert name.endswith("reports/coin/metrics.json")
    assert all(change["diff"] for change in changes.values())
    assert "ci_lo" in run("dvc", "metrics", "diff", "--md", "HEAD")
    axes = ("--targets", "reports/coin/scores.csv", "-x", "estimate", "-y", "score")
    plots = json.loads(run("dvc", "plots", "diff", "HEAD", "--json", *axes))
    [plot] = plots["data"]["reports/coin/scores.csv"]
    assert {row["rev"] for row in plot["content"]["data"]["values"]} == {"HEAD", "workspace"}
    run("measurand", "report", "--index")
    page = (project / "reports" / "index.md").read_text()
    assert "[coin](coin/report.md)" in page
    assert "(2\u00a0revisions)" in page
    assert "no report: run" in page

    assert "coin" in run("measurand", "list")
    assert "fine" in run("measurand", "verify", "data/coin/dataset")
