from __future__ import annotations

from pathlib import Path

import pytest
from compwob_web import IN_A_BROWSER

from measurand import shards
from measurand.errors import InfraError, RunnerError
from measurand.manifest import read_manifest
from measurand.web import chromium
from pipelines.compwob import dataset, pages
from pipelines.compwob.dataset import build
from pipelines.compwob.pages import Overlay, Wheel
from schemas.compwob.params import Build, Params

pytestmark = IN_A_BROWSER
SMALL = Params(build=Build(tasks=("click-button", "login-user-popup"), episodes=2, n_shards=2))
TABLES = ("episodes", "steps")


def _files(out: Path) -> dict[str, bytes]:
    return {
        f"{name}/{path.name}": path.read_bytes()
        for name in TABLES
        for path in sorted((out / name).iterdir())
    }


@pytest.mark.timeout(240)
def test_every_way_of_running_gives_the_same_bytes_and_leaves_no_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, left = [], []
    ending = chromium.left_over

    def counted(run: str, seconds: float) -> int:
        left.append((run, ending(run, seconds)))
        return left[-1][1]

    monkeypatch.setattr(chromium, "left_over", counted)
    for i, runner in enumerate(("FnApiRunner", "FnApiRunner:threads=2", "FnApiRunner:processes=2")):
        build(SMALL, tmp_path / str(i), runner, journal=tmp_path / f"j{i}")
        found.append(_files(tmp_path / str(i)))
        run, still = left[-1]
        assert (len(left), still, chromium.processes(run)) == (i + 1, 0, [])
    assert found[0] == found[1] == found[2]
    rows = shards.read_table(tmp_path / "0" / "episodes").to_pylist()
    assert len(rows) == 4
    assert all(row["success"] for row in rows)
    timings = shards.read_table(tmp_path / "j0" / "timings").to_pylist()
    assert {row["episode_id"] for row in timings} == {row["episode_id"] for row in rows}


def test_pages_that_throw_fail_the_build_and_are_rejected_with_their_reason(
    tmp_path: Path, miniwob: Wheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (miniwob.read("/miniwob/click-button.html") or b"").decode()
    broken = Overlay(
        miniwob,
        {"/miniwob/click-button.html": page.replace("var num = 6;", "throw 'broken';").encode()},
    )
    monkeypatch.setattr(dataset, "_pages", lambda archive: broken)
    params = Params(build=Build(tasks=("click-button",), episodes=1, attempts=1))
    with pytest.raises(InfraError, match="1 of 1 episodes"):
        build(params, tmp_path / "out", "FnApiRunner", journal=tmp_path / "j")
    (row,) = shards.read_table(tmp_path / "out" / "episodes").to_pylist() or [None]
    assert row is None
    assert read_manifest(tmp_path / "out" / "episodes").rejected == {"infra_error": 1}


def test_a_refused_runner_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(RunnerError):
        build(SMALL, tmp_path / "out", "DaskRunner", journal=tmp_path / "j")
    assert not (tmp_path / "out").exists()


def test_sources_are_named(tmp_path: Path) -> None:
    assert pages.SOURCE.licence == "MIT"
