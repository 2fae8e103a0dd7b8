from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.compwob.pages import Folder
from pipelines.compwob.server import HOST, Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "a b.html").write_text("<p>a</p>")
    made = Server(Folder(tmp_path))
    yield made
    made.close()


def _ask(server: Server, method: str, address: str) -> tuple[int, bytes]:
    host, port = server.address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request(method, address)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_it_serves_pages_and_our_own_files_as_a_proxy(server: Server) -> None:
    assert _ask(server, "GET", f"http://{HOST}/a%20b.html") == (200, b"<p>a</p>")
    assert _ask(server, "GET", f"http://{HOST}/episode.js")[0] == 200
    assert server.foreign == []


def test_what_is_missing_is_recorded_and_the_icon_is_not(server: Server) -> None:
    assert _ask(server, "GET", f"http://{HOST}/none.js")[0] == 404
    assert _ask(server, "GET", f"http://{HOST}/favicon.ico")[0] == 404
    assert server.missing == ["/none.js"]


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_other_hosts_are_refused_and_recorded(server: Server, method: str) -> None:
    assert _ask(server, method, "http://example.com/x")[0] == 403
    assert server.foreign == [f"{method} http://example.com/x"]


def test_a_tunnel_is_refused_and_recorded(server: Server) -> None:
    assert _ask(server, "CONNECT", "example.com:443")[0] == 403
    assert server.foreign == ["CONNECT example.com:443"]


def test_what_the_browser_posts_to_us_by_itself_is_no_foreign_request(server: Server) -> None:
    assert _ask(server, "POST", f"http://{HOST}/none")[0] == 405
    assert server.foreign == []
