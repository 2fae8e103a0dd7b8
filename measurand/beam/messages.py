"""What Beam, gRPC and job services say of themselves while a job runs: in a file, not in between.

gRPC's core and started services write to the second file descriptor, so that is what is moved;
progress and this engine's own messages keep their way to the terminal.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STDERR = 2


class _Elsewhere(logging.Handler):
    """Messages of others go to a file, ours to where they would have gone without this handler."""

    def __init__(self, file: io.TextIOBase, *, alone: bool) -> None:
        super().__init__(logging.INFO)
        self._alone = alone
        self._file = logging.StreamHandler(file)
        self._file.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
        )

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("measurand"):
            self._file.handle(record)
        elif self._alone and logging.lastResort and record.levelno >= logging.lastResort.level:
            logging.lastResort.handle(record)


@contextmanager
def kept() -> Iterator[Path]:
    """A new file that takes, within this block, what others write to standard error or log.

    It lies in the folder of temporary files, readable by its owner alone, and goes again where
    nothing was written into it.
    """
    handle, name = tempfile.mkstemp(prefix="measurand-beam-", suffix=".log")
    path = Path(name)
    root = logging.getLogger()
    before, handlers = sys.stderr, list(root.handlers)
    saved = os.dup(STDERR)
    try:
        if _is_plain(before):
            sys.stderr = io.TextIOWrapper(
                io.FileIO(saved, "w", closefd=False), before.encoding, "replace",
                line_buffering=True,
            )  # fmt: skip
        os.dup2(handle, STDERR)
        with open(handle, "a", encoding="utf-8", errors="replace", buffering=1) as file:
            # Beam's first warning gives the root a handler to standard error.
            ours = [h for h in handlers if type(h) is logging.StreamHandler and h.stream is before]
            taken = _Elsewhere(file, alone=len(ours) == len(handlers))
            root.handlers = [h for h in handlers if h not in ours] + [taken]
            hook = threading.excepthook
            # Beam's threads die where a service is lost; the error of the run says so.
            threading.excepthook = lambda died: traceback.print_exception(
                died.exc_type, died.exc_value, died.exc_traceback, file=file
            )
            try:
                yield path
            finally:
                threading.excepthook = hook
                root.handlers = handlers
    finally:
        if sys.stderr is not before:
            sys.stderr.flush()
            sys.stderr = before
        os.dup2(saved, STDERR)
        os.close(saved)
        if path.stat().st_size == 0:
            path.unlink()


def _is_plain(stream: object) -> bool:
    """Whether a stream is the process's own standard error, and not somebody's replacement."""
    try:
        return isinstance(stream, io.TextIOWrapper) and stream.fileno() == STDERR
    except (OSError, ValueError):
        return False
