"""An evaluation that is killed ten times; two minutes, most of them browsers' starts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from measurand import shards
from measurand.manifest import read_manifest
from pipelines.webagent.sandbox import works
from schemas.webagent.params import Agent, Evaluate, Params

MISSING = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
KILLS = 10
RUN = """
import sys
from pathlib import Path
from evaluators.webagent.evaluate import evaluate
from measurand import params
from schemas.webagent.params import Params
given, data, out, journal = map(Path, sys.argv[1:])
evaluate(params.read(given, Params), data, None, out, journal=journal)
"""
AGENTS = (
    Agent(name="oracle"),
    Agent(name="alone", planner=None, summariser=False),
    Agent(name="random", planner="random"),
)


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder with a short name: browsers put sockets there."""
    folder = Path(tempfile.mkdtemp(prefix="killed-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def begin(params: Path, out: Path, scratch: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", RUN, params, out / "data", out / "results", out / "journal"]
    return subprocess.Popen(
        [*map(str, words)],
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def played(out: Path) -> int:
    """Episodes that are journalled."""
    return sum(len(path.read_bytes().splitlines()) for path in out.rglob("episodes/*.jsonl"))


def alive() -> dict[tuple[int, str], int]:
    """Parent of every process, by its id and when it began."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if words[0] != "Z":
            found[int(folder.name), words[19]] = int(words[1])
    return found


def below(pid: int) -> set[tuple[int, str]]:
    """A process and all that it began."""
    every, found = alive(), {pid}
    while more := {key[0] for key, parent in every.items() if parent in found} - found:
        found |= more
    return {key for key in every if key[0] in found}


@pytest.mark.integration
@pytest.mark.browser
@pytest.mark.timeout(1800)
@pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}")
@pytest.mark.skipif(not works(), reason="no bubblewrap that works: apt-get install bubblewrap")
def test_killed_ten_times_it_ends_in_the_same_rows_and_leaves_nothing(
    tmp_path: Path, scratch: Path
) -> None:
    pytest.importorskip("selenium", reason="programs need selenium: pip install 'measurand[web]'")
    given = Evaluate(sites=("map",), instructions=6, agents=AGENTS, max_steps=6, filmstrips=False,
                     program_seconds=120, timeout_s=1500)  # fmt: skip
    params = tmp_path / "params.yaml"
    params.write_text(yaml.safe_dump(Params(evaluate=given).model_dump(mode="json")))
    assert begin(params, tmp_path / "whole", scratch).wait(900) == 0
    out, rng = tmp_path / "killed", np.random.default_rng(1)
    families = []
    for kill in range(KILLS):
        before, process = played(out), begin(params, out, scratch)
        # Half of them while browser and sandbox begin, half after an episode more.
        while kill % 2 and process.poll() is None and played(out) == before:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.8 if kill % 2 else 4))
        families.append(below(process.pid))
        assert process.poll() is None, "it ended before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 0 < played(out) < 18
    # A browser, its driver and a sandbox were there to be left.
    assert max(map(len, families)) > 5
    assert begin(params, out, scratch).wait(900) == 0
    for table in ("episodes", "steps", "items", "checks"):
        hashes = {read_manifest(tmp_path / n / "results" / table).logical_hash
                  for n in ("whole", "killed")}  # fmt: skip
        assert len(hashes) == 1, table
    rows = shards.read_table(out / "results" / "episodes").to_pylist()
    assert {row["success"] for row in rows if row["agent"] == "oracle"} == {True}
    end = time.monotonic() + 20
    while (left := set().union(*families) & set(alive())) and time.monotonic() < end:
        time.sleep(0.1)
    assert not left
    assert not list(scratch.glob("measurand-*"))
