"""The one place that a browser may ask: the server of a site, which is its proxy too.

Every request of the browser comes here, whatever its address. Those to the site are answered, all
others are refused and recorded, so that "nothing left this machine" is a count and no promise.
"""

from __future__ import annotations

import mimetypes
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

HOST = "pages.invalid"
"""Name of the site's host; no such host can exist, so nothing but the proxy can answer for it."""


@dataclass(frozen=True)
class Request:
    """What a page asks the site for.

    Attributes:
        method: ``GET``, ``POST`` and so on.
        path: absolute, decoded: ``/core/core.js``.
        query: what stands behind the question mark, as it was sent.
        headers: by name.
        body: what was sent with it.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What the site says.

    Attributes:
        status: of HTTP.
        body: the content.
        type: its media type.
        headers: further ones, such as a cookie or a place to go to.
    """

    status: int
    body: bytes = b""
    type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


class Site(Protocol):
    """What is served, from several threads at once.

    Attributes:
        sha256: hash of everything that decides what an agent sees and earns.
        start: path that a new browser opens.
        window: width and height of the browser's window in pixels.
    """

    sha256: str
    start: str
    window: tuple[int, int]

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request, None where the site has no such page."""
        ...


def static(request: Request, read: Callable[[str], bytes | None]) -> Answer | None:
    """The answer of files that do not change: all that a browser may do is get them.

    Args:
        request: what is asked.
        read: gives the file of a path, None where there is none.
    """
    if request.method != "GET":
        return Answer(405)
    body = read(request.path)
    if body is None:
        return None
    kind = mimetypes.guess_type(request.path)[0] or "application/octet-stream"
    return Answer(200, body, kind, {"Cache-Control": "max-age=86400"})


class Server:
    """Serves a site on a free port of this machine, from threads of its own.

    Attributes:
        site: what it serves.
        foreign: addresses that were asked for and refused.
        missing: paths that the site does not have.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.foreign: list[str] = []
        self.missing: list[str] = []
        self._http = _Http(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._http.serve_forever, name="pages", daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()

    def answer(self, request: Request) -> Answer:
        """The site's answer, or that there is none, which is recorded."""
        found = self.site.answer(request)
        if found is not None:
            return found
        # Browsers ask for an icon by themselves.
        if request.path != "/favicon.ico":
            self.missing.append(request.path)
        return Answer(404)


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A browser that is ended drops its connections.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _ask(self) -> None:
            parts = urlsplit(self.path)
            if self.command == "CONNECT" or parts.hostname != HOST:
                # Its body would be read as the next request.
                self.close_connection = True
                server.foreign.append(f"{self.command} {self.path}"[:500])
                self._say(Answer(403))
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._say(
                server.answer(
                    Request(
                        self.command, unquote(parts.path), parts.query, dict(self.headers), body
                    )
                )
            )

        do_GET = do_CONNECT = do_POST = do_PUT = do_HEAD = do_OPTIONS = do_DELETE = _ask

        def _say(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
