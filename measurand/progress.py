"""Progress on standard error: done, rate, time left; a line on a terminal, sparse lines in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO


class Progress:
    """Counts work done and says how fast it goes.

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
        self._stream = stream or sys.stderr
        self._tty = self._stream.isatty()
        self._every = 0.5 if self._tty else 15.0
        self._start = self._last = time.monotonic()
        self._write()

    def advance(self, n: int = 1) -> None:
        """Count ``n`` more units; writes at most twice a second (every 15 s in a log)."""
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
            parts.append(f"{rate:.1f} {self.unit}/s")
            if self.total is not None:
                parts.append(f"{_clock((self.total - self.done) / rate)} left")
        parts.append(f"{_clock(elapsed)} elapsed")
        return ", ".join(parts)

    def _write(self) -> None:
        self._last = time.monotonic()
        end = "" if self._tty else "\n"
        self._stream.write(("\r\x1b[K" if self._tty else "") + self.line() + end)
        self._stream.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._write()
        if self._tty:
            self._stream.write("\n")


def _clock(seconds: float) -> str:
    minutes, secs = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{secs:02d}s"
