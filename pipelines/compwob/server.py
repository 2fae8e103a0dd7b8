"""The one place that a browser may ask: the server of the pages, which is its proxy too.

Every request of the browser comes here, whatever its address. Those to the pages are answered, all
others are refused and recorded, so that "nothing left this machine" is a count and no promise.
"""

from __future__ import annotations

import mimetypes
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from pipelines.compwob.pages import OWN, Pages, own_file

HOST = "pages.invalid"
"""Name of the pages' host; no such host can exist, so nothing but the proxy can answer for it."""


class Server:
    """Serves pages on a free port of this machine, from threads of its own.

    Attributes:
        pages: what it serves.
        foreign: addresses that were asked for and refused.
        missing: paths that the pages do not have.
    """

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.foreign: list[str] = []
        self.missing: list[str] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, name="pages", daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()

    def find(self, path: str) -> bytes | None:
        """Our own file or a page."""
        name = path.lstrip("/")
        return own_file(name) if name in OWN else self.pages.read(path)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.hostname != HOST:
                self._refuse()
                return
            path = unquote(parts.path)
            body = server.find(path)
            if body is None:
                # Browsers ask for an icon by themselves.
                if path != "/favicon.ico":
                    server.missing.append(path)
                self._answer(404, b"", "text/plain")
                return
            self._answer(200, body, mimetypes.guess_type(path)[0] or "application/octet-stream")

        def _refuse(self) -> None:
            # The body would be read as the next request.
            self.close_connection = True
            if urlsplit(self.path).hostname == HOST:
                self._answer(405, b"", "text/plain")
                return
            server.foreign.append(f"{self.command} {self.path}"[:500])
            self._answer(403, b"", "text/plain")

        do_CONNECT = do_POST = do_PUT = do_HEAD = do_OPTIONS = do_DELETE = _refuse

        def _answer(self, code: int, body: bytes, kind: str) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "max-age=86400")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
