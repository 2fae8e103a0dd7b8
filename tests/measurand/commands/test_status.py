from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from measurand.commands.status import main, screen
from measurand.stale import Finding

ROOT = Path(__file__).parents[3]


def test_one_screen_with_the_reasons() -> None:
    found = [
        Finding("build@a", "stale", ("x.py changed", "y.py changed"), ()),
        Finding("build@b", "ok", (), ()),
        Finding("report@a", "waits", (), ("build@a",)),
        Finding("report@b", "ok", (), ()),
    ]
    lines = screen(found, 1).splitlines()
    assert lines[1].split() == ["a", "stale", "waits"]
    assert lines[2].split() == ["b", "ok", "ok"]
    assert "  build@a: x.py changed" in lines
    assert "  and 1 more (--all shows them)" in lines
    assert lines[-1] == "next: dvc repro build@a"
    assert screen(found[1::2], None).splitlines()[-1] == "everything is up to date"


def test_how_long_it_will_take_is_how_long_it_took() -> None:
    found = [
        Finding("build@a", "stale", ("x.py changed",), ()),
        Finding("evaluate@a", "waits", (), ("build@a",)),
        Finding("report@a", "never run", (), ("evaluate@a",)),
        Finding("build@b", "ok", (), ()),
    ]
    seconds = {"build@a": 30.0, "evaluate@a": 395.4, "build@b": 1000.0}
    last = screen(found, None, seconds).splitlines()[-1]
    assert last == ("the 3 stages out of date took 7 min 05 s when they last ran, 1 never timed")
    assert "took" not in screen(found[-1:], None, seconds)


def test_this_project(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert main([]) == 0
    assert "many_shot" in capsys.readouterr().out
    code = main(["personality", "--json", "--exit-code"])
    found = json.loads(capsys.readouterr().out)
    assert [f["stage"].partition("@")[2] for f in found] == ["personality"] * 4
    assert code == int(any(f["state"] != "ok" for f in found))


def test_dvc_is_not_imported() -> None:
    code = "import sys; from measurand.cli import main; main(['status']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = done.stdout.splitlines()[-1].split()
    assert "measurand.stale" in modules
    assert not [m for m in modules if m.split(".")[0] in ("dvc", "dvc_data", "pyarrow", "numpy")]
