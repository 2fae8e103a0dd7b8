"""The report in a real browser: what it asks for, what it shows, and whether it can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from report_example import HOSTILE, example, extremes

from measurand.reporting.document import Document, Section, Table
from measurand.reporting.render import to_html

pytestmark = pytest.mark.browser

# Every text of every visible figure: inside its picture, large enough, and clear of the others.
ILLEGIBLE = """() => {
  const found = [];
  for (const svg of document.querySelectorAll('svg.plot')) {
    const box = svg.getBoundingClientRect();
    if (!box.width) continue;
    const scale = box.width / svg.viewBox.baseVal.width;
    const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim()).map(t => ({
      words: t.textContent, at: t.getBoundingClientRect(),
      size: parseFloat(getComputedStyle(t).fontSize) * scale,
      turned: t.closest('g[transform*=rotate]') !== null}));
    for (const t of texts) {
      if (t.at.left < box.left - 1 || t.at.right > box.right + 1 ||
          t.at.top < box.top - 1 || t.at.bottom > box.bottom + 1) found.push(['outside', t.words]);
      if (t.size < 9) found.push(['small', t.words, t.size]);
    }
    const level = texts.filter(t => !t.turned);
    for (const [i, a] of level.entries()) for (const b of level.slice(i + 1)) {
      const wide = Math.min(a.at.right, b.at.right) - Math.max(a.at.left, b.at.left);
      const high = Math.min(a.at.bottom, b.at.bottom) - Math.max(a.at.top, b.at.top);
      if (wide > 1 && high > 3.5) found.push(['overlap', a.words, b.words]);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory, example())


@pytest.fixture(scope="module")
def url_of_extremes(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory, extremes())


def written(tmp_path_factory: pytest.TempPathFactory, document: Document) -> str:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(to_html(document), encoding="utf-8")
    return path.as_uri()


def test_no_request_leaves_the_page_and_nothing_complains(page: Any, url: str) -> None:
    heard: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.wait_for_timeout(200)
    assert asked == [url]
    assert heard == []


def test_hostile_text_is_seen_as_text(page: Any, url: str) -> None:
    page.goto(url)
    assert page.locator("script").count() == 0
    assert HOSTILE in page.locator("pre").inner_text()
    tables = page.locator("details table").all_text_contents()
    assert any(f"hostility {HOSTILE}" in table for table in tables)
    drawn = page.locator("figure .wide svg text").all_text_contents()
    assert any(words.startswith("hostility <script>alert(1)<") for words in drawn)


def test_the_policy_is_in_force(page: Any, url: str) -> None:
    from playwright.sync_api import Error

    page.goto(url)
    with pytest.raises(Error, match="Content Security Policy"):
        page.add_script_tag(content="window.ran = 1")
    assert page.evaluate("getComputedStyle(document.body).fontVariantNumeric").count("tabular-nums")


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_the_page_never_scrolls_sideways_and_figures_are_legible(
    page: Any, url: str, url_of_extremes: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for address in (url, url_of_extremes):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(ILLEGIBLE) == []


def test_wide_tables_scroll_in_their_own_box_on_a_phone(page: Any, url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(url)
    page.locator("#gates > details:last-of-type > summary").click()
    box = page.locator("#gates .scroll")
    assert box.evaluate("b => b.scrollWidth > b.clientWidth && b.clientWidth <= 390")
    box.focus()
    page.keyboard.press("ArrowRight")
    # The page's own policy forbids wait_for_function, which evaluates text.
    moved = False
    for _ in range(100):
        moved = moved or box.evaluate("b => b.scrollLeft") > 0
        page.wait_for_timeout(0 if moved else 50)
    assert moved


def test_light_and_dark_differ_and_print_is_black_on_white(page: Any, url: str) -> None:
    colours = "(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))"
    page.emulate_media(color_scheme="light")
    page.goto(url)
    assert page.evaluate(colours) == ["rgb(253, 253, 252)", "rgb(29, 32, 36)"]
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(colours) == ["rgb(21, 23, 26)", "rgb(228, 229, 226)"]
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(colours) == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]


def test_data_tables_are_closed_on_the_screen_and_open_on_paper(page: Any, url: str) -> None:
    page.goto(url)
    rows = page.locator("details table").first
    assert not rows.is_visible()
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert rows.is_visible()
    page.keyboard.press("Enter")
    page.emulate_media(media="print")
    assert rows.is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_long_table_is_folded_under_its_name_and_whole_on_paper(
    page: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tables = [Table(f"{n} rows", ("a", "b"), [[f"r{i}", i] for i in range(n)]) for n in (20, 21)]
    page.goto(written(tmp_path_factory, Document("t", "", None, (Section("s", tuple(tables)),))))
    short, long = page.locator("table").all()
    assert (short.is_visible(), long.is_visible()) == (True, False)
    name = page.locator(".long > summary")
    assert name.inner_text() == "21 rows (21 rows)"
    name.focus()
    page.keyboard.press("Enter")
    assert long.is_visible()
    page.keyboard.press("Enter")
    page.emulate_media(media="print")
    assert (long.is_visible(), name.is_visible()) == (True, True)


@pytest.mark.parametrize(("width", "height"), [(1200, 850), (400, 850)])
def test_the_first_screen_holds_verdict_findings_and_the_picture_beside_them(
    page: Any, url: str, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(url)
    for part in (".verdict .sentence", ".findings li:first-child", ".findings li:last-child"):
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= height, part
    figure = page.locator(".opening figcaption").bounding_box()
    findings = page.locator(".findings").bounding_box()
    beside = figure["x"] >= findings["x"] + findings["width"]
    assert beside == (width > 1000)
    assert figure["y"] < height
    # Contents stand beside the page where there is room and are one line elsewhere.
    links = page.locator("nav a").first
    assert not links.is_visible()
    page.set_viewport_size({"width": 1280, "height": height})
    assert links.is_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_a_verdict_of_one_long_word_stays_in_its_box(
    page: Any, tmp_path_factory: pytest.TempPathFactory, width: int
) -> None:
    told = {"state": "error", "sentence": "folder/" * 40}
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(written(tmp_path_factory, Document("t", "", told, ())))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
