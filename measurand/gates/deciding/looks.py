"""How often one question was put to changing evidence.

Running a gate again until it passes is a sequential test: ten looks at level 5% let a bad change
through in 18% of cases. So each different candidate tested with the same gate file against the same
baseline and dataset is a look, and look k is tested at alpha / k. Unchanged evidence is no new look
and gets the same verdict again. That slows the growth of the error and does not stop it: after k
looks at independent candidates it is at most alpha (1 + 1/2 + ... + 1/k), .146 after ten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.manifest import write_text

FILE = "looks.json"
SCHEMA = "measurand.looks"
VERSION = "1.0.0"


def question(gate_file: str, baselines: Iterable[str], datasets: Iterable[str]) -> str:
    """Key of a question: everything but the candidate."""
    parts = [gate_file, sorted(set(baselines)), sorted(set(datasets))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def candidate(hashes: Iterable[str]) -> str:
    """Hash of the evidence under test."""
    return hashlib.sha256("\n".join(sorted(set(hashes))).encode()).hexdigest()


def read(folder: Path) -> dict[str, list[str]]:
    """Candidates seen so far by question; empty where there is no record.

    Raises:
        InputError: ``looks_unreadable``: a damaged record is never taken for an empty one.
    """
    return load(folder / FILE, SCHEMA, "looks", _sound)


def _sound(entry: Any) -> bool:
    return isinstance(entry, list) and all(isinstance(x, str) for x in entry)


def load(path: Path, schema: str, name: str, sound: Callable[[Any], bool]) -> dict[str, Any]:
    """A record by key; empty where there is none.

    Args:
        path: the file.
        schema: what it says it is.
        name: where the record lies in it.
        sound: whether an entry is what it should be.

    Raises:
        InputError: ``looks_unreadable``.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path, str(error)) from error
    seen = raw.get(name) if isinstance(raw, dict) and raw.get("schema") == schema else None
    if not isinstance(seen, dict) or not all(map(sound, seen.values())):
        raise _unreadable(path, f"not a record of {name}")
    return seen


def number(seen: Mapping[str, list[str]], key: str, evidence: str) -> int:
    """Which look this is, from 1; evidence seen before keeps its number."""
    before = seen.get(key, [])
    return before.index(evidence) + 1 if evidence in before else len(before) + 1


def record(folder: Path, seen: Mapping[str, list[str]], key: str, evidence: str) -> None:
    """Note a look.

    Raises:
        InputError: ``looks_unwritable``.
    """
    before = seen.get(key, [])
    if evidence in before:
        return
    store(folder / FILE, SCHEMA, "looks", {**seen, key: [*before, evidence]})


def store(path: Path, schema: str, name: str, seen: Mapping[str, Any]) -> None:
    """Write a record whole or not at all.

    Raises:
        InputError: ``looks_unwritable``.
    """
    content = {"schema": schema, "version": VERSION, name: seen}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(content, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error}",
            hint="choose another --out",
            code="looks_unwritable",
        ) from error


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} cannot be read: {why[:200]}",
        hint="restore it, or delete it and say so: then the count of looks starts anew",
        code="looks_unreadable",
    )
