from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from measurand import git, provenance
from measurand.comparison import sides
from measurand.doctor import Check, checkout
from measurand.errors import InputError
from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.reading import baselines
from measurand.history import history


def _run(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of one commit out of three."""
    there = tmp_path / "there"
    there.mkdir()
    _run(there, "init", "-q", "-b", "main")
    for i in range(3):
        (there / "params.yaml").write_text(f"systems: []\n# {i}\n")
        (there / "dvc.yaml").write_text("stages: {}\n")
        _run(there, "add", "-A")
        _run(there, "commit", "-q", "-m", str(i))
    _run(tmp_path, "clone", "-q", "--depth", "1", there.as_uri(), "here")
    return tmp_path / "here"


def test_a_cut_history_is_called_one(clone: Path) -> None:
    assert git.is_shallow(clone)
    why, todo = git.unknown("HEAD~1", clone)
    assert "history of this clone is cut" in why
    assert "git fetch --unshallow" in todo
    assert "fetch-depth: 0" in todo
    with pytest.raises(EvidenceError, match="history of this clone is cut"):
        baselines.commit_of("main~1", clone)
    with pytest.raises(InputError, match="history of this clone is cut"):
        sides._revision("HEAD~1", clone, [])
    found = checkout(clone, Check("git", "ok", "git 2"))
    assert (found.state, "cut" in found.found) == ("ok", True)


def test_a_folder_of_another_user_is_called_one(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    why, todo = git.unknown("HEAD", clone)
    assert "dubious ownership" in why
    assert todo == f"git config --global --add safe.directory '{clone.resolve()}'"
    with pytest.raises(EvidenceError, match="dubious ownership"):
        baselines.commit_of("HEAD", clone)
    with pytest.raises(InputError, match=r"dubious ownership.*safe\.directory"):
        sides._revision("HEAD", clone, [])
    found = checkout(clone, Check("git", "ok", "git 2"))
    assert found.state == "wrong"
    assert "safe.directory" in found.todo
    facts = provenance.collect(clone)["git"]
    assert facts["commit"] is None
    assert facts["reason"] == git.FOREIGN
    assert str(clone) not in str(facts)
    assert "dubious ownership" in str(history(clone, clone / "none.json").reason)


def test_a_folder_without_a_repository_is_called_one(tmp_path: Path) -> None:
    refused = git.refusal(tmp_path)
    assert refused is not None
    assert refused[0] == "not a git checkout"
    assert provenance.collect(tmp_path)["git"]["reason"] == "not a git checkout"
    ok = Check("git", "ok", "git 2")
    assert checkout(tmp_path, ok) == ok


def test_an_unknown_revision_of_a_whole_clone_is_only_that(clone: Path) -> None:
    there = clone.parent / "there"
    assert git.refusal(there) is None
    assert git.unknown("v9", there)[0] == "git knows no revision 'v9' here"
    missing = Check("git", "missing", "")
    assert checkout(there, missing) == missing


def test_without_git_the_reason_is_that(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert git.said(clone, "status") == (None, "git is not installed")
    assert git.refusal(clone) == ("git is not installed", "install git")
