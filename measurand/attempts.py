"""A folder that is made under a name of its own and takes its place whole, or not at all.

What stood in that place stands until then. A process or a job that was given up may go on writing
under the name that it was told: nothing that is published lies there, and the next attempt removes
it.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import secrets
import shutil
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from measurand.errors import InputError

_NAME = re.compile(r"\..+\.attempt-[0-9a-f]{8}(\.before)?")
_BEFORE = ".before"
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


def is_attempt(name: str) -> bool:
    """Whether a folder's name is that of an attempt: nothing in it is published."""
    return _NAME.fullmatch(name) is not None


class Attempt:
    """A folder beside the one that it is to become; it goes with its object or the process.

    Attributes:
        out: the place that it is to take.
        folder: where it is made; ``out`` once it is published.
    """

    def __init__(self, out: Path) -> None:
        self.out = Path(os.path.realpath(out))
        if os.path.ismount(self.out):
            raise InputError(f"{out} is a mount point", hint="give a folder below it")
        if Path.cwd().is_relative_to(self.out):
            raise InputError(f"{out} is the working folder", hint="give a folder below it")
        self.out.parent.mkdir(parents=True, exist_ok=True)
        sweep(self.out)
        self.folder = _named(self.out)
        self.folder.mkdir()
        handle = os.open(self.folder, os.O_RDONLY)
        with suppress(OSError):  # a file system without locks: then others may sweep it
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._places = [self.folder]
        self._end = weakref.finalize(self, _ended, handle, self._places, os.getpid())

    def seal(self) -> None:
        """Move to a name that nobody was told: who still writes under the other finds no folder."""
        sealed = _named(self.out)
        os.rename(self.folder, sealed)
        self.folder = self._places[0] = sealed

    def publish(self) -> None:
        """Take the place of ``out``, in one step where the file system can exchange two folders.

        Files of git's that lie there (``.gitignore``) come along.
        """
        if self.out.is_dir():
            for path in self.out.glob(".git*"):
                shutil.copy2(path, self.folder / path.name)
        if not _exchanged(self.folder, self.out):
            _replaced(self.folder, self.out)
        self.folder = self.out
        self._end()

    def remove(self) -> None:
        """Give the attempt up; nothing happens to one that is published."""
        self._end()


@contextmanager
def attempt(out: Path) -> Iterator[Path]:
    """A new folder that takes the place of ``out`` when the block ends, or goes with its error."""
    made = Attempt(out)
    try:
        yield made.folder
        made.publish()
    finally:
        made.remove()


def sweep(out: Path) -> None:
    """Remove what attempts at ``out`` have left that no process works at any more."""
    found = [p for p in out.parent.glob(f".{out.name}.attempt-*") if is_attempt(p.name)]
    for path in sorted(found):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        except OSError:
            pass
        finally:
            os.close(handle)
        if path.name.endswith(_BEFORE) and (not out.exists() or not any(out.iterdir())):
            os.replace(path, out)  # the process ended between two renames
        else:
            _removed(path)


def _named(out: Path) -> Path:
    return out.with_name(f".{out.name}.attempt-{secrets.token_hex(4)}")


def _ended(handle: int, places: list[Path], owner: int) -> None:
    """Remove what lies in the attempt's place: an unfinished one, or what it has replaced."""
    if os.getpid() == owner:  # a copy of the process ends without its parent's work
        _removed(places[0])
        os.close(handle)


def _removed(folder: Path) -> None:
    """Remove a folder that somebody may be writing into: first its name, then its files."""
    doomed = folder.with_name(f"{folder.name[:-8]}{secrets.token_hex(4)}")
    if folder.name.endswith(_BEFORE):
        doomed = folder
    with suppress(FileNotFoundError):
        if doomed != folder:
            os.rename(folder, doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def _exchanged(one: Path, two: Path) -> bool:
    """Exchange two folders in one step; false where that cannot be done here."""
    if not two.exists():
        return False
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    if call(_HERE, os.fsencode(one), _HERE, os.fsencode(two), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EXDEV):
        return False
    raise OSError(number, os.strerror(number), str(two))


def _replaced(folder: Path, out: Path) -> None:
    """The same in two steps; :func:`sweep` puts back what a kill between them leaves."""
    before = folder.with_name(folder.name + _BEFORE)
    with suppress(FileNotFoundError):
        os.rename(out, before)
    os.replace(folder, out)
    shutil.rmtree(before, ignore_errors=True)
