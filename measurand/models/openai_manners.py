"""What a server does not take, learnt from its refusals: fields renamed or left out."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from typing import Any

from measurand.models.openai_http import Refused

# Without these a request still asks the same question.
_OPTIONAL = ("temperature", "top_p", "seed", "stop", "top_k", "min_p", "repetition_penalty")
_NOT_TAKEN = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|unexpected|extra (input|field)|not permitted|"
    r"not allowed|only the default|deprecated|no longer|(strictly )?positive|greater than 0"
)
_LEAST = re.compile(r"(?:>=|at least|minimum(?: value)?(?: is| of)?)[^0-9]{0,12}([0-9]+)")
_MOST_LEAST = 64
_TOO_LONG = re.compile(
    r"context[ _](length|window|size)|maximum context|(prompt|input|request) is too (long|large)|"
    r"too many (input )?tokens|longer than the maximum|(input|prompt)[^.]{0,60}exceeds the maximum|"
    r"reduce the length|"
    r"must have less than \d+ tokens|max_new_tokens`? must be <="
)
_WITHHELD = re.compile(r"content[ _](filter|management|policy)|responsible ?ai|safety system")
_log = logging.getLogger(__name__)


class Manners:
    """How requests are put to one server; safe to use from several threads.

    Args:
        spec: model string, for messages.
        extra: fields of every request, over ours; null leaves one out.
    """

    def __init__(self, spec: str = "", extra: Mapping[str, Any] | None = None) -> None:
        self._spec, self._extra = spec, dict(extra or {})
        self._limit, self._least, self._dropped = "max_tokens", 0, set[str]()
        self._lock = threading.Lock()

    @property
    def left_out(self) -> frozenset[str]:
        """Fields that the server refused and no request holds any more."""
        with self._lock:
            return frozenset(self._dropped)

    def fit(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The request as the server takes it."""
        limit = "max_completion_tokens"
        named = self._limit if limit not in self._extra else limit
        fitted = {
            name: value
            for name, value in body.items()
            if name not in self._dropped and name != "max_tokens"
        }
        if "max_tokens" in body:
            # Where one token is asked for, the first of several is read.
            fitted[named] = max(body["max_tokens"], self._least)
        whole = {**fitted, **self._extra}
        return {name: value for name, value in whole.items() if value is not None}

    def learn(self, sent: Mapping[str, Any], refusal: Refused) -> bool:
        """Whether the request can be put in another way, which is kept for all that follow.

        Args:
            sent: what :meth:`fit` gave.
            refusal: what the server said.
        """
        if refusal.status not in (400, 422):
            return False
        if self._raise_limit(refusal):
            return True
        if not _NOT_TAKEN.search(refusal.words):
            return False
        with self._lock:
            # One that the model string gives is not ours to rename.
            ours = "max_tokens" in sent and "max_tokens" not in self._extra
            if ours and "max_completion_tokens" in refusal.words:
                self._limit = "max_completion_tokens"
                return True
            named = [name for name in refusal.fields if name in _OPTIONAL] or [
                name
                for name in _OPTIONAL
                if not refusal.fields and re.search(rf"\b{name}\b", refusal.words)
            ]
            wrong = [name for name in named if name in sent and name not in self._extra]
            if not wrong:
                return False
            new = set(wrong) - self._dropped
            self._dropped |= new
        for name in sorted(new):
            _log.warning("%s takes no %s: left to the server", self._spec, name)
        return True

    def _raise_limit(self, refusal: Refused) -> bool:
        """Whether a server wants more tokens to be allowed than were, and now gets them."""
        wanted = _LEAST.search(refusal.words)
        limits = ("max_tokens", "max_completion_tokens", "max_output_tokens")
        if wanted is None or not any(name in refusal.words for name in limits):
            return False
        least = int(wanted[1])
        with self._lock:
            if not self._least < least <= _MOST_LEAST:
                return False
            self._least = least
        return True


def too_long(refusal: Refused) -> bool:
    """Whether a prompt was refused for its length."""
    return refusal.status in (400, 413, 422) and bool(_TOO_LONG.search(refusal.words))


def withheld(refusal: Refused) -> bool:
    """Whether a prompt was refused for what it says."""
    return refusal.status in (400, 403, 422) and bool(_WITHHELD.search(refusal.words))
