"""What systems print while they work, kept from the caller's screen."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from measurand.progress import Where

_LINES: ContextVar[list[str] | None] = ContextVar("lines", default=None)
_LOCK = threading.Lock()
_USERS = 0


class _Divided:
    """Standard output for everybody but whoever collects, thread by thread."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        kept = _LINES.get()
        if kept is None:
            return self.stream.write(text)
        kept.append(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def collected(where: Where) -> Iterator[list[str]]:
    """Collect what this thread prints within the block, unless progress goes to the screen too.

    Args:
        where: where progress goes; with ``"stderr"`` everything is printed as it comes.

    Yields:
        Pieces of text in the order in which they were printed, filled within the block.
    """
    global _USERS
    kept: list[str] = []
    if where == "stderr":
        yield kept
        return
    with _LOCK:
        _USERS += 1
        if not isinstance(sys.stdout, _Divided):
            sys.stdout = _Divided(sys.stdout)
    token = _LINES.set(kept)
    try:
        yield kept
    finally:
        _LINES.reset(token)
        with _LOCK:
            _USERS -= 1
            if not _USERS and isinstance(sys.stdout, _Divided):
                sys.stdout = sys.stdout.stream
