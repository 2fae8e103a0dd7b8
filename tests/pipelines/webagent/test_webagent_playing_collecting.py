"""Self-experience built by two threads and by one; some minutes, most of them the browser's."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pytest
from killing import begin, below, left

from measurand import shards
from measurand.manifest import read_manifest
from measurand.web import chromium
from measurand.web.browser import BrowserFailed
from pipelines.webagent import collecting, playing
from pipelines.webagent.instructions import task
from pipelines.webagent.loop import Agent
from pipelines.webagent.rules import END, Oracle, Templates
from pipelines.webagent.sandbox import works
from schemas.webagent.params import Build, Experience

MISSING = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
IN_A_BROWSER = [
    pytest.mark.integration,
    pytest.mark.browser,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}"),
    pytest.mark.skipif(not works(), reason="no bubblewrap that works: apt-get install bubblewrap"),
]


def in_a_browser(test: object) -> object:
    for mark in IN_A_BROWSER:
        test = mark(test)
    return test


def test_every_site_has_its_share_of_training_instructions() -> None:
    found = collecting.planned(Build(experience=Experience(episodes=4)))
    assert [one.setting.site for one in found] == ["estate"] * 4 + ["forum"] * 4 + ["map"] * 4
    assert {one.template.split for one in found} == {"train"}
    assert collecting.planned(Build(experience=None)) == []


def test_a_browser_that_never_starts_leaves_an_episode_without_a_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(run: str) -> None:
        raise BrowserFailed("it does not start")

    monkeypatch.setattr(playing, "Driver", broken)
    agent = Agent("oracle", Oracle(), Templates())
    setting = playing.Conditions(attempts=3, run="never")
    try:
        found = playing.attempted(task("map", "train", 0, 0), agent, setting)
    finally:
        playing.close_all(setting.run)
    assert found.played.checked is None
    assert found.failures == ["it does not start"] * 2
    assert found.browser == ""


@in_a_browser
def test_a_build_is_the_same_bytes_for_one_worker_and_for_two(tmp_path: Path) -> None:
    pytest.importorskip("selenium", reason="programs need selenium: pip install 'measurand[web]'")
    params = Build(sites=("map", "forum"), experience=Experience(episodes=1), n_shards=2)
    workers = ("--direct_num_workers", "2", "--direct_running_mode", "multi_threading")
    for name, argv in (("one", ()), ("two", workers)):
        collecting.write(params, tmp_path / name, "FnApiRunner", argv)
    for table in ("episodes", "experience", "failed"):
        hashes = [read_manifest(tmp_path / n / table).logical_hash for n in ("one", "two")]
        assert hashes[0] == hashes[1], table
    rows = shards.read_table(tmp_path / "one" / "experience").to_pylist()
    assert {row["episode_id"].split("|")[0] for row in rows} == {"map", "forum"}
    assert sum(row["sub_instruction"] == END for row in rows) == 2
    assert all(set(row["refs"]) for row in rows if row["sub_instruction"] != END)
    assert not [pid for pid in chromium.processes("build-") if parent(pid) == os.getpid()]


RUN = """
import sys
from pathlib import Path
from pipelines.webagent import collecting
from schemas.webagent.params import Build, Experience
params = Build(sites=("map",), experience=Experience(episodes=2), n_shards=2)
collecting.write(params, Path(sys.argv[1]), "FnApiRunner")
"""


@in_a_browser
def test_a_killed_build_leaves_nothing_and_the_next_one_is_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("selenium", reason="programs need selenium: pip install 'measurand[web]'")
    with tempfile.TemporaryDirectory(prefix="killed-", dir="/tmp") as short:
        scratch = Path(short)
        # As soon as there is anything, and when there are driver, browser and sandbox.
        for most in (2, 8):
            process = begin(RUN, [tmp_path / "killed"], scratch)
            while process.poll() is None and len(family := below(process.pid)) < most:
                time.sleep(0.05)
            assert process.poll() is None, "it ended before it could be killed"
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert not left(family)
        for name in ("killed", "whole"):
            assert begin(RUN, [tmp_path / name], scratch).wait(600) == 0
        assert not list(scratch.glob("measurand-*"))
    for table in ("episodes", "experience", "failed"):
        hashes = {read_manifest(tmp_path / n / table).logical_hash for n in ("killed", "whole")}
        assert len(hashes) == 1, table


def parent(pid: int) -> int:
    """The process that started one; other builds may run on this machine."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
