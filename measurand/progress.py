"""Progress on standard error: done, rate, time left; one line on a terminal, few in a log.

Whoever calls the verbs from Python chooses where it goes: :func:`reporting`.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Literal, TextIO

LOG_SECONDS = 15.0  # longest silence in a log
TERMINAL_SECONDS = 0.5


Told = Callable[[str, int, int | None, str], None]
"""Called with what is being done, units done, units in all (None where unknown), their name."""
Where = Told | Literal["stderr"] | None
_WHERE: ContextVar[Where] = ContextVar("progress", default="stderr")


@contextmanager
def reporting(where: Where) -> Iterator[None]:
    """Within this block progress goes to a callback, to standard error, or nowhere.

    Args:
        where: a callback, ``"stderr"``, or None for silence.
    """
    before = _WHERE.set(where)
    try:
        yield
    finally:
        _WHERE.reset(before)


class Progress:
    """Counts work done and says how fast it goes; may be advanced from several threads.

    Args:
        label: what is being done.
        total: number of units, or None where unknown.
        unit: name of a unit, plural.
        done: units already done before this run (they do not count towards the rate).
        stream: where to write, standard error by default.
    """

    def __init__(
        self,
        label: str,
        total: int | None,
        unit: str = "items",
        *,
        done: int = 0,
        stream: TextIO | None = None,
    ) -> None:
        self.label, self.total, self.unit = label, total, unit
        self.done = self.resumed = done
        self.note = ""
        """What to say beside the numbers."""
        self._stream = stream or sys.stderr
        self._tty = self._stream.isatty()
        self._every = TERMINAL_SECONDS if self._tty else LOG_SECONDS
        self._start = self._last = time.monotonic()
        self._lock = threading.Lock()
        self._where = _WHERE.get() if stream is None else "stderr"
        self._write()

    def advance(self, n: int = 1) -> None:
        """Count ``n`` more units; writes at most twice a second (every 15 s in a log)."""
        with self._lock:
            self.done += n
            if time.monotonic() - self._last >= self._every:
                self._write()

    def line(self) -> str:
        """The current line of text."""
        elapsed = time.monotonic() - self._start
        rate = (self.done - self.resumed) / elapsed if elapsed > 0 else 0.0
        of = f"/{self.total}" if self.total is not None else ""
        parts = [f"{self.label}: {self.done}{of} {self.unit}"]
        if self.resumed:
            parts.append(f"{self.resumed} resumed")
        if rate > 0:
            parts.append(f"{_rate(rate)} {self.unit}/s")
            if self.total is not None and self.done < self.total:
                parts.append(f"{_clock((self.total - self.done) / rate)} left")
        parts.append(f"{_clock(elapsed)} elapsed")
        if self.note:
            parts.append(self.note)
        return ", ".join(parts)

    def _write(self) -> None:
        self._last = time.monotonic()
        if self._where is None:
            return
        if callable(self._where):
            self._where(self.label, self.done, self.total, self.unit)
            return
        if self._tty:
            # A line that wraps could not be overwritten.
            width = shutil.get_terminal_size().columns - 1
            self._stream.write("\r\x1b[K" + self.line()[:width])
        else:
            self._stream.write(self.line() + "\n")
        self._stream.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._write()
            if self._tty and self._where == "stderr":
                self._stream.write("\n")


def _rate(per_second: float) -> str:
    return f"{per_second:.0f}" if per_second >= 100 else f"{per_second:.2g}"


def _clock(seconds: float) -> str:
    minutes, secs = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{secs:02d}s"
