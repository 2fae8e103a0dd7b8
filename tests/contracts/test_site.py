"""The site: strict, whole, from here alone, found by search, readable on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest

from measurand.cli import VERBS
from website import make

for package in ("furo", "myst_parser", "jupytext"):
    pytest.importorskip(package, reason="part of locks/docs.lock")

pytestmark = pytest.mark.integration


class Links(HTMLParser):
    """What a page refers to, what it loads, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {v for k, v in attrs if k in ("id", "name") and v}
        if tag == "a" and found.get("href"):
            self.hrefs.append(str(found["href"]))
        if tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(str(found.get("href")))
        if tag in ("script", "img", "iframe", "source") and found.get("src"):
            self.loads.append(str(found["src"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without running the notebooks, which have a test of their own; ten seconds."""
    out = tmp_path_factory.mktemp("site") / "site"
    assert make.main([str(out), "--without-outputs"]) == 0
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Links]:
    found = sorted(site.rglob("*.html"))
    assert len(found) > 70
    return {p.relative_to(site).as_posix(): Links(p.read_text(encoding="utf-8")) for p in found}


def test_no_link_and_no_anchor_is_broken(site: Path, pages: dict[str, Links]) -> None:
    broken = []
    for name, links in pages.items():
        for href in (*links.hrefs, *links.loads):
            path, anchor = urldefrag(unquote(href))
            if re.match(r"[a-z]+:", path):
                continue
            target = (site / name).parent / path.partition("?")[0] if path else site / name
            place = target.resolve()
            if not place.is_file():
                broken.append(f"{name}: {href}")
            elif anchor and place.suffix == ".html":
                there = pages[place.relative_to(site.resolve()).as_posix()].anchors
                if anchor not in there:
                    broken.append(f"{name}: {href}")
    assert not broken


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[str, Links]) -> None:
    assert not [n for n, links in pages.items() for x in links.loads if re.match(r"(\w+:)?//", x)]
    styles = [p.read_text(encoding="utf-8") for p in site.rglob("*.css")]
    assert styles
    assert not [s for s in styles if re.search(r"@import|url\(['\"]?(https?:)?//", s)]


def test_every_page_has_a_way_in(pages: dict[str, Links]) -> None:
    reached, waiting = set(), ["index.html"]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in pages:
            continue
        reached.add(name)
        here = Path("/", name).parent
        for href in pages[name].hrefs:
            path = urldefrag(unquote(href))[0].partition("?")[0]
            if path and not re.match(r"[a-z]+:", path):
                waiting.append(str((here / path).resolve().relative_to("/")))
    assert set(pages) - reached <= {"search.html"}


def test_commands_and_functions_have_their_pages(site: Path) -> None:
    for verb in VERBS:
        text = (site / f"reference/commands/{verb}.html").read_text(encoding="utf-8")
        assert "usage: measurand" in text, verb
    python = Links((site / "reference/python.html").read_text(encoding="utf-8"))
    assert {"measurand.analyse", "measurand.Analysis.means"} <= python.anchors


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("omega", "docs/how-to/bring-your-own-data.html"),
        ("undecided", "docs/how-to/gate-in-ci.html"),
        ("PPI", "docs/how-to/correct-a-judge.html"),
    ],
)
def test_search_leads_to_the_page(address: str, page: Any, word: str, expected: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/search.html?q={word}", wait_until="commit", timeout=60_000)
    page.wait_for_selector("#search-results ul.search li a", timeout=60_000)
    page.wait_for_function("document.querySelector('.search-summary, #search-results p')")
    found = page.eval_on_selector_all(
        "#search-results ul.search > li > a", "e => e.map(a => a.href)"
    )
    assert [url for url in found[:5] if expected in url], found
    assert not [url for url in asked if not url.startswith((address, "data:"))]


@pytest.mark.browser
def test_pages_are_read_on_a_phone(address: str, page: Any) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    names = ("index", "docs/statistics", "docs/machines", "reference/python", "README",
             "docs/notebooks/is_my_model_better", "reference/commands/analyse")  # fmt: skip
    for name in names:
        page.goto(f"{address}/{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, name
