from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from measurand.provenance import collect


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-02T03:04:05+02:00")
    root = tmp_path / "repo"
    (root / "data").mkdir(parents=True)
    (root / "code.py").write_text("1\n")
    (root / "data/x.txt").write_text("1\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "-q", "-m", "first")
    return root


def git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_clean_checkout(checkout: Path) -> None:
    facts = collect(checkout)
    assert facts["git"] == {
        "commit": git(checkout, "rev-parse", "HEAD"),
        "dirty": False,
        "reason": None,
    }
    assert (facts["time"], facts["time_source"]) == ("2026-01-02T01:04:05Z", "commit")
    assert facts["dvc_lock_sha256"] is None
    assert facts["python"] == platform.python_version()
    assert facts["machine"] == platform.machine()
    assert facts["packages"]["pyarrow"] == version("pyarrow")
    assert json.loads(json.dumps(facts)) == facts == collect(checkout)


@pytest.mark.parametrize(
    ("path", "dirty"),
    [("code.py", True), ("new.py", True), ("data/x.txt", False), ("reports/r.json", False)],
)
def test_dirty_is_about_what_people_write(checkout: Path, path: str, dirty: bool) -> None:
    (checkout / path).parent.mkdir(exist_ok=True)
    (checkout / path).write_text("2\n")
    assert collect(checkout)["git"]["dirty"] is dirty


def test_the_lock_is_hashed(checkout: Path) -> None:
    (checkout / "dvc.lock").write_bytes(b"schema: '2.0'\n")
    facts = collect(checkout)
    assert facts["dvc_lock_sha256"] == hashlib.sha256(b"schema: '2.0'\n").hexdigest()
    assert facts["git"]["dirty"] is False


def test_source_date_epoch_wins(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    facts = collect(checkout)
    assert (facts["time"], facts["time_source"]) == ("2001-09-09T01:46:40Z", "SOURCE_DATE_EPOCH")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert collect(checkout)["time_source"] == "commit"


def test_outside_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    facts = collect(tmp_path)
    assert facts["git"] == {"commit": None, "dirty": None, "reason": "not a git checkout"}
    assert (facts["time"], facts["time_source"]) == (None, None)


def test_a_checkout_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert collect(tmp_path)["git"]["commit"] is None
    assert "commit" in collect(tmp_path)["git"]["reason"]


def test_without_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert collect(checkout)["git"]["reason"] == "git is not installed"


def test_a_missing_folder_has_a_reason_too(tmp_path: Path) -> None:
    assert collect(tmp_path / "none")["git"]["reason"]
