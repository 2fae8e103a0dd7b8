"""Agents that act in a browser; the last test takes a minute or two, most of it the browser's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import webagent_small as small
import yaml
from killing import below
from webagent_pages import corpus_of, write_pages
from webagent_planners import SAID, TRAIN

from evaluators.webagent import evaluate as module
from evaluators.webagent.evaluate import evaluate, worth_a_film
from evaluators.webagent.evaluate.failing import Walks
from evaluators.webagent.report import statistics
from measurand import shards
from measurand.errors import CapabilityError, InputError
from measurand.manifest import read_manifest
from measurand.web import chromium
from pipelines.webagent import playing, weighing
from pipelines.webagent.sandbox import works
from schemas.webagent.params import Agent, Build, Evaluate, Params

MISSING = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]


def test_a_success_and_every_kind_of_failure_are_worth_a_film(walks: Walks) -> None:
    names = worth_a_film(walks)
    assert [name.rpartition("|")[2] for name in names] == ["full"] * 4
    ends = next(walks.failures(one) for one in walks.found.everyone if one.agent == "full")
    assert {ends[name].kind for name in names if name in ends} == {
        "planning", "summarisation", "programming",
    }  # fmt: skip
    assert names[0] == small.name_of("estate", 0, 0, "full")


def test_an_agent_that_is_not_listed_is_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no agent 'nobody'"):
        evaluate(Params(), tmp_path, "nobody", tmp_path / "out", journal=tmp_path / "j")
    assert not (tmp_path / "out").exists()


def test_without_a_sandbox_the_run_is_refused_with_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module.sandbox, "works", lambda: False)
    monkeypatch.setattr(module.driver, "program", lambda: "chromedriver")
    with pytest.raises(CapabilityError, match="bubblewrap does not work here") as caught:
        evaluate(Params(), tmp_path, None, tmp_path / "out", journal=tmp_path / "j")
    assert caught.value.code == "missing_sandbox"


@pytest.mark.integration  # about 20 s
def test_a_machine_without_browser_or_sandbox_builds_and_trains_and_says_what_is_left_out(
    tmp_path: Path,
) -> None:
    write_pages(tmp_path / "pages", 24)
    given = Params(build=Build(corpus=corpus_of(tmp_path / "pages")), train=TRAIN)
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump(given.model_dump(mode="json")), encoding="utf-8")
    (tmp_path / "nothing").mkdir()

    def stage(verb: str, *more: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "measurand.cli", verb, "webagent", "--params", str(file)]
        words += ["--journal", str(tmp_path / "journal")]
        paths = os.pathsep.join([str(Path.cwd()), str(Path.cwd() / "tests")])
        bare = {**os.environ, "PATH": str(tmp_path / "nothing"), "PYTHONPATH": paths}
        return subprocess.run(
            [*words, *more], env=bare, capture_output=True, text=True, check=False
        )

    built = stage("build", "--out", str(tmp_path / "dataset"))
    assert built.returncode == 0, built.stderr
    (left,) = [line for line in built.stdout.splitlines() if "left out" in line]
    assert "experience is left out: web episodes need a Chromium" in left
    trained = stage("train", "--data", str(tmp_path), "--out", str(tmp_path / "checkpoint"))
    assert trained.returncode == 0, trained.stderr
    assert trained.stdout.count("planners are left out") == 1
    assert (tmp_path / "checkpoint/html_t5.safetensors").exists()
    played = stage("evaluate", "--data", str(tmp_path), "--out", str(tmp_path / "results"))
    assert played.returncode == 3
    assert "Traceback" not in played.stderr
    assert "web episodes need a Chromium" in played.stderr


@pytest.mark.integration
@pytest.mark.browser
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}")
@pytest.mark.skipif(not works(), reason="no bubblewrap that works: apt-get install bubblewrap")
def test_a_run_that_goes_on_ends_in_the_same_rows(
    planners: tuple[Path, Params], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("selenium", reason="programs need selenium: pip install 'measurand[web]'")
    agents = (
        Agent(name="oracle"),
        Agent(name="cut", summariser=False),
        Agent(name="learned", planner="trained:tuned"),
    )
    # What the encoder takes is measured with its own module.
    monkeypatch.setattr(weighing.rows, "__defaults__", ((256,),))
    data, trained = planners
    given = Evaluate(sites=("map",), instructions=2, agents=agents, max_steps=8,
                     program_seconds=120, timeout_s=1500)  # fmt: skip
    params = trained.model_copy(update={"evaluate": given})
    journal = tmp_path / "journal"
    evaluate(params, data, None, tmp_path / "part", journal=journal, limit=1)
    evaluate(params, data, None, tmp_path / "one", journal=journal)
    # The second time all episodes are known: no browser is needed but for films.
    quiet = params.model_copy(
        update={"evaluate": params.evaluate.model_copy(update={"filmstrips": False})}
    )
    monkeypatch.setattr(playing, "attempted", None)
    evaluate(quiet, data, None, tmp_path / "two", journal=journal)
    for table in ("episodes", "steps", "items", "checks", "probes"):
        hashes = [read_manifest(tmp_path / n / table).logical_hash for n in ("one", "two")]
        assert hashes[0] == hashes[1], table
    rows = {(r["model"], r["metric"], r["slice"]): r
            for r in statistics(tmp_path, tmp_path / "one", params).to_pylist()}  # fmt: skip
    assert rows["all agents", "control", "agent=oracle,site=map"]["estimate"] == 1
    assert rows["all agents", "replays_other", ""]["estimate"] == 0
    assert rows["all agents", "replayed", ""]["estimate"] == 1
    assert rows["oracle", "plan_exact", ""]["estimate"] == 1
    assert rows["oracle", "ref_f1", ""]["estimate"] == 1
    # The page's beginning does not hold what is needed.
    assert rows["cut", "failure_share", "kind=summarisation"]["estimate"] == 1
    # It says what is on no page of the sites, once, and then that it is done.
    assert rows["learned", "failure_share", "kind=planning"]["estimate"] == 1
    steps = shards.read_table(tmp_path / "one" / "steps").to_pylist()
    mine = [row for row in steps if row["agent"] == "learned"]
    assert [(row["sub_instruction"], row["prompt_tokens"]) for row in mine] == [(SAID, 96)] * 2
    assert all(row["completion_tokens"] for row in mine)
    assert rows["html_t5", "loss", ""]["estimate"] > 0
    films = shards.read_table(tmp_path / "one" / "films").to_pylist()
    assert {row["episode_id"].rpartition("|")[2] for row in films} == {"oracle", "cut", "learned"}
    lengths = shards.read_table(tmp_path / "one" / "lengths").to_pylist()
    assert {row["attention"] for row in lengths} == {"local_global", "local", "dense"}
    ours = {pid for pid, _ in below(os.getpid())}
    assert not ours.intersection(chromium.processes("evaluate-"))
