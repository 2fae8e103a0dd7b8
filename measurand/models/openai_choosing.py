"""Which of several servers a prompt goes to.

Rendezvous hashing (Thaler and Ravishankar, IEEE/ACM Transactions on Networking 6(1), 1998): each
server has a hash with the prompt's key, the highest is its home. All processes agree on it without
a word, and when a server is lost only its own prompts move. Loads are bounded as in consistent
hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, SODA 2018): a server that has far
more requests than the others passes on to the next in the order of the hashes.

Either way leads to a server that has to compute a beginning which another one has computed
already. How much of that is allowed is bounded: with one server the blocks to compute are those
that nobody was sent, so what is computed for a second time is known, and a server that would take
the sum above ``AGAIN`` of all is passed over for the one that was sent the most of the prompt.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Sequence

from measurand.models.openai_prefixes import Beginning

AGAIN = 0.03
"""Largest share of the blocks that are computed which another server has computed before."""
UNEVEN = 1.25
"""Requests at a server, over their mean, above which it passes on."""
_KEPT = 2**17
"""Blocks that a server is taken to keep: some two million tokens."""


class Chooser:
    """Chooses servers; safe to use from several threads.

    Args:
        servers: their names; the order does not matter.
        kept: blocks that each is taken to keep, those used last.
    """

    def __init__(self, servers: Collection[str], kept: int = _KEPT) -> None:
        self._sent: dict[str, OrderedDict[bytes, None]] = {s: OrderedDict() for s in servers}
        self._kept = kept
        self._busy: Counter[str] = Counter()
        self._computed = self._again = 0.0
        self._lock = threading.Lock()

    @property
    def again(self) -> float:
        """Share of the computed blocks that another server had computed before."""
        with self._lock:
            return self._again / self._computed if self._computed else 0.0

    def choose(self, beginning: Beginning, servers: Sequence[str]) -> str:
        """One of ``servers``, which counts as busy with the prompt until :meth:`done`."""
        with self._lock:
            held = {server: self._held(server, beginning.chain) for server in servers}
            most = max(held.values())
            may = [
                server
                for server in sorted(servers, key=lambda s: _weight(s, beginning.key), reverse=True)
                if held[server] == most
                or self._again + most - held[server] <= AGAIN * self._computed
            ]
            bound = math.ceil(UNEVEN * (sum(self._busy[s] for s in servers) + 1) / len(servers))
            free = [server for server in may if self._busy[server] < bound]
            chosen = free[0] if free else max(may, key=held.__getitem__)
            self._again += most - held[chosen]
            self._computed += beginning.size - held[chosen]
            self._busy[chosen] += 1
            self._send(chosen, beginning.chain)
            return chosen

    def done(self, server: str) -> None:
        """The server is not busy with a prompt any more."""
        with self._lock:
            self._busy[server] -= 1

    def _held(self, server: str, chain: Sequence[bytes]) -> int:
        sent = self._sent[server]
        return next((n for n, link in enumerate(chain) if link not in sent), len(chain))

    def _send(self, server: str, chain: Sequence[bytes]) -> None:
        sent = self._sent[server]
        # From the end: a beginning outlives what comes after it, as in the engine.
        for link in reversed(chain):
            sent[link] = None
            sent.move_to_end(link)
        while len(sent) > self._kept:
            sent.popitem(last=False)


def _weight(server: str, key: bytes) -> bytes:
    return hashlib.blake2b(key + server.encode(), digest_size=8).digest()
