"""A new system is its files and one word in params.yaml; the graph, the command and CI stay."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import forked
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PLACES = {
    "front_page.py": "schemas/S/__init__.py",
    "params.py": "schemas/S/params.py",
    "tables.py": "schemas/S/tables.py",
    "dataset.py": "pipelines/S/dataset.py",
    "train.py": "pipelines/S/train.py",
    "evaluate.py": "evaluators/S/evaluate/__init__.py",
    "report.py": "evaluators/S/report.py",
    "params.yaml": "params/S.yaml",
    "gates.yaml": "gates/S.yaml",
}


def copy_project(to: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("data/", "reports/", "dvc.lock")):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def install(project: Path, system: str) -> None:
    for name, place in PLACES.items():
        source, target = HERE / system / name, project / place.replace("S", system)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            shutil.copy(source, target)
    for room in ("pipelines", "evaluators"):
        (project / room / system / "__init__.py").touch()
    with (project / "params.yaml").open("a") as listed:
        listed.write(f"  - {system}\n")


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_throw_away_systems_run_through_the_unchanged_graph(tmp_path: Path) -> None:
    """``coin`` asks a model; ``line`` trains, and has three tables of its own."""
    project = tmp_path / "project"
    project.mkdir()
    copy_project(project)
    install(project, "coin")
    install(project, "line")

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
        if command[0] in ("dvc", "measurand"):
            done = getattr(forked, command[0])(project, *command[1:], environment=environment)
        else:
            done = subprocess.run(
                command, cwd=project, env=environment, capture_output=True, text=True, timeout=240
            )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("git", "init", "-q")
    run("dvc", "repro", "report@coin", "report@line")
    assert "pass" in (project / "reports/coin/metrics.json").read_text()
    report = (project / "reports/coin/report.html").read_text()
    assert "Share of heads" in report

    assert "pass" in (project / "reports/line/metrics.json").read_text()
    assert "Share of points" in (project / "reports/line/report.html").read_text()
    assert "fine" in run("measurand", "verify", "data/line/checkpoint/training")
    assert "fine" in run("measurand", "verify", "reports/line/results/predictions")

    assert "Running stage" not in run("dvc", "repro", "report@coin", "report@line")
    run("git", "add", "-A")
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    run("git", *who, "commit", "-qm", "as it was")

    params = project / "params" / "coin.yaml"
    params.write_text(params.read_text().replace("0.95", "0.9"))
    again = run("dvc", "repro", "report@coin")
    assert "Running stage 'report@coin'" in again
    assert "Running stage 'evaluate@coin'" not in again

    # Another measure of what was trained trains nothing; another training goes through to the end.
    given = project / "params" / "line.yaml"
    given.write_text(given.read_text().replace("near: 0.2", "near: 0.1"))
    again = run("dvc", "repro", "report@line")
    assert "Running stage 'evaluate@line'" in again
    assert "Running stage 'train@line'" not in again
    states = project / "journal" / "line" / "train"
    before = {path.name: path.stat().st_mtime_ns for path in states.iterdir()}
    given.write_text(given.read_text().replace("seeds: 2", "seeds: 3"))
    run("dvc", "repro", "report@line")
    after = {path.name: path.stat().st_mtime_ns for path in states.iterdir()}
    assert sorted(after) == [f"seed-{seed}.safetensors" for seed in range(3)]
    assert {name: after[name] for name in before} == before
    run("git", "checkout", "params/line.yaml", "reports/line")

    # Trained again under other seeds: the figures of one training get intervals of the method.
    said = run("measurand", "replicate", "line", "--trainings", "3")
    assert "3 rows of 3 trainings" in said
    states = {
        path: path.stat().st_mtime_ns for path in project.glob("journal/line/replicates/*/*/*")
    }
    assert run("measurand", "replicate", "line", "--trainings", "3") == said
    assert {path: path.stat().st_mtime_ns for path in states} == states
    assert "fine" in run("measurand", "verify", "studies/line")
    run("measurand", "report", "line")
    text = (project / "reports/line/report.md").read_text()
    assert "Headlines over trainings" in text
    assert "Since then" not in text
    [row] = pq.read_table(project / "reports/line/statistics.parquet").to_pylist()
    assert row["scope"] == "method"
    assert "widened by 3 trainings" in row["method"]
    code = project / "pipelines/line/train.py"
    code.write_text(code.read_text().replace("BATCH = 32", "BATCH = 16"))
    run("measurand", "report", "line")
    assert "the training code changed" in (project / "reports/line/report.md").read_text()
    run("git", "checkout", "pipelines/line", "reports/line")
    shutil.rmtree(project / "studies/line")

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
