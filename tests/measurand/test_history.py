from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from measurand.history import NOW, history

FILE = "reports/toy/metrics.json"


def git(root: Path, *args: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *args], cwd=root, check=True, capture_output=True)
    return done.stdout.decode().strip()


def write(root: Path, estimate: float | None, **ends: float) -> Path:
    path = root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    figures = {} if estimate is None else {"alpha[scale=A]": {"estimate": estimate, **ends}}
    path.write_text(json.dumps({"verdict": "pass", "m": figures}))
    return path


def commit(root: Path) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    return git(root, "rev-parse", "HEAD")[:12]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "here"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    return root


def test_states_oldest_first_and_the_file_as_it_lies_last(repository: Path) -> None:
    write(repository, 0.5)
    first = commit(repository)
    path = write(repository, 0.7, ci_lo=0.6, ci_hi=0.8)
    before = history(repository, path)
    commit(repository)
    # Committing what lies there changes nothing.
    assert history(repository, path) == before
    assert before.revisions == (first, NOW)
    assert before.series("m", "alpha[scale=A]") == ((0.5, None, None), (0.7, 0.6, 0.8))
    assert before.reason is None


def test_equal_contents_in_a_row_are_one_state(repository: Path) -> None:
    for i, value in enumerate((0.5, 0.5, 0.6, 0.5)):
        (repository / "other").write_text(str(i))
        path = write(repository, value)
        commit(repository)
    found = history(repository, path).series("m", "alpha[scale=A]")
    assert [p and p[0] for p in found] == [0.5, 0.6, 0.5]


def test_a_figure_that_was_not_there_is_a_gap(repository: Path) -> None:
    for value in (0.5, None, 0.6):
        path = write(repository, value)
        commit(repository)
    path.write_text("no json")
    commit(repository)
    path.unlink()
    commit(repository)
    path = write(repository, 0.7)
    found = history(repository, path).series("m", "alpha[scale=A]")
    assert [p and p[0] for p in found] == [0.5, None, 0.6, None, 0.7]
    assert set(history(repository, path).series("m", "beta")) == {None}


def test_only_the_main_line_and_only_the_latest_count(repository: Path) -> None:
    path = write(repository, 0.1)
    commit(repository)
    git(repository, "checkout", "-qb", "side")
    for value in (0.2, 0.3):
        write(repository, value)
        commit(repository)
    git(repository, "checkout", "-q", "main")
    git(repository, "merge", "-q", "--no-ff", "-m", "m", "side")
    assert [p and p[0] for p in history(repository, path).series("m", "alpha[scale=A]")] == [
        0.1,
        0.3,
    ]
    assert len(history(repository, path, limit=1).states) == 1


def test_a_project_below_the_top_of_its_repository(repository: Path) -> None:
    root = repository / "projects" / "one"
    for value in (0.5, 0.6):
        path = write(root, value)
        commit(repository)
    assert len(history(root, path).states) == 2


def test_without_history_it_says_why(repository: Path, tmp_path: Path) -> None:
    path = write(repository, 0.5)
    commit(repository)
    assert history(repository, path).reason == "one revision, no history"
    write(repository, 0.6)
    commit(repository)
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", f"file://{repository}", str(tmp_path / "clone")],
        check=True,
        capture_output=True,
    )
    shallow = history(tmp_path / "clone", tmp_path / "clone" / FILE)
    assert shallow.reason == "one revision, no history (the clone is shallow)"
    plain = tmp_path / "plain"
    lies = write(plain, 0.5)
    assert history(plain, lies).reason == "no git repository, no history"
    assert history(plain, lies).series("m", "alpha[scale=A]") == ((0.5, None, None),)
