"""JSON over HTTP with patience: time limits, retries, back-off; failures are named errors."""

from __future__ import annotations

import email.utils
import json
import math
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import httpx

from measurand.errors import InfraError
from measurand.models import openai_events, openai_keys
from measurand.models.openai_attempts import Attempts

MAX_BODY_BYTES = 64 * 2**20
LONGEST_WAIT_S = 300.0


class Refused(InfraError):
    """The server understood the request and will not serve it (4xx); asking again is no use.

    Attributes:
        status: the HTTP status.
        words: what the server said, in lower case and at length.
        fields: fields of the request that it names as the reason.
    """

    code = "request_refused"

    def __init__(
        self, status: int, message: str, *, words: str = "", fields: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.words, self.fields = status, words.lower(), fields


@dataclass(frozen=True)
class Patience:
    """How long to try.

    Attributes:
        timeout_s: limit for one attempt as a whole, headers and body.
        retries: attempts after the first.
        backoff_s: wait before the first retry; doubles up to ``backoff_max_s``, with jitter.
        backoff_max_s: longest wait that is not the server's own wish.
        give_up_after: requests lost in a row after which the server counts as down: later requests
            are tried once, until one succeeds, so that a dead server does not cost days.
    """

    timeout_s: float = 60.0
    retries: int = 6
    backoff_s: float = 0.5
    backoff_max_s: float = 30.0
    give_up_after: int = 32


@dataclass
class _Attempt(Exception):
    """One attempt failed in a way that may heal."""

    reason: str
    retry_after_s: float | None = None


@dataclass
class Http:
    """A connection pool to one server, safe to use from several threads.

    Args:
        base_url: where the API lies, e.g. ``http://localhost:8000/v1``.
        key: sent in a header and kept out of every message; empty for none.
        connections: size of the pool.
        patience: time limits and retries.
        query: sent with every request.
        header: ``Authorization`` (a bearer token), or the header that takes the bare key.
        name: of the server among several; empty where there is one.
        attempts: where failed attempts are counted.
    """

    base_url: str
    key: str = field(default="", repr=False)
    connections: int = 8
    patience: Patience = field(default_factory=Patience)
    query: str = ""
    header: str = "Authorization"
    name: str = ""
    attempts: Attempts = field(default_factory=Attempts)

    def __post_init__(self) -> None:
        bare = self.header != "Authorization"
        self._client = httpx.Client(
            headers={self.header: self.key if bare else f"Bearer {self.key}"} if self.key else {},
            timeout=httpx.Timeout(self.patience.timeout_s, pool=None),
            limits=httpx.Limits(
                max_connections=self.connections, max_keepalive_connections=self.connections
            ),
        )
        self._jitter = random.Random()
        self._lock = threading.Lock()
        self._lost_in_a_row = 0
        # Threads may outnumber connections; waiting for one is no failure of the server.
        self._free = threading.Semaphore(self.connections)

    def post(
        self, path: str, body: Mapping[str, Any], *, retries: int | None = None
    ) -> dict[str, Any]:
        """Send ``body`` and return the JSON object of the answer.

        Retried are 408, 429 and 5xx (``Retry-After`` is honoured), time-outs, broken connections
        and bodies that are no JSON object; as often as ``patience`` says unless ``retries`` does.

        Raises:
            Refused: another 4xx.
            InfraError: every attempt failed; the message says how the last one did.
        """
        return self._send("POST", path, body, self.patience.retries if retries is None else retries)

    def get(self, path: str, *, retries: int) -> dict[str, Any]:
        """Fetch a JSON object; like :meth:`post`."""
        return self._send("GET", path, None, retries)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, retries: int
    ) -> dict[str, Any]:
        url = path if "://" in path else f"{self.base_url}{path}"
        url = f"{url}?{self.query}" if self.query else url
        if self._lost_in_a_row >= self.patience.give_up_after:
            retries = 0
        for attempt in range(retries + 1):
            try:
                with self._free:
                    answer = self._once(method, url, body)
            except _Attempt as failure:
                wait = self._wait(attempt, failure)
                if attempt == retries or wait > LONGEST_WAIT_S:
                    self._count(lost=True)
                    asked = failure.retry_after_s or 0.0
                    long = f"; the server asks to wait {asked:.0f} s" if asked >= 1 else ""
                    message = f"{failure.reason}; gave up after {_times(attempt + 1)}{long}"
                    raise InfraError(message) from None
                self.attempts.add(failure.reason, self.name)
                time.sleep(wait)
            else:
                self._count(lost=False)
                return answer
        raise AssertionError("unreachable")

    def _once(self, method: str, url: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        limit = self.patience.timeout_s
        deadline = time.monotonic() + limit
        content = bytearray()
        try:
            with self._client.stream(method, url, json=body) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    # httpx limits the silence between two chunks; a dripping server has none.
                    if time.monotonic() > deadline:
                        raise _Attempt(f"no complete answer within {limit:g} s")
                    if len(content) > MAX_BODY_BYTES:
                        raise _Attempt(f"answer longer than {MAX_BODY_BYTES} bytes")
        except httpx.TimeoutException:
            raise _Attempt(f"no answer within {limit:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Attempt(self._clean(f"{type(error).__name__}: {error}")) from None
        return self._read(response, bytes(content))

    def _read(self, response: httpx.Response, content: bytes) -> dict[str, Any]:
        status = response.status_code
        if status != 200:
            self._fail(status, f"HTTP {status}: {_moved(response)}", content, response)
        answer: Any
        if openai_events.is_stream(content):
            answer = openai_events.joined(content)
            if answer is None:
                raise _Attempt(f"stream of {len(content)} bytes is cut or holds no answer")
        else:
            try:
                answer = json.loads(content)
            except (ValueError, RecursionError):
                raise _Attempt(f"answer of {len(content)} bytes is cut or no JSON") from None
        if isinstance(answer, list) and response.request.method == "GET":
            answer = {"data": answer}  # Together lists models so.
        if not isinstance(answer, dict):
            raise _Attempt("answer is no JSON object")
        if answer.get("error"):
            error = answer["error"]
            code = error.get("code") if isinstance(error, dict) else None
            status = code if isinstance(code, int) and 400 <= code < 600 else 500
            self._fail(status, "error in the answer: ", content, response)
        try:
            masked: dict[str, Any] = openai_keys.masked_answer(answer, self.key)
        except RecursionError:
            raise _Attempt(f"answer of {len(content)} bytes is nested too deeply") from None
        return masked

    def _fail(self, status: int, start: str, content: bytes, response: httpx.Response) -> NoReturn:
        """Raise what a failure is: one that may heal, or a refusal."""
        reason = self._clean(f"{start}{_message(content)}")
        if status in (408, 425, 429) or status >= 500:
            raise _Attempt(reason, _asked_wait(response.headers))
        words = content[:20_000].decode(errors="replace")
        raise Refused(status, reason, words=self._clean(words), fields=_fields(content))

    def _wait(self, attempt: int, failure: _Attempt) -> float:
        # A server that asks to wait 0 s names no time: without one of ours it would be hammered.
        if failure.retry_after_s:
            return failure.retry_after_s
        longest: float = min(self.patience.backoff_s * 2**attempt, self.patience.backoff_max_s)
        return longest * self._jitter.uniform(0.5, 1.0)

    def _count(self, *, lost: bool) -> None:
        with self._lock:
            self._lost_in_a_row = self._lost_in_a_row + 1 if lost else 0

    def _clean(self, text: str) -> str:
        return openai_keys.masked(text, self.key)


def _message(content: bytes) -> str:
    """The server's own words: ``error.message`` where there is one, shortened."""
    text = content[:2000].decode(errors="replace")
    try:
        error = json.loads(content)["error"]
        text = str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    # A lone surrogate cannot be written anywhere.
    text = " ".join(text.encode(errors="replace").decode().split())
    return text if len(text) <= 200 else f"{text[:200]}..."


def _fields(content: bytes) -> tuple[str, ...]:
    """Fields that a refusal names: ``error.param``, or the places of a validation error."""
    try:
        whole = json.loads(content)
        error = whole.get("error") if isinstance(whole.get("error"), dict) else {}
        named = [error.get("param"), *(place["loc"][-1] for place in whole.get("detail") or ())]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return ()
    return tuple(name for name in named if isinstance(name, str))


def _moved(response: httpx.Response) -> str:
    where = response.headers.get("Location") if 300 <= response.status_code < 400 else None
    return f"the server sends on to {where}: " if where else ""


def _asked_wait(headers: httpx.Headers) -> float | None:
    """Seconds that the server asks to wait: ``retry-after-ms`` or ``Retry-After``."""
    try:
        return _retry_after(str(float(headers["retry-after-ms"]) / 1000))
    except (KeyError, ValueError):
        return _retry_after(headers.get("Retry-After"))


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, from a number or an HTTP date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return None if math.isnan(seconds) else max(seconds, 0.0)


def _times(n: int) -> str:
    return "1 attempt" if n == 1 else f"{n} attempts"
