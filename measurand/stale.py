"""Which stages are out of date, and why: files and parameters against ``dvc.lock``.

Hashes are DVC's own: md5 of a file's bytes, and for a folder md5 of the sorted list of its files'
hashes. A file whose size, time and inode have not changed since it was last hashed is not read
again; that memory lies in ``.measurand/hashes.json``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measurand import yamls
from measurand.graph import Stage, read_lock, read_stages, upstream

MEMORY = Path(".measurand") / "hashes.json"
ALWAYS_IGNORED = (".git/", ".dvc/")


@dataclass(frozen=True)
class Finding:
    """What is known of a stage.

    Attributes:
        stage: its name.
        state: ``ok``; ``stale``: something of its own changed; ``waits``: only what stages before
            it will write anew; ``never run``.
        reasons: what changed, one phrase each.
        waits_for: stages before it that are not up to date.
    """

    stage: str
    state: str
    reasons: tuple[str, ...]
    waits_for: tuple[str, ...]


def findings(root: Path) -> list[Finding]:
    """The state of every stage, in the order in which they would run.

    Raises:
        InputError: code ``bad_graph``: ``dvc.yaml`` or ``dvc.lock`` cannot be understood.
    """
    stages, lock = read_stages(root), read_lock(root)
    before = upstream(stages)
    hashes = Hashes(root)
    found: dict[str, Finding] = {}
    made = {out for stage in stages.values() for out in stage.outs}
    for name, stage in stages.items():
        waits = tuple(b for b in before[name] if found[b].state != "ok")
        if name not in lock:
            reasons = ("no run is recorded in dvc.lock", *_faults(root, stage))
            found[name] = Finding(name, "never run", reasons, waits)
            continue
        reasons = tuple(_reasons(root, stage, lock[name], hashes, made))
        state = "stale" if reasons else "waits" if waits else "ok"
        found[name] = Finding(name, state, reasons, waits)
    hashes.keep()
    return list(found.values())


def _reasons(
    root: Path, stage: Stage, locked: Mapping[str, Any], hashes: Hashes, made: set[str]
) -> Iterator[str]:
    if stage.cmd != locked.get("cmd"):
        yield "its command changed"
    deps = _recorded(locked, "deps")
    for path in stage.deps:
        if path not in deps:
            yield f"{path} is a new dependency"
            continue
        now = hashes.of(path)
        if now is None:
            # What another stage writes is that stage's own finding.
            if path not in made:
                yield f"{path} is gone"
        elif now != deps[path]:
            yield f"{path} changed"
    yield from (f"{p} is no dependency any more" for p in deps if p not in stage.deps)
    yield from _parameters(root, stage, locked.get("params") or {})
    outs = _recorded(locked, "outs")
    for path in stage.outs:
        now = hashes.of(path)
        if now is None:
            yield f"{path} is not there (a run or `dvc pull` brings it)"
        elif path not in outs:
            yield f"{path} is a new output"
        elif now != outs[path]:
            yield f"{path} was changed after the run"


def _recorded(locked: Mapping[str, Any], kind: str) -> dict[str, str]:
    return {entry["path"]: str(entry.get("md5")) for entry in locked.get(kind) or ()}


def _faults(root: Path, stage: Stage) -> Iterator[str]:
    """What keeps a stage from running: parameter files without any parameter."""
    for file in stage.params:
        path = root / file
        if not path.exists():
            yield f"{file} is gone"
        elif not isinstance(read := yamls.load(path), Mapping):
            yield f"{file} is empty" if read is None else f"{file} holds no keys"


def _parameters(root: Path, stage: Stage, locked: Mapping[str, Any]) -> Iterator[str]:
    yield from _faults(root, stage)
    for file, keys in stage.params.items():
        path = root / file
        now = yamls.load(path) if path.exists() else None
        if not isinstance(now, Mapping):
            continue
        then = locked.get(file) or {}
        for key in keys or tuple(now):
            yield from (
                f"{file}: {where} changed" for where in _differences(_at(now, key), _at(then, key))
            )


_POWER = re.compile(r"[+-]?\d+[eE][+-]?\d+")


class _Absent:
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Absent)

    __hash__ = None  # type: ignore[assignment]


def _at(values: Any, key: str) -> tuple[str, Any]:
    """(key, value) of a dotted key, which may be written out as one key in a lock."""
    if isinstance(values, Mapping) and key in values:
        return key, values[key]
    here = values
    for part in key.split("."):
        if not isinstance(here, Mapping) or part not in here:
            return key, _Absent()
        here = here[part]
    return key, here


def _differences(now: tuple[str, Any], then: tuple[str, Any]) -> Iterator[str]:
    """Dotted names of the innermost mappings' values that differ."""
    (key, a), (_, b) = now, then
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for part in [*a, *(k for k in b if k not in a)]:
            inner = f"{key}.{part}"
            yield from _differences(
                (inner, a.get(part, _Absent())), (inner, b.get(part, _Absent()))
            )
    elif _numbers(a) != _numbers(b):
        yield key


def _numbers(value: Any) -> Any:
    """DVC writes 0.00003 as ``3e-05``, a number in YAML 1.2 and a word in YAML 1.1."""
    if isinstance(value, Mapping):
        return {key: _numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    if isinstance(value, str) and _POWER.fullmatch(value):
        return float(value)
    return value


class Hashes:
    """DVC's hashes of files and folders, remembered between runs."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known = self._remembered()
        self._used: dict[str, list[Any]] = {}
        self._done: dict[str, str | None] = {}
        self._ignored = _ignored(root)

    def of(self, path: str) -> str | None:
        """Hash of a file, or of a folder with ``.dir`` at its end; None where nothing is there."""
        if path not in self._done:
            full = self._root / path
            if full.is_dir():
                self._done[path] = self._folder(full)
            else:
                self._done[path] = self._file(full) if full.is_file() else None
        return self._done[path]

    def keep(self) -> None:
        """Write down what was hashed, for the next run; a folder that cannot be written is left."""
        if self._used == self._known:
            return
        try:
            memory = self._root / MEMORY
            memory.parent.mkdir(exist_ok=True)
            part = memory.with_suffix(f".{os.getpid()}.tmp")
            part.write_text(json.dumps(self._used, sort_keys=True), encoding="utf-8")
            os.replace(part, memory)
        except OSError:
            return

    def _remembered(self) -> dict[str, list[Any]]:
        try:
            known = json.loads((self._root / MEMORY).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _file(self, path: Path) -> str:
        facts = path.stat()
        mark = [facts.st_mtime_ns, facts.st_size, facts.st_ino]
        name = path.relative_to(self._root).as_posix()
        known = self._known.get(name)
        if known is None or known[:3] != mark:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
            known = [*mark, digest.hexdigest()]
        self._used[name] = known
        return str(known[3])

    def _folder(self, folder: Path) -> str:
        entries = []
        for where, inner, names in os.walk(folder):
            here = Path(where)
            inner[:] = [n for n in inner if not self._skip(here / n, folder=True)]
            for name in names:
                path = here / name
                if not self._skip(path, folder=False):
                    relative = path.relative_to(folder).as_posix()
                    entries.append({"md5": self._file(path), "relpath": relative})
        entries.sort(key=lambda entry: entry["relpath"])
        listed = json.dumps(entries, sort_keys=True).encode()
        return hashlib.md5(listed, usedforsecurity=False).hexdigest() + ".dir"

    def _skip(self, path: Path, *, folder: bool) -> bool:
        name = path.relative_to(self._root).as_posix()
        return bool(self._ignored.match_file(name + "/" if folder else name))


def _ignored(root: Path) -> Any:
    from pathspec import GitIgnoreSpec

    file = root / ".dvcignore"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return GitIgnoreSpec.from_lines([*ALWAYS_IGNORED, *lines])
