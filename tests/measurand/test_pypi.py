"""Fetching pinned files, against real local servers of both kinds of index page."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from measurand import pypi
from measurand.errors import InfraError, VerifyError

FILE = "some_data-1.0.tar.gz"
CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """A package index on a free port.

    Attributes:
        pages: (content type, body) by path; anything else is 404.
        headers: more headers by path.
        refusal: status of every answer, where it is not None.
        asked: paths in the order in which they were asked for.
    """

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.refusal: int | None = None
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                kind, body = outer.pages.get(self.path, ("", b""))
                self.send_response(outer.refusal or (200 if kind else 404))
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                for name, value in outer.headers.get(self.path, {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/simple"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def html(self, href: str) -> None:
        """List the file as PEP 503 does."""
        body = f'<html><a href="other.whl">other</a><a href="{href}">{FILE}</a></html>'
        self.pages["/simple/some-data/"] = ("text/html; charset=utf-8", body.encode())

    def json(self, url: str) -> None:
        """List the file as PEP 691 does."""
        body = json.dumps(
            {"files": [{"filename": "x.whl", "url": "x"}, {"filename": FILE, "url": url}]}
        )
        self.pages["/simple/some-data/"] = ("application/vnd.pypi.simple.v1+json", body.encode())

    def file(self, path: str, content: bytes = CONTENT) -> None:
        self.pages[path] = ("application/octet-stream", content)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The one index there is: pip's own settings and the public index are out of reach."""
    running = Server()
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("PIP_INDEX_URL", running.url)
    monkeypatch.setattr(pypi, "PUBLIC", running.url)
    yield running
    running.stop()


def fetch(folder: Path, sha256: str = SHA256) -> Path:
    return pypi.fetch("Some.Data", "1.0", FILE, sha256, folder)


@pytest.mark.parametrize(
    ("page", "href", "path"),
    [
        ("html", f"../../files/{FILE}#sha256=abc", f"/files/{FILE}"),
        ("html", f"/deep/{FILE}", f"/deep/{FILE}"),
        ("json", f"../../files/{FILE}", f"/files/{FILE}"),
    ],
)
def test_both_kinds_of_page_lead_to_the_file(
    server: Server, tmp_path: Path, page: str, href: str, path: str
) -> None:
    getattr(server, page)(href)
    server.file(path)
    found = fetch(tmp_path / "new" / "folder")
    assert found.read_bytes() == CONTENT
    assert server.asked == ["/simple/some-data/", path]
    assert fetch(tmp_path / "new" / "folder") == found
    assert len(server.asked) == 2
    assert list(found.parent.iterdir()) == [found]


def test_names_are_made_equal_as_indexes_do(server: Server, tmp_path: Path) -> None:
    file = "some_data-1.0+local.tar.gz"
    server.html("/f/some_data-1.0%2Blocal.tar.gz")
    server.file("/f/some_data-1.0%2Blocal.tar.gz")
    path = pypi.fetch("some_.-DATA", "1.0", file, SHA256, tmp_path)
    assert path == tmp_path / file
    assert path.read_bytes() == CONTENT


def test_an_archive_is_not_unpacked_on_the_way(server: Server, tmp_path: Path) -> None:
    archive = gzip.compress(CONTENT, mtime=0)
    server.html(f"/f/{FILE}")
    server.file(f"/f/{FILE}", archive)
    server.headers[f"/f/{FILE}"] = {"Content-Encoding": "gzip"}
    assert fetch(tmp_path, hashlib.sha256(archive).hexdigest()).read_bytes() == archive


def test_an_address_elsewhere_is_followed(server: Server, tmp_path: Path) -> None:
    elsewhere = Server()
    try:
        elsewhere.file(f"/simple/{FILE}")
        server.json(f"{elsewhere.url}/{FILE}")
        assert fetch(tmp_path).read_bytes() == CONTENT
    finally:
        elsewhere.stop()


def test_a_file_that_is_there_is_checked_and_not_asked_for(server: Server, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(CONTENT)
    assert fetch(tmp_path) == tmp_path / FILE
    assert server.asked == []
    (tmp_path / FILE).write_bytes(b"something else")
    with pytest.raises(VerifyError, match=f"not {SHA256}"):
        fetch(tmp_path)
    assert (tmp_path / FILE).read_bytes() == b"something else"


def test_another_file_of_that_name_is_not_kept(server: Server, tmp_path: Path) -> None:
    server.html(f"/f/{FILE}")
    server.file(f"/f/{FILE}", b"not what was pinned")
    with pytest.raises(VerifyError, match=SHA256):
        fetch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_nobody_lists_names_folder_and_hash(server: Server, tmp_path: Path) -> None:
    server.html("/f/another-1.0.tar.gz")
    with pytest.raises(InfraError, match="does not list it") as caught:
        fetch(tmp_path)
    assert caught.value.code == "not_fetched"
    assert SHA256 in str(caught.value.hint)
    assert str(tmp_path) in str(caught.value.hint)


def test_the_next_index_is_asked_where_the_first_has_nothing(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Server()
    try:
        second.html(f"/f/{FILE}")
        second.file(f"/f/{FILE}")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", second.url)
        assert fetch(tmp_path).read_bytes() == CONTENT
        assert server.asked == ["/simple/some-data/"]
    finally:
        second.stop()


def test_a_listed_file_that_cannot_be_had_is_an_outage(server: Server, tmp_path: Path) -> None:
    server.html(f"/gone/{FILE}")
    with pytest.raises(InfraError, match="404") as caught:
        fetch(tmp_path)
    assert caught.value.code == "not_fetched"
    assert list(tmp_path.iterdir()) == []


def test_a_dead_index_is_an_outage_and_its_password_is_not_shown(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = Server()
    dead.stop()
    url = dead.url.replace("http://", "http://user:secret@")
    monkeypatch.setenv("PIP_INDEX_URL", url)
    with pytest.raises(InfraError, match=r"127\.0\.0\.1") as caught:
        fetch(tmp_path)
    assert "secret" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("refusal", [401, 403, 500, None])
def test_a_refusal_does_not_show_the_password(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int | None
) -> None:
    # None: the page is there and the file that it lists is gone.
    server.refusal = refusal
    server.html(f"../../gone/{FILE}")
    monkeypatch.setenv("PIP_INDEX_URL", server.url.replace("http://", "http://user:secret@"))
    with pytest.raises(InfraError, match=f"answered {refusal or 404}") as caught:
        fetch(tmp_path)
    assert caught.value.code == "not_fetched"
    words = "".join(traceback.format_exception(caught.value))
    assert "secret" not in words
    assert "user:" not in words
    assert server.url in words


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"files": [{"filename": "x"}]}', b"{}"])
def test_a_page_that_is_no_list_is_an_outage(server: Server, tmp_path: Path, body: bytes) -> None:
    server.pages["/simple/some-data/"] = ("application/vnd.pypi.simple.v1+json", body)
    with pytest.raises(InfraError, match="not a list of files") as caught:
        fetch(tmp_path)
    assert caught.value.code == "not_fetched"


def test_an_index_that_is_no_address_is_passed_over(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.html(f"/f/{FILE}")
    server.file(f"/f/{FILE}")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@host:port/simple")
    assert fetch(tmp_path).read_bytes() == CONTENT


def test_indexes_are_asked_in_order_without_repetition(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{server.url} http://b.example/simple file:///c")
    assert pypi.indexes() == [server.url, "http://b.example/simple"]
