"""The pages of analyse, compare and the index in a real browser, with hostile names in them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from toy_index import HOSTILE, found

from measurand.analysis.command import main as analyse
from measurand.commands.index import document
from measurand.comparison.command import main as compare
from measurand.reporting.render import to_html

pytestmark = pytest.mark.browser
NAMES = ("analysis", "comparison", "index")
SCRIPT = "<script>alert(1)</script>"
MODELS = (f"{SCRIPT}'\"", '<img src=x onerror="alert(2)">', "plain [model](http://127.0.0.1:9/)")

# Ratio of every visible text to what lies behind it (WCAG 2.1, 1.4.3); text in pictures included.
CONTRAST = """() => {
  const rgb = text => {
    const n = text.match(/[0-9.]+/g).map(Number);
    return {r: n[0], g: n[1], b: n[2], a: n.length > 3 ? n[3] : 1};
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a), a: 1});
  const part = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const luminance = c => 0.2126 * part(c.r) + 0.7152 * part(c.g) + 0.0722 * part(c.b);
  const behind = element => {
    const layers = [];
    for (let e = element; e; e = e.parentElement)
      layers.push(rgb(getComputedStyle(e).backgroundColor));
    const paper = {r: 255, g: 255, b: 255, a: 1};
    return layers.reverse().reduce((under, top) => over(top, under), paper);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!words || element.closest('style, title, desc')) continue;
    if (!element.checkVisibility({visibilityProperty: true})) continue;
    if (!element.getClientRects().length) continue;
    const style = getComputedStyle(element), ground = behind(element);
    const ink = over(rgb(element.closest('svg') ? style.fill : style.color), ground);
    const [high, low] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const kind = element.className.baseVal ?? element.className;
    found.push([Math.round(ratio * 100) / 100, words.slice(0, 40), kind]);
  }
  return found;
}"""

# What a keyboard should reach, in the order of the page, and where it is now.
REACHABLE = """() => {
  const all = [...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
    .filter(e => e.checkVisibility());
  window.reachable = all;
  return all.length;
}"""
HERE = "() => window.reachable.indexOf(document.activeElement)"
OUTLINED = "() => getComputedStyle(document.activeElement).outlineStyle"


def scores(path: Path, gain: int) -> Path:
    """Three models on 24 items with hostile names, in a CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["model", "item_id", "metric", "value"])
        for m, model in enumerate(MODELS):
            for i in range(24):
                value = int(i == 0 or (i * 5 + m * 3) % 7 < 3 + gain)
                out.writerow([model, f"{SCRIPT}{i}", f"acc {SCRIPT}", value])
    return path


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Address of each page, written by the commands themselves."""
    folder = tmp_path_factory.mktemp("pages")
    before, after = scores(folder / "a" / "scores.csv", 0), scores(folder / "b" / "scores.csv", 2)
    out = {name: folder / f"{name}.html" for name in NAMES}
    assert analyse([str(before), "--format", "html", "--out", str(out["analysis"])]) == 0
    words = [str(before), str(after), "--format", "html", "--out", str(out["comparison"])]
    assert compare(words) == 0
    systems = {
        "toy": found(model=MODELS[0]),
        "other": found("other", "fail", HOSTILE),
        "third": found("third", "inconclusive"),
        "never": None,
    }
    out["index"].write_text(to_html(document(systems)), encoding="utf-8")
    return {name: path.as_uri() for name, path in out.items()}


@pytest.mark.parametrize("name", NAMES)
def test_no_request_leaves_and_nothing_complains(
    page: Any, urls: dict[str, str], name: str
) -> None:
    heard: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(urls[name])
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.wait_for_timeout(200)
    assert (asked, heard) == ([urls[name]], [])


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_seen_as_text(page: Any, urls: dict[str, str], name: str) -> None:
    page.goto(urls[name])
    assert page.locator("script, img, iframe, object, form").count() == 0
    assert SCRIPT in page.locator("main").inner_text()
    links = page.evaluate("[...document.links].map(a => a.getAttribute('href'))")
    wanted = {"index": {"toy/report.html", "other/report.html", "third/report.html"}}
    assert {link for link in links if not link.startswith("#")} == wanted.get(name, set())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_every_text_can_be_read(page: Any, urls: dict[str, str], name: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(urls[name])
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = page.evaluate(CONTRAST)
    assert len(found) > 50
    assert [text for text in found if text[0] < 4.5] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(
    page: Any, urls: dict[str, str], name: str
) -> None:
    page.goto(urls[name])
    count = page.evaluate(REACHABLE)
    assert count > 5
    seen = []
    for _ in range(count):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(HERE))
        assert page.evaluate(OUTLINED) != "none"
    assert seen == list(range(count))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_page_never_scrolls_sideways(
    page: Any, urls: dict[str, str], name: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(urls[name])
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", NAMES)
def test_paper_is_black_on_white_with_every_table_open(
    page: Any, urls: dict[str, str], name: str
) -> None:
    page.emulate_media(color_scheme="dark", media="print")
    page.goto(urls[name])
    colours = "(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))"
    assert page.evaluate(colours) == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    assert not page.locator("nav").is_visible()
    for table in page.locator("table").all():
        assert table.is_visible()
    assert [text for text in page.evaluate(CONTRAST) if text[0] < 4.5] == []
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_lines_over_revisions_are_drawn_and_named(page: Any, urls: dict[str, str]) -> None:
    page.goto(urls["index"])
    lines = page.locator("svg.trend")
    assert lines.count() == 6
    box = lines.first.bounding_box()
    assert box["width"] >= 100
    words = lines.first.locator("title").text_content()
    assert words.replace("\u00a0", " ") == "0.50 → 0.70 (4 revisions)"
