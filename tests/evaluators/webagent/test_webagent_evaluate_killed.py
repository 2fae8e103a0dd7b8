"""An evaluation that is killed ten times; two minutes, most of them browsers' starts."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from killing import begin, below, left

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


def played(out: Path) -> int:
    """Episodes that are journalled."""
    return sum(len(path.read_bytes().splitlines()) for path in out.rglob("episodes/*.jsonl"))


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
    data, whole, out = (tmp_path / name for name in ("data", "whole", "killed"))
    words = {one: [params, data, one / "results", one / "journal"] for one in (whole, out)}
    assert begin(RUN, words[whole], scratch).wait(900) == 0
    families, rng = [], np.random.default_rng(1)
    for kill in range(KILLS):
        before, process = played(out), begin(RUN, words[out], scratch)
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
    assert begin(RUN, words[out], scratch).wait(900) == 0
    for table in ("episodes", "steps", "items", "checks"):
        folders = [one / "results" / table for one in (whole, out)]
        assert len({read_manifest(folder).logical_hash for folder in folders}) == 1, table
    rows = shards.read_table(out / "results" / "episodes").to_pylist()
    # Some instructions take the oracle more steps than it has here.
    assert any(row["success"] for row in rows if row["agent"] == "oracle")
    assert not left(set().union(*families))
    assert not list(scratch.glob("measurand-*"))
