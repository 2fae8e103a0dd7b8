from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from gate_evidence import Project, bits, gate, non_inferiority

from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.reading.baselines import commit_of

#: Git's own name of a tree without files.
EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(root: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *args],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | IDENTITY,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(project: Project) -> Project:
    """Results of 60% right at tag v1 on branch main; 80% right in the working tree."""
    git(project.root, "init", "-q", "-b", "main")
    project.items(bits(400, 0.6))
    git(project.root, "add", "-A")
    git(project.root, "commit", "-q", "-m", "results")
    git(project.root, "tag", "v1")
    project.items(bits(400, 0.8))
    return project


@pytest.mark.parametrize("ref", ["main", "v1", "HEAD", "HEAD~0", "refs/tags/v1"])
def test_a_revision_is_resolved_to_its_commit(repository: Project, ref: str) -> None:
    got = repository.one(non_inferiority({"ref": ref}))
    commit = git(repository.root, "rev-parse", "main")
    assert got.state == "pass", got.sentence
    assert got.baseline == f"{ref} ({commit[:12]})"
    assert got.baseline_estimate == pytest.approx(0.6)
    assert got.found.estimate == pytest.approx(0.2)
    assert commit_of(ref, repository.root) == commit


def test_a_full_commit_and_a_project_below_the_repository_s_top(repository: Project) -> None:
    commit = git(repository.root, "rev-parse", "main")
    assert repository.one(non_inferiority({"ref": commit})).state == "pass"
    (repository.root / "sub").mkdir()
    inner = Project(repository.root / "sub")
    inner.items(bits(400, 0.7))
    git(inner.root, "add", "-A")
    git(inner.root, "commit", "-q", "-m", "inner")
    inner.items(bits(400, 0.9))
    assert inner.one(non_inferiority({"ref": "HEAD"})).found.estimate == pytest.approx(0.2)


@pytest.mark.parametrize("ref", ["no-such-branch", "deadbeef", "v1:reports", "a..b", "HEAD^{tree}"])
def test_a_revision_that_is_none(repository: Project, ref: str) -> None:
    got = repository.one(non_inferiority({"ref": ref}))
    assert (got.state, got.reason_code) == ("error", "baseline_unresolved")


def test_without_a_repository(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.root.parent))
    project.items(bits(400, 0.8))
    assert project.one(non_inferiority({"ref": "main"})).reason_code == "baseline_unresolved"


def test_without_git(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    got = repository.one(non_inferiority({"ref": "main"}))
    assert got.reason_code == "baseline_unresolved"
    assert "git is not installed" in got.sentence


def test_an_anchor_must_stand_still(repository: Project) -> None:
    for ref, code in (
        ("v1", "not_worse"),
        ("refs/tags/v1", "not_worse"),
        ("main", "anchor_moves"),
        ("refs/heads/main", "anchor_moves"),
        ("HEAD", "anchor_moves"),
    ):
        got = repository.one(non_inferiority({"ref": ref, "role": "anchor"}))
        assert got.reason_code == code, ref


def test_a_branch_that_only_origin_has_as_in_a_checkout_of_ci(repository: Project) -> None:
    root = repository.root
    git(root, "update-ref", "refs/remotes/origin/main", "main")
    git(root, "checkout", "-q", "--detach")
    git(root, "branch", "-q", "-D", "main")
    assert commit_of("main", root) == git(root, "rev-parse", "HEAD")
    assert repository.one(non_inferiority({"ref": "main"})).state == "pass"
    anchor = repository.one(non_inferiority({"ref": "main", "role": "anchor"}))
    assert anchor.reason_code == "anchor_moves"
    git(root, "tag", "main")
    assert repository.one(non_inferiority({"ref": "main", "role": "anchor"})).state == "pass"


def test_many_small_losses_are_stopped_by_the_anchor_and_warned_of_without(
    repository: Project,
) -> None:
    alone = repository.verdict(non_inferiority({"ref": "main"}))
    assert any("role: anchor" in w for w in alone.warnings)
    anchored = repository.verdict(
        non_inferiority({"ref": "main"}),
        non_inferiority({"ref": "v1", "role": "anchor"}, id="anchor"),
    )
    assert not anchored.warnings


def test_a_revision_before_there_were_results(repository: Project) -> None:
    git(repository.root, "branch", "empty", git(repository.root, "commit-tree", EMPTY, "-m", "x"))
    comparison = non_inferiority({"ref": "empty"})
    missing = repository.one(comparison)
    assert missing.reason_code == "baseline_unresolved"
    assert "neither in git nor to be had from DVC (`dvc fetch`" in missing.sentence
    comparison["baseline"]["bootstrap"] = True
    assert repository.one(comparison).reason_code == "baseline_unresolved"
    first = repository.verdict(comparison, gate(id="floor", limit=0.7))
    assert [g.state for g in first.gates] == ["pass", "pass"]
    assert first.gates[0].found.flags == ("no_baseline",)
    assert first.exit_code == 0
    assert any("without a baseline" in w for w in first.warnings)
    low = repository.verdict(comparison, gate(id="floor", limit=0.9))
    assert low.exit_code == 1
    soft = repository.verdict(comparison, gate(id="floor", limit=0.7, severity="warn"))
    assert soft.gates[0].reason_code == "baseline_unresolved"


def test_a_damaged_baseline_is_no_missing_one(project: Project) -> None:
    project.items(bits(400, 0.8))
    base = project.baseline(bits(400, 0.8))
    next((project.root / "base").glob("part-*")).write_bytes(b"")
    comparison = non_inferiority(base | {"bootstrap": True})
    got = project.one(comparison, gate(id="floor"))
    assert (got.state, got.reason_code) == ("error", "verify_failed")


def test_a_file_that_is_not_there(project: Project) -> None:
    project.items(bits(400, 0.8))
    assert project.one(non_inferiority({"file": "none"})).reason_code == "baseline_unresolved"
    with pytest.raises(EvidenceError):
        commit_of("main", project.root / "none")


@pytest.mark.integration
def test_results_that_only_dvc_keeps(repository: Project) -> None:
    root = repository.root
    git(root, "rm", "-rq", "--cached", "reports")
    (root / ".gitignore").write_text("/dvc-site/\n")
    repository.items(bits(400, 0.7))

    def dvc(*args: str) -> None:
        quiet = {"DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(root / "dvc-site")}
        command = [sys.executable, "-m", "dvc", "--quiet", *args]
        subprocess.run(command, cwd=root, check=True, env=os.environ | IDENTITY | quiet)

    dvc("init")
    dvc("add", "reports/toy/results")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "under dvc")
    git(root, "tag", "v2")
    repository.items(bits(400, 0.9))
    got = repository.one(non_inferiority({"ref": "v2"}))
    assert got.state == "pass", got.sentence
    assert got.found.estimate == pytest.approx(0.2)
    shutil.rmtree(root / ".dvc" / "cache")
    lost = repository.one(non_inferiority({"ref": "v2"}))
    assert lost.reason_code == "baseline_unresolved"
