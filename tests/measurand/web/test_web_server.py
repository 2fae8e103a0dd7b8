from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest
from small_site import SmallSite

from measurand.web.server import HOST, Answer, Request, Server, static


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(SmallSite(**{"a b": "<p>a</p>"}))
    yield made
    made.close()


def _ask(
    server: Server, method: str, address: str, body: str | None = None, **headers: str
) -> tuple[int, bytes, str | None]:
    host, port = server.address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request(method, address, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read(), answer.getheader("Set-Cookie")
    connection.close()
    return found


def test_it_serves_a_site_as_a_proxy(server: Server) -> None:
    assert _ask(server, "GET", f"http://{HOST}/a%20b.html")[:2] == (200, b"<p>a</p>")
    assert _ask(server, "GET", f"http://{HOST}/view.js")[0] == 200
    assert server.foreign == []


def test_a_site_may_answer_what_is_posted_and_keep_a_session(server: Server) -> None:
    address = f"http://{HOST}/say"
    assert _ask(server, "POST", address, "word=good") == (200, b"good", "session=1")
    assert _ask(server, "POST", address, "word=day", Cookie="session=1")[1] == b"good day"
    assert _ask(server, "GET", f"{address}?word=hello") == (200, b"hello", "session=2")


def test_what_is_missing_is_recorded_and_the_icon_is_not(server: Server) -> None:
    assert _ask(server, "GET", f"http://{HOST}/none.js")[0] == 404
    assert _ask(server, "GET", f"http://{HOST}/favicon.ico")[0] == 404
    assert server.missing == ["/none.js"]


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_other_hosts_are_refused_and_recorded(server: Server, method: str) -> None:
    assert _ask(server, method, "http://example.com/x")[0] == 403
    assert server.foreign == [f"{method} http://example.com/x"]


def test_a_tunnel_is_refused_and_recorded_even_to_our_own_name(server: Server) -> None:
    assert _ask(server, "CONNECT", "example.com:443")[0] == 403
    assert _ask(server, "CONNECT", f"http://{HOST}/")[0] == 403
    assert server.foreign == ["CONNECT example.com:443", f"CONNECT http://{HOST}/"]


def test_what_the_browser_posts_to_files_by_itself_is_no_foreign_request(server: Server) -> None:
    assert _ask(server, "POST", f"http://{HOST}/none", "x")[0] == 405
    assert server.foreign == []


def test_files_are_told_with_their_type_and_may_be_kept() -> None:
    read = {"/a.js": b"1"}.get
    assert static(Request("GET", "/a.js"), read) == Answer(
        200, b"1", "text/javascript", {"Cache-Control": "max-age=86400"}
    )
    assert static(Request("GET", "/b.js"), read) is None
