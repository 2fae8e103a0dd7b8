"""What it took to get a call answered: attempts that failed, and who answered at last."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from measurand.models.openai_prefixes import Beginning


@dataclass
class Call:
    """A call as one thread makes it.

    Attributes:
        beginning: how its prompt begins; None where it does not matter.
        failed: servers at which an attempt failed after which another was made.
        server: who answered; empty where there is one server only.
    """

    beginning: Beginning | None = None
    failed: list[str] = field(default_factory=list)
    server: str = ""


class Attempts:
    """Counts attempts; safe to use from several threads.

    Attributes:
        reasons: why attempts failed after which another one was made, with their number.
    """

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._here = threading.local()

    @contextmanager
    def of_call(self, beginning: Beginning | None = None) -> Iterator[Call]:
        """The attempts that this thread makes inside are those of one call."""
        self._here.call = call = Call(beginning)
        try:
            yield call
        finally:
            self._here.call = None

    @property
    def call(self) -> Call | None:
        """The call that this thread makes."""
        found: Call | None = getattr(self._here, "call", None)
        return found

    def add(self, reason: str, server: str = "") -> None:
        """Count an attempt that failed and is made again, at this server or another."""
        with self._lock:
            self.reasons[reason] += 1
        if (call := self.call) is not None:
            call.failed.append(server)
