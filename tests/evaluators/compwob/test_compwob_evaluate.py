from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killing import below, left

from measurand import shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.web import chromium
from pipelines.compwob.dataset import build
from schemas.compwob.params import Params

MISSING = not any(Path(p, "chromium").exists() for p in os.environ["PATH"].split(":"))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(MISSING, reason="no chromium on the PATH: install it to run this"),
    pytest.mark.timeout(240),
]
SAME = ("episodes", "items", "checks", "films")
PARAMS = """
build: {tasks: [click-button], episodes: 1}
train: null
evaluate:
  agents: [{agent: oracle}, {agent: random}]
  compositions: [click-button_click-link]
  seeds: 2
  check_share: 0.3
report: {}
"""
RUN = """
import sys
from pathlib import Path
from evaluators.compwob.evaluate import evaluate
from measurand import params
from schemas.compwob.params import Params
folder, out = Path(sys.argv[1]), Path(sys.argv[2])
given = params.read(folder / "p.yaml", Params)
evaluate(given, folder / "data", None, out, journal=Path(sys.argv[3]))
"""
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("compwob")
    (made / "p.yaml").write_text(PARAMS)
    given = Params.model_validate({"build": {"tasks": ["click-button"], "episodes": 1}})
    build(given, made / "data" / "dataset", "FnApiRunner", journal=made / "j")
    return made


def _start(folder: Path, name: str, journal: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUN, str(folder), str(folder / name), str(folder / journal)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


def _hashes(results: Path) -> dict[str, str]:
    folders = [results / name for name in SAME] + sorted((results / "steps").iterdir())
    return {path.name: read_manifest(path).logical_hash for path in folders}


def test_a_killed_run_goes_on_and_ends_in_the_same_rows(folder: Path) -> None:
    whole = _start(folder, "whole", "jw")
    assert whole.wait(200) == 0
    killed = _start(folder, "killed", "jk")
    path = folder / "jk" / "episodes"
    while not (path.is_dir() and sum(len(p.read_bytes().splitlines()) for p in path.iterdir()) > 3):
        time.sleep(0.1)
        assert killed.poll() is None
    # A browser first, then the run itself.
    family = below(killed.pid)
    mine = {pid for pid, _ in family}.intersection(chromium.processes("evaluate-"))
    assert mine
    os.kill(min(mine), signal.SIGKILL)
    time.sleep(1.5)
    family |= below(killed.pid)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    again = _start(folder, "killed", "jk")
    assert again.wait(200) == 0
    assert _hashes(folder / "whole") == _hashes(folder / "killed")
    assert not left(family)
    attempts = shards.read_table(folder / "killed" / "runs", ["attempts"]).column(0).to_pylist()
    assert max(attempts) >= 1
    items = shards.read_table(folder / "whole" / "items").to_pylist()
    for metric in ("rebuild_agreement", "replay_reward", "replay_pages"):
        values = [row["value"] for row in items if row["metric"] == metric]
        assert values
        assert set(values) == {1.0}
    assert read_manifest(folder / "whole" / "films").rows == 3


def test_an_unknown_agent_is_named(folder: Path) -> None:
    from evaluators.compwob.evaluate import evaluate

    with pytest.raises(InputError, match="no such agent"):
        evaluate(Params(), folder / "data", "cheat", folder / "x", journal=folder / "jx")
