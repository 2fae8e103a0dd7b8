"""What a command makes: a record in four forms; new files and folders, all of them whole or none.

They are made in hidden folders beside their places and moved there at the end. An interrupt or a
full disk therefore leaves nothing that the next run would find in its way.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from measurand.errors import InputError

if TYPE_CHECKING:
    from measurand.reporting.document import Document

FORMATS = ("text", "json", "md", "html")
_PLACE = (FileNotFoundError, NotADirectoryError, PermissionError, IsADirectoryError)


def as_json(record: Mapping[str, Any]) -> str:
    """The record as it is; infinity and NaN are refused, since they are no JSON."""
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def drawn(document: Document, form: str) -> str:
    """The document as ``text``, ``md`` or ``html``."""
    from measurand.reporting.render import to_html, to_markdown
    from measurand.reporting.terminal import to_text

    return {"text": to_text, "md": to_markdown, "html": to_html}[form](document)


class Outputs:
    """Places for what is being made, see :func:`new`."""

    def __init__(self) -> None:
        self._made: list[tuple[Path, Path]] = []

    def at(self, path: Path) -> Path:
        """Where to make what shall lie at ``path``: a path of the same last name.

        Raises:
            InputError: code ``no_file``: nothing can be made there.
        """
        try:
            folder = Path(tempfile.mkdtemp(".tmp", ".", path.parent))
        except _PLACE as error:
            hint = "name a file in a folder that exists"
            raise InputError(f"{path}: {error.strerror}", hint=hint, code="no_file") from error
        self._made.append((folder / path.name, path))
        return folder / path.name

    def text(self, text: str, path: Path) -> None:
        """Make a file of text."""
        from measurand.manifest import write_text

        write_text(self.at(path), text)

    def _appear(self) -> None:
        with _held_off():
            for made, path in self._made:
                if not (made.is_dir() and path.is_dir() and not any(path.iterdir())):
                    refuse_existing(path)
            for made, path in self._made:
                os.rename(made, path)

    def _leave(self) -> None:
        for made, _ in self._made:
            shutil.rmtree(made.parent, ignore_errors=True)


_OPEN: ContextVar[Outputs | None] = ContextVar("outputs", default=None)


@contextmanager
def new() -> Iterator[Outputs]:
    """What is made inside appears at the end of the block, and only if it ends well.

    A block inside another is part of it.

    Raises:
        InputError: code ``file_exists``: one of the places was taken meanwhile.
    """
    outer = _OPEN.get()
    if outer is not None:
        yield outer
        return
    made = Outputs()
    token = _OPEN.set(made)
    try:
        yield made
        made._appear()
    finally:
        _OPEN.reset(token)
        made._leave()


def refuse_existing(path: Path | None, *, folder_too: bool = True) -> None:
    """Before any work: can a new file be made there? None is standard output.

    Args:
        path: where it is to be.
        folder_too: whether its folder has to exist.

    Raises:
        InputError: code ``file_exists``, or ``no_file`` where there is no such folder.
    """
    if path is None:
        return
    if path.exists():
        hint = "remove it or name another file"
        raise InputError(f"{path} exists", hint=hint, code="file_exists")
    if folder_too and not path.parent.is_dir():
        hint = "name a file in a folder that exists"
        raise InputError(f"{path}: no folder {path.parent}", hint=hint, code="no_file")


def write(text: str, out: Path | None) -> None:
    """Print a text, or write it into a new file.

    Raises:
        InputError: code ``file_exists`` or ``no_file``.
    """
    if out is None:
        sys.stdout.write(text)
        return
    with new() as made:
        made.text(text, out)
    print(f"written: {out}", file=sys.stderr)


@runtime_checkable
class Ending(Protocol):
    """Who takes the interrupts of a process that is there for one command."""

    def too_late(self) -> None:
        """Take no more of them: what the command makes is whole, and about to be shown.

        Raises:
            KeyboardInterrupt: one came before, and was lost on its way.
        """


@contextmanager
def _held_off() -> Iterator[None]:
    """An interrupt that comes inside comes too late: everything was made, and is being shown.

    On the command line it comes too late until the end: "interrupted" would be wrong by then, and
    the same command would find its own output in its way.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        owner = getattr(before, "__self__", None)
        if isinstance(owner, Ending):
            owner.too_late()
        yield
    finally:
        signal.signal(signal.SIGINT, before)
