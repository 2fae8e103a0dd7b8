"""Why git does not answer here: a folder of another user, a history that is cut, no repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SECONDS = 60
FOREIGN = "git refuses this folder, which belongs to another user (dubious ownership)"
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def said(root: Path, *words: str) -> tuple[str | None, str]:
    """(output, "") of a git command in a folder, or (None, why there is none).

    What git says is given in its own words, without paths, which differ between machines.
    """
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
            env={**os.environ, **_QUIET},
        )
    except FileNotFoundError:
        return None, "git is not installed"
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, f"git failed: {type(error).__name__}"
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace"), ""
    text = done.stderr.decode("utf-8", "replace")
    if "dubious ownership" in text:
        return None, FOREIGN
    if "not a git repository" in text:
        return None, "not a git checkout"
    lines = text.strip().splitlines()
    # Git says at its end what is wrong; usage lines may follow an unknown option.
    return None, lines[0] if lines else f"git ended with {done.returncode}"


def refusal(root: Path) -> tuple[str, str] | None:
    """(what is wrong, the command that mends it) where git answers nothing at all here."""
    _, why = said(root, "rev-parse", "--git-dir")
    if not why:
        return None
    if why == FOREIGN:
        return why, f"git config --global --add safe.directory '{root.resolve()}'"
    return why, "install git" if why == "git is not installed" else "run inside a git checkout"


def is_shallow(root: Path) -> bool:
    """Whether the history is cut, as CI checks out."""
    return (said(root, "rev-parse", "--is-shallow-repository")[0] or "").strip() == "true"


def unknown(ref: str, root: Path) -> tuple[str, str]:
    """(why a revision is not known here, what to do)."""
    if found := refusal(root):
        return f"{ref!r} cannot be looked up: {found[0]}", found[1]
    if is_shallow(root):
        return (
            f"git knows no revision {ref!r} here: the history of this clone is cut (shallow)",
            "git fetch --unshallow, or fetch-depth: 0 in the CI job's checkout",
        )
    return f"git knows no revision {ref!r} here", "fetch it, or check its name"
