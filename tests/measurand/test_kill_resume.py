"""A build that is killed and run again ends in the same bytes, and never looks finished before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import toy_build

from measurand.manifest import MANIFEST, file_sha256
from measurand.parquet import REJECTED
from measurand.shards import write_dataset
from measurand.verification import verify

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
PARAMS = {"rows": 6_000, "shards": 8}

# Writes the toy dataset without Beam and kills itself before or after its n-th rename.
SUICIDE = """
import os, signal, sys
import test_kill_resume

n, moment = int(sys.argv[2]), sys.argv[3]
rename, seen = os.replace, 0

def replace(a, b):
    global seen
    seen += 1
    if seen == n and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    rename(a, b)
    if seen == n:
        os.kill(os.getpid(), signal.SIGKILL)

os.replace = replace
test_kill_resume.write_plainly(sys.argv[1])
"""
RENAMES = 3 + 1 + 1 + 1  # shards, rejected rows, manifest; all of them to their place


def write_plainly(out: str | Path) -> None:
    import pyarrow.compute as pc

    table = toy_build.answers(1, 600)
    good = pc.less_equal(table["value"], 5)
    bad = table.filter(pc.invert(good))
    n = bad.num_rows
    lost = {"key": bad["participant"], "reason": ["r"] * n, "detail": [""] * n}
    write_dataset(
        Path(out), toy_build.SPEC, table.filter(good), n_shards=3, shard_key="participant",
        rejected=REJECTED.from_columns(lost),
    )  # fmt: skip


@pytest.fixture
def environment() -> dict[str, str]:
    folders = [str(ROOT), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))}


def digests(out: Path) -> dict[str, str]:
    return {p.name: file_sha256(p) for p in sorted(out.iterdir())}


def start(out: Path, runner: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    """A build in a process group of its own; returns when it has read its imports."""
    words = [str(out), runner, str(PARAMS["rows"]), "0.02"]
    process = subprocess.Popen(
        [sys.executable, str(Path(toy_build.__file__)), *words],
        env=environment, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "imported\n"
    return process


def is_finished_or_faulty(out: Path, reference: dict[str, str]) -> None:
    """A folder with a manifest is whole and right; any other folder is not fine."""
    if (out / MANIFEST).exists():
        assert verify(out) == []
        assert digests(out) == reference
    else:
        assert verify(out)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("reference") / "d"
    toy_build.build(PARAMS, out, "FnApiRunner")
    return digests(out)


@pytest.mark.timeout(900)
def test_ten_random_kills(
    tmp_path: Path, environment: dict[str, str], reference: dict[str, str]
) -> None:
    out = tmp_path / "d"
    process = start(out, "FnApiRunner", environment)
    begun = time.monotonic()
    assert process.wait() == 0
    whole = time.monotonic() - begun
    assert digests(out) == reference
    moments = np.random.default_rng(20261123).uniform(0, whole, 10)
    for seconds in moments:
        process = start(out, "FnApiRunner", environment)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        is_finished_or_faulty(out, reference)
        toy_build.build(PARAMS, out, "FnApiRunner")
        assert digests(out) == reference
        assert verify(out) == []


@pytest.mark.timeout(900)
def test_kills_of_the_driver_alone_while_its_workers_live(
    tmp_path: Path, environment: dict[str, str], reference: dict[str, str]
) -> None:
    out = tmp_path / "d"
    groups = []
    try:
        for seconds in (4.0, 7.0):
            process = start(out, "FnApiRunner:processes=2", environment)
            groups.append(process.pid)
            time.sleep(seconds)
            process.kill()
            process.wait()
            is_finished_or_faulty(out, reference)
            toy_build.build(PARAMS, out, "FnApiRunner")
            assert digests(out) == reference
    finally:
        for group in groups:
            with_group(group, lambda g: os.killpg(g, signal.SIGKILL))


def with_group(group: int, act: Callable[[int], None]) -> None:
    try:
        act(group)
    except ProcessLookupError:
        return


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("n", range(1, RENAMES + 1))
def test_a_kill_at_every_rename(
    n: int, moment: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    write_plainly(tmp_path / "whole")
    whole = digests(tmp_path / "whole")
    assert len(whole) == RENAMES - 1
    out = tmp_path / "d"
    command = [sys.executable, "-c", SUICIDE, str(out), str(n), moment]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    published = (n, moment) == (RENAMES, "after")
    left = [p for p in tmp_path.iterdir() if p.name not in ("whole", "d")]
    assert len(left) == (0 if published else 1)
    # A file a rename, the last perhaps still under its first name.
    assert published or len(digests(left[0])) == min(n, RENAMES - 1)
    is_finished_or_faulty(out, whole)
    assert (out / MANIFEST).exists() == published
    write_plainly(out)
    assert digests(out) == whole
    assert verify(tmp_path) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d", "whole"]


def test_a_kill_of_a_build_again_leaves_the_earlier_one(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    out = tmp_path / "d"
    write_plainly(out)
    whole = digests(out)
    command = [sys.executable, "-c", SUICIDE, str(out), "3", "after"]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    assert digests(out) == whole
    assert verify(tmp_path) == []
    write_plainly(out)
    assert [p.name for p in tmp_path.iterdir()] == ["d"]
