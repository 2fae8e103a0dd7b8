"""Several servers as one connection: each request at one of them, passed on where it fails.

While others are there, a server is tried once; nobody is waited for before all were tried. One
that fails several times in a row where others then answer is left out. The last one is treated as a
server that is alone: a request is lost when no server has answered it, with all patience.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measurand.errors import InfraError
from measurand.models.openai_attempts import Attempts
from measurand.models.openai_choosing import Chooser
from measurand.models.openai_http import Http, Refused
from measurand.models.openai_names import Answering
from measurand.models.openai_prefixes import Beginning, alone

LOST = 3
"""Failures in a row, each begun after the one before was known, after which a server is left out:
requests that fail together fail for one reason, which may have passed."""
# A key or a model that a server does not know (any more): another one may.
_ITS_OWN = (401, 404)
_log = logging.getLogger(__name__)


@dataclass
class _Member:
    http: Http
    lost: int = 0
    lost_at: float = 0.0
    left_out: str | None = None


class Fleet:
    """Connections to several servers of one model, safe to use from several threads.

    Args:
        servers: one connection each, with different names and one count of attempts.
        answering: which model the answers name.
        spec: model string, for messages.
        lost: why some of them are left out from the start, by name.
    """

    def __init__(
        self,
        servers: Sequence[Http],
        answering: Answering,
        spec: str = "",
        lost: Mapping[str, str] | None = None,
    ) -> None:
        self._members = {http.name: _Member(http) for http in servers}
        self._answering, self._spec = answering, spec
        self._chooser = Chooser(self._members)
        self._lock = threading.Lock()
        self.attempts: Attempts = servers[0].attempts
        for name, why in (lost or {}).items():
            self.leave_out(name, why)

    @property
    def connections(self) -> int:
        """How many requests are made at a time, at all servers together."""
        return sum(member.http.connections for member in self._members.values())

    @property
    def left_out(self) -> dict[str, str]:
        """Why servers are asked no more, by name."""
        with self._lock:
            found = {name: member.left_out for name, member in self._members.items()}
        return {name: why for name, why in found.items() if why is not None}

    @property
    def there(self) -> list[Http]:
        """The servers that are asked."""
        with self._lock:
            return [m.http for m in self._members.values() if m.left_out is None]

    def leave_out(self, name: str, why: str) -> None:
        """Ask a server no more; the last one stays."""
        with self._lock:
            others = [m for n, m in self._members.items() if n != name and m.left_out is None]
            member = self._members[name]
            if not others or member.left_out is not None:
                return
            member.left_out = why
        _log.warning("%s: server %s is left out: %s", self._spec, name, why)

    def post(
        self, path: str, body: Mapping[str, Any], *, retries: int | None = None
    ) -> dict[str, Any]:
        """See :meth:`measurand.models.openai_http.Http.post`.

        Raises:
            Refused: the server does not serve the request, or none knows the key or the model.
            CapabilityError: code ``unknown_model``.
            InfraError: every server failed; the message says how.
        """
        call = self.attempts.call
        beginning = None if call is None else call.beginning
        lost: dict[str, InfraError] = {}
        begun: dict[str, float] = {}
        last: tuple[str, str] | None = None
        for http, patience in self._tries(beginning or alone(str(body)), retries):
            if last is not None:
                self.attempts.add(*last)
            begun[http.name] = time.monotonic()
            try:
                answer = http.post(path, body, retries=patience)
                self._answering.check(answer)
            except InfraError as error:
                if isinstance(error, Refused) and error.status not in _ITS_OWN:
                    raise
                lost[http.name] = error
                last = (f"{http.name}: {error}", http.name)
            else:
                self._answered(http.name, lost, begun)
                if call is not None:
                    call.server = http.name
                return answer
            finally:
                self._chooser.done(http.name)
        refusals = [error for error in lost.values() if isinstance(error, Refused)]
        if len(refusals) == len(lost):
            raise refusals[0]
        raise InfraError("; ".join(f"{name}: {error}" for name, error in lost.items()))

    def close(self) -> None:
        """Close all connections."""
        for member in self._members.values():
            member.http.close()

    def _tries(
        self, beginning: Beginning, retries: int | None
    ) -> Iterator[tuple[Http, int | None]]:
        """Servers and how often to ask them again: all of them once, then with patience."""
        for patience in (0, retries) if len(self.there) > 1 else (retries,):
            left = {http.name: http for http in self.there}
            while left:
                yield left.pop(self._chooser.choose(beginning, [*left])), patience

    def _answered(
        self, name: str, lost: Mapping[str, InfraError], begun: Mapping[str, float]
    ) -> None:
        """One server answered what others had lost, in attempts begun at these times."""
        gone = []
        with self._lock:
            self._members[name].lost = 0
            for other in lost.keys() - {name}:
                member = self._members[other]
                if begun[other] > member.lost_at:
                    member.lost, member.lost_at = member.lost + 1, time.monotonic()
                if member.lost >= LOST:
                    gone.append(other)
        for other in gone:
            self.leave_out(other, str(lost[other]))
