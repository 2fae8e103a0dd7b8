"""A build that is killed and run again ends in the same bytes, and never looks finished before."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy_build
from forked import begin

from measurand.manifest import MANIFEST, file_sha256
from measurand.parquet import REJECTED
from measurand.shards import write_dataset
from measurand.verification import verify

pytestmark = pytest.mark.integration

PARAMS = {"rows": 6_000, "shards": 8}

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


def suicide(out: Path, n: int, moment: str) -> None:
    """Write the toy dataset without Beam, and die before or after its n-th rename."""
    rename, seen = os.replace, 0

    def replace(a: Path, b: Path) -> None:
        nonlocal seen
        seen += 1
        if seen == n and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        rename(a, b)
        if seen == n:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace  # type: ignore[assignment]
    write_plainly(out)


def killed_at(out: Path, n: int, moment: str) -> bool:
    process = begin(suicide, out, n, moment)
    process.join()
    return bool(process.exitcode == -signal.SIGKILL)


def digests(out: Path) -> dict[str, str]:
    return {p.name: file_sha256(p) for p in sorted(out.iterdir())}


def slow_build(out: Path, runner: str, begun: Path) -> None:
    os.setsid()  # a process group of its own
    begun.touch()
    toy_build.build(PARAMS | {"pause_s": 0.02}, out, runner)


def start(out: Path, runner: str) -> Any:
    """A build that can be killed with all that it begins; returns when it is at work."""
    begun = out.with_name("begun")
    process = begin(slow_build, out, runner, begun)
    while not begun.exists():
        assert process.is_alive()
        time.sleep(0.001)
    begun.unlink()
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
def test_ten_random_kills(tmp_path: Path, reference: dict[str, str]) -> None:
    out = tmp_path / "d"
    process = start(out, "FnApiRunner")
    begun = time.monotonic()
    process.join()
    assert process.exitcode == 0
    whole = time.monotonic() - begun
    assert digests(out) == reference
    moments = np.random.default_rng(20261123).uniform(0, whole, 10)
    for seconds in moments:
        process = start(out, "FnApiRunner")
        time.sleep(seconds)
        with_group(process.pid, lambda g: os.killpg(g, signal.SIGKILL))  # it may have ended
        process.join()
        is_finished_or_faulty(out, reference)
        toy_build.build(PARAMS, out, "FnApiRunner")
        assert digests(out) == reference
        assert verify(out) == []


@pytest.mark.timeout(900)
def test_kills_of_the_driver_alone_while_its_workers_live(
    tmp_path: Path, reference: dict[str, str]
) -> None:
    out = tmp_path / "d"
    groups = []
    try:
        for seconds in (4.0, 7.0):
            process = start(out, "FnApiRunner:processes=2")
            groups.append(process.pid)
            time.sleep(seconds)
            process.kill()
            process.join()
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
def test_a_kill_at_every_rename(n: int, moment: str, tmp_path: Path) -> None:
    write_plainly(tmp_path / "whole")
    whole = digests(tmp_path / "whole")
    assert len(whole) == RENAMES - 1
    out = tmp_path / "d"
    assert killed_at(out, n, moment)
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


def test_a_kill_of_a_build_again_leaves_the_earlier_one(tmp_path: Path) -> None:
    out = tmp_path / "d"
    write_plainly(out)
    whole = digests(out)
    assert killed_at(out, 3, "after")
    assert digests(out) == whole
    assert verify(tmp_path) == []
    write_plainly(out)
    assert [p.name for p in tmp_path.iterdir()] == ["d"]
