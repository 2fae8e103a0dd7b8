"""Resolving baselines: a file, or the same evidence at a git revision."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measurand import git
from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.questions import Baseline
from measurand.gates.reading.evidence import Evidence, load_items

GIT_SECONDS = 60
DVC_SECONDS = 600
_ORIGIN = "refs/remotes/origin/"


def resolve(baseline: Baseline, items: Path, root: Path) -> tuple[Evidence, str]:
    """The baseline's item results and what they are, in words.

    Args:
        baseline: of kind file or ref.
        items: path of the candidate's item results; a ref reads the same path.
        root: the project's root; files are relative to it.

    Raises:
        EvidenceError: ``baseline_unresolved``, ``anchor_moves``, or what reading raises.
    """
    if baseline.file is not None:
        path = root / baseline.file
        if not os.path.exists(path):
            raise _unresolved(f"{path} does not exist", "mend baseline.file")
        return load_items(path), baseline.file
    assert baseline.ref is not None
    commit = commit_of(baseline.ref, root)
    if baseline.role == "anchor" and _is_branch(baseline.ref, root):
        raise EvidenceError(
            f"anchor {baseline.ref!r} is a branch, which moves",
            code="anchor_moves",
            hint="an anchor is a tag or a commit",
        )
    with tempfile.TemporaryDirectory(prefix="measurand-baseline-") as folder:
        evidence = load_items(_at_revision(items, commit, root, Path(folder)))
    return evidence, f"{baseline.ref} ({commit[:12]})"


def commit_of(ref: str, root: Path) -> str:
    """Full commit hash of a revision; a branch that only ``origin`` has is found there.

    A checkout in CI has the branch that it tests, and all others as ``origin/...``.

    Raises:
        EvidenceError: ``baseline_unresolved``.
    """
    ask = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    done = _git(root, *ask, ref + "^{commit}")
    if done.returncode != 0:
        there = _git(root, *ask, f"{_ORIGIN}{ref}^{{commit}}")
        done = there if there.returncode == 0 else done
    if done.returncode != 0:
        raise _unresolved(*git.unknown(ref, root))
    return done.stdout.decode().strip()


def _is_branch(ref: str, root: Path) -> bool:
    if ref == "HEAD" or ref.startswith(("HEAD~", "HEAD^", "@")):
        return True
    names = [ref] if ref.startswith("refs/") else [f"refs/heads/{ref}", f"refs/remotes/{ref}"]
    # A tag of the same name goes before what only origin calls a branch.
    if _git(root, "show-ref", "--verify", "--quiet", f"refs/tags/{ref}").returncode != 0:
        names.append(_ORIGIN + ref)
    branches = [n for n in names if n.startswith(("refs/heads/", "refs/remotes/"))]
    return any(_git(root, "show-ref", "--verify", "--quiet", n).returncode == 0 for n in branches)


def _at_revision(path: Path, commit: str, root: Path, folder: Path) -> Path:
    """A copy of ``path`` as it was at ``commit``: from git, else from DVC."""
    top = _git(root, "rev-parse", "--show-toplevel").stdout.decode().strip()
    try:
        inside = path.resolve().relative_to(Path(top).resolve()).as_posix()
    except ValueError:
        raise _unresolved(f"{path} lies outside the repository", "give baseline.file") from None
    listed = _git(root, "ls-tree", "-r", "-z", "--full-tree", "--name-only", commit, "--", inside)
    names = [n for n in listed.stdout.decode("utf-8", "surrogateescape").split("\0") if n]
    if not names:
        return _from_dvc(path, commit, (root, Path(top)), folder)
    for name in names:
        target = folder / "git" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        blob = _git(root, "show", f"{commit}:{name}")
        if blob.returncode != 0:
            raise _unresolved(
                f"git cannot show {name} at {commit[:12]}", "fetch the revision whole"
            )
        target.write_bytes(blob.stdout)
    return folder / "git" / inside


def _from_dvc(path: Path, commit: str, homes: tuple[Path, ...], folder: Path) -> Path:
    """``path`` at ``commit`` from the DVC project, which is the root or the repository's top."""
    why = ""
    for home in homes:
        tracked = _git(home, "cat-file", "-e", f"{commit}:./.dvc/config").returncode == 0
        if not tracked or not path.resolve().is_relative_to(home.resolve()):
            continue
        target, inside = folder / "dvc", path.resolve().relative_to(home.resolve()).as_posix()
        command = [sys.executable, "-m", "dvc", "get", ".", inside, "--rev", commit]
        done = _run([*command, "-o", str(target)], home, DVC_SECONDS)
        if done.returncode == 0 and target.exists():
            return target
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = next((f" ({x})" for x in lines if x.startswith("ERROR")), "")[:300]
        break
    raise _unresolved(
        f"{path.name} at {commit[:12]} is neither in git nor to be had from DVC{why}",
        "`dvc fetch` that revision, or check that it has this file",
    )


def _git(root: Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    return _run(["git", "-C", str(root), *args], root, GIT_SECONDS)


def _run(command: list[str], cwd: Path, seconds: int) -> subprocess.CompletedProcess[bytes]:
    quiet = {"DVC_NO_ANALYTICS": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **quiet},
        )
    except FileNotFoundError as error:
        raise _unresolved(f"{command[0]} is not installed", "install git") from error
    except subprocess.TimeoutExpired as error:
        raise _unresolved(f"{command[0]} took over {seconds} s", "check the storage") from error


def _unresolved(message: str, hint: str) -> EvidenceError:
    return EvidenceError(message, code="baseline_unresolved", hint=hint)
