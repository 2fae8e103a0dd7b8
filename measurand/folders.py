"""One process and one system at a time in an output folder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from measurand.errors import InputError
from measurand.manifest import MANIFEST, is_foreign, read_manifest, write_text

OWNER = "run.json"
"""Which system a folder of ``measurand run`` belongs to."""
_WORDS = 3
_HELD: set[tuple[int, int]] = set()


@contextmanager
def held(out: Path) -> Iterator[None]:
    """Keep other processes out of a folder; it is made, and goes again where it stays empty.

    The lock is the system's own on the folder itself: it leaves no file, and ends with the process
    however that ends. A file system without locks keeps nobody out.

    Raises:
        InputError: code ``folder_in_use``, naming the process that works there.
    """
    with suppress(FileExistsError):  # a file: what is done there says so
        out.mkdir(parents=True, exist_ok=True)
    handle = os.open(out, os.O_RDONLY)
    facts = os.fstat(handle)
    mark = (facts.st_dev, facts.st_ino)
    mine = mark not in _HELD
    try:
        if mine:
            _lock(handle, out, facts.st_ino)
            _HELD.add(mark)
        yield
    finally:
        if mine:
            _HELD.discard(mark)
        os.close(handle)
        with suppress(OSError):
            out.rmdir()


def _lock(handle: int, out: Path, inode: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(
            f"{out} is in use by {_holder(inode)}",
            hint="wait for it to end, or give another folder",
            code="folder_in_use",
        ) from error
    except OSError:
        return


def _holder(inode: int) -> str:
    """The process that holds a lock on a file, in words."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            words = line.split()
            if words[1] == "FLOCK" and words[5].endswith(f":{inode}") and int(words[4]) > 0:
                return f"process {words[4]}{_command(int(words[4]))}"
    return "another process"


def _command(pid: int) -> str:
    """Verb and system of a process; the rest of a command line may hold what is private."""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        names = [Path(word).name for word in words if word]
        at = next((i for i, name in enumerate(names) if name.startswith("measurand")), None)
        if at is not None:
            return f" ({' '.join(names[at : at + _WORDS])})"
    return ""


def claim(out: Path, system: str) -> None:
    """Make a folder of ``measurand run`` one system's.

    Raises:
        InputError: code ``another_system``: it is another one's.
    """
    known = None
    with suppress(OSError, ValueError):
        known = json.loads((out / OWNER).read_text(encoding="utf-8"))
    owner = known.get("system") if isinstance(known, dict) else None
    if owner not in (None, system):
        raise _taken(out, f"a run of {owner}")
    write_text(out / OWNER, json.dumps({"system": system}) + "\n")


def refuse_others(folder: Path, system: str, systems: Sequence[str]) -> None:
    """Refuse a folder that holds tables of another system.

    Args:
        folder: a folder of datasets; none is fine.
        system: whose tables belong there.
        systems: all systems.

    Raises:
        InputError: code ``another_system``, naming the table.
    """
    others = {*systems} - {system}
    for path in sorted(folder.rglob(MANIFEST)) if folder.is_dir() else ():
        if is_foreign(path):
            continue
        with suppress(InputError):  # a damaged one is for `verify` to tell
            table = read_manifest(path.parent).table
            if table.split(".")[0] in others:
                break
    else:
        return
    raise _taken(folder, f"the table {table}")


def _taken(folder: Path, what: str) -> InputError:
    return InputError(
        f"{folder} holds {what}", hint="give every system its own folder", code="another_system"
    )
