"""How long each stage took when it last ran here: a note of this machine, beside the journals."""

from __future__ import annotations

import json
import os
from pathlib import Path

FILE = Path("journal") / "times.json"


def note(root: Path, stage: str, seconds: float) -> None:
    """Remember a run that ended well.

    Args:
        root: the project's root.
        stage: as DVC names it, ``build@many_shot``.
        seconds: wall time; of a run that was resumed, of its last part.
    """
    path = root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {**last(root), stage: round(seconds, 1)}
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    os.replace(new, path)


def last(root: Path) -> dict[str, float]:
    """Seconds by stage; empty where nothing ran here, or the file is no such table."""
    try:
        found = json.loads((root / FILE).read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {k: float(v) for k, v in found.items() if isinstance(v, int | float)}


def in_words(seconds: float) -> str:
    """``12.3 s``, ``7 min 05 s`` or ``1 h 02 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
