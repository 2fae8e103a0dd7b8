"""Which model a server says that it answered as: the one that was asked, and the same all along."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Collection, Mapping
from typing import Any

from measurand.errors import CapabilityError
from measurand.models.openai_answers import NotGiven

_VERSION = re.compile(r"[-@:](latest|v?\d[\d.-]*)", re.I)
_LONGEST = 100
_log = logging.getLogger(__name__)


class Answering:
    """Compares the ``model`` of every answer; safe to use from several threads.

    Args:
        spec: model string, for messages.
        asked: the model that is asked.
        served: the models that the server lists; empty where it lists none, or where its names are
            those of deployments.
        root: what the server says that the model is made of.
    """

    def __init__(
        self,
        spec: str = "",
        asked: str = "",
        served: Collection[str] = (),
        root: Any = None,
    ) -> None:
        self._spec, self._asked, self._served = spec, asked, frozenset(served)
        self._root = root if isinstance(root, str) else asked
        self._first: str | None = None
        self._lock = threading.Lock()

    @property
    def other(self) -> str | None:
        """Name of the first answer where it is not a spelling of the one that was asked."""
        with self._lock:
            first = self._first
        return None if first is None or self._fits(first) else first

    def check(self, answer: Mapping[str, Any]) -> None:
        """Refuse an answer of another model.

        Raises:
            CapabilityError: code ``unknown_model``: the first answer comes from another model that
                the server lists.
            NotGiven: the answer comes from another model than the first one did.
        """
        name = answer.get("model")
        if not isinstance(name, str) or not name:
            return
        with self._lock:
            new = self._first is None
            if new and not (name in self._served and not self._fits(name)):
                self._first = name
            first = self._first
        if first is None:
            raise CapabilityError(
                f"{self._spec}: the server answers as {name[:_LONGEST]!r}, not as {self._asked!r}",
                hint=f"it does not serve that name; if its answer is wanted, write #{name}",
                code="unknown_model",
            )
        if new and not self._fits(name):
            _log.warning(
                "%s: the server answers as %r; whether that is the model asked for is unknown",
                *(self._spec, name[:_LONGEST]),
            )
        if name != first and not (self._fits(name) and self._fits(first)):
            raise NotGiven(
                f"answered by {name[:_LONGEST]!r}, where {first[:_LONGEST]!r} answered before"
            )

    def _fits(self, name: str) -> bool:
        return any(_same(asked, name) for asked in (self._asked, self._root))


def _same(asked: str, name: str) -> bool:
    """Whether two names are spellings of one: a version at the end, a folder before it."""
    one, other = _bare(asked), _bare(name)
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and (
        long == short or _VERSION.fullmatch(long[len(short) :]) is not None
    )


def _bare(name: str) -> str:
    return re.split(r"[/\\]", name.casefold())[-1].removesuffix(".gguf")
