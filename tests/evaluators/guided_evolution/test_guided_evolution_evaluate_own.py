"""A user's own evaluator through the command: what fails has a name, and the search goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from measurand import shards
from measurand.cli import main

ROOT = Path(__file__).parents[3]
CODE = """
import os, time
def score(program):
    n = len(program["ops"])
    print("measuring", n)
    if n == 4:
        raise ValueError("four is unlucky")
    if n == 5:
        return float("nan")
    if n == 6:
        time.sleep(30)
    if n == 7:
        os._exit(9)
    return program["ops"].count("f") - 0.1 * n
"""


@pytest.mark.integration
def test_a_run_with_an_evaluator_that_fails_in_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs/systems/guided_evolution.md").read_text(encoding="utf-8")
    given = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    [task] = given["build"]["tasks"]
    task |= {"budget": 70, "seeds": 2, "sweep": 1}
    task["source"] |= {"timeout_s": 0.4}
    given["build"] |= {"populations": [20], "tournaments": [5], "processes": 1}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(given))
    (tmp_path / "mine.py").write_text(CODE)
    (tmp_path / "params.yaml").write_text("systems: [guided_evolution]\n")
    (tmp_path / "dvc.yaml").write_bytes((ROOT / "dvc.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    command = ["run", "guided_evolution", "--params", "mine.yaml", "--out", "trial"]
    assert main(command) == 0
    searches = shards.read_table(tmp_path / "trial/data/dataset/searches").to_pylist()
    assert {row["evaluations"] for row in searches} == {70}
    assert {row["ended"] for row in searches} == {"budget"}
    steps = shards.read_table(tmp_path / "trial/data/dataset/steps").to_pylist()
    assert {row["failure"] for row in steps if row["failure"]} == {
        "ValueError: four is unlucky",
        "it returned nan",
        "no answer in 0.4 s",
        "its process ended with 9",
    }
    text = (tmp_path / "trial/report/report.md").read_text(encoding="utf-8")
    assert "four is unlucky" in text
    assert "no answer in 0.4 s" in text
