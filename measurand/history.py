"""What a metrics file said at earlier git revisions.

The revisions are those of the checked-out branch's main line (first parents) that changed the file.
Equal contents in a row are one state, and the file as it lies is the last one, so a page that shows
the history is the same before and after the file is committed.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measurand import git

LIMIT = 40
"""Revisions looked at, the latest ones."""
NOW = "now"
GIT_SECONDS = 60

Point = tuple[float, float | None, float | None]
"""Estimate and the ends of its interval."""


@dataclass(frozen=True)
class History:
    """The states of one metrics file, oldest first.

    Attributes:
        revisions: first 12 digits of the commit that brought each state; ``now`` for the last.
        states: the parsed file at each; empty where it was no JSON object.
        reason: why there are fewer than two states, or None.
    """

    revisions: tuple[str, ...]
    states: tuple[Mapping[str, Any], ...]
    reason: str | None

    def series(self, model: str, name: str) -> tuple[Point | None, ...]:
        """One figure over the states; None where a state has no such figure.

        Args:
            model: model string.
            name: metric with its slice, as ``metrics.json`` writes it: ``alpha[scale=EXT]``.
        """
        return tuple(_point(state, model, name) for state in self.states)


def history(root: Path, path: Path, limit: int = LIMIT) -> History:
    """History of a metrics file.

    Args:
        root: the project's root, in a git repository or not.
        path: the file, below the root.
        limit: most revisions to look at.
    """
    inside = path.relative_to(root).as_posix()
    contents, reason = _committed(root, inside, limit)
    if path.is_file():
        contents.append((NOW, path.read_bytes()))
    # The first of equal contents brought them, but the last of all is the file as it lies.
    kept = [c for i, c in enumerate(contents) if i == 0 or c[1] != contents[i - 1][1]]
    names = [name for name, _ in kept]
    if path.is_file():
        names[-1] = NOW
    if len(kept) > 1:
        reason = None
    elif reason is None:
        shallow = _git(root, "rev-parse", "--is-shallow-repository") == b"true\n"
        reason = "one revision, no history" + (" (the clone is shallow)" if shallow else "")
    return History(tuple(names), tuple(_parsed(content) for _, content in kept), reason)


def _committed(root: Path, inside: str, limit: int) -> tuple[list[tuple[str, bytes]], str | None]:
    """(short commit, content) of each revision that changed the file, oldest first; why none."""
    prefix = _git(root, "rev-parse", "--show-prefix")
    if prefix is None:
        refused = git.refusal(root)
        foreign = refused is not None and refused[0] == git.FOREIGN
        why = git.FOREIGN if foreign else "no git repository"
        return [], f"{why}, no history"
    top = prefix.decode().strip()
    log = _git(root, "log", "--first-parent", f"--max-count={limit}", "--format=%H", "--", inside)
    commits = (log or b"").decode().split()[::-1]
    asked = "".join(f"{commit}:{top}{inside}\n" for commit in commits)
    found = _git(root, "cat-file", "--batch", stdin=asked.encode()) or b""
    return _blobs(found, commits), None


def _blobs(text: bytes, commits: list[str]) -> list[tuple[str, bytes]]:
    """What ``cat-file --batch`` answered; a file that a commit removed has no content."""
    blobs, at = [], 0
    for commit in commits:
        end = text.find(b"\n", at)
        head = text[at:end].split(b" ")
        at = end + 1
        if len(head) == 3 and head[1] == b"blob":
            size = int(head[2])
            blobs.append((commit[:12], text[at : at + size]))
            at += size + 1
    return blobs


def _parsed(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _point(state: Mapping[str, Any], model: str, name: str) -> Point | None:
    figures = state.get(model)
    figure = figures.get(name) if isinstance(figures, dict) else None
    if not isinstance(figure, dict) or not isinstance(figure.get("estimate"), (int, float)):
        return None
    ends = (figure.get("ci_lo"), figure.get("ci_hi"))
    lower, upper = (float(e) if isinstance(e, (int, float)) else None for e in ends)
    return float(figure["estimate"]), lower, upper


def _git(root: Path, *args: str, stdin: bytes = b"") -> bytes | None:
    """Output of git, None where it failed or is not installed."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *args],
            input=stdin,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
