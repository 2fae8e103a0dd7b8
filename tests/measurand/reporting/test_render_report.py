from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_example import HOSTILE, example

import measurand.reporting.render
from measurand.reporting.document import Document, Section, Table, Text, from_json, to_json
from measurand.reporting.render import to_html, to_markdown
from measurand.reporting.text import clean

CSS = (Path(measurand.reporting.render.__file__).parent / "report.css").read_text(encoding="utf-8")
VOID = {"meta"}


class Page(HTMLParser):
    """Elements with their attributes, nesting checked, and all text outside the style sheet."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def hostile_document() -> Document:
    """The example with hostile text in place of every string a user or a model could have put."""

    def poison(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            return {k: poison(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [poison(v, key) for v in value]
        if isinstance(value, str) and key not in ("block", "kind", "state", "severity"):
            return f"{HOSTILE}\"' onload=alert(1) {value}"
        return value

    packed = poison(json.loads(to_json(example())))
    assert isinstance(packed, dict)
    packed["provenance"] = {HOSTILE: {HOSTILE: HOSTILE, "none": None}}
    for section in packed["sections"]:
        for block in section["blocks"]:
            if block.get("kind") == "densities":
                block["data"] = {"reason": HOSTILE}
    return from_json(json.dumps(packed))


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(to_html(example()))


def test_the_same_document_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib; from report_example import example; "
        "from measurand.reporting.render import to_html, to_markdown; "
        "print(hashlib.sha256((to_html(example()) + to_markdown(example())).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_html_is_a_function_of_the_json_alone() -> None:
    assert to_html(from_json(to_json(example()))) == to_html(example())


def test_the_policy_admits_its_own_style_sheet_and_nothing_else(page: Page) -> None:
    html = to_html(example())
    style = re.search(r"<style>(.*?)</style>", html, re.S)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_nothing_could_leave_the_page(page: Page) -> None:
    assert not page.all("script")
    for tag, attributes in page.elements:
        assert tag not in ("img", "link", "iframe", "object", "embed", "form", "base", "image")
        assert not [a for a in attributes if a.startswith("on") or a in ("src", "style")]
        if "href" in attributes:
            assert (attributes["href"] or "").startswith("#")
    assert "url(" not in CSS
    assert "@import" not in CSS


def test_hostile_text_is_text_everywhere() -> None:
    html = to_html(hostile_document())
    page = Page(html)
    assert not page.all("script")
    assert {tag for tag, _ in page.elements} == {
        tag for tag, _ in Page(to_html(example())).elements
    }
    assert not [a for _, attributes in page.elements for a in attributes if a.startswith("on")]
    assert sum(words.count(HOSTILE) for words in page.words) > 300
    assert HOSTILE not in html


@settings(max_examples=30, deadline=None)
@given(st.text(), st.text())
def test_any_text_survives(one: str, two: str) -> None:
    blocks = (Text(one, True), Table(one, (one, two), [(two, {"value": None, "reason": one})]))
    html = to_html(Document(one, two, {"state": "fail", "sentence": two}, (Section(two, blocks),)))
    html.encode()
    words = "".join(Page(html).words)
    assert clean(one) in words
    assert clean(two) in words


def test_structure_for_readers_and_their_machines(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == len(page.all("nav")) == len(page.all("header")) == 1
    assert len(page.all("caption")) == len(page.all("table")) > 8
    assert {th.get("scope") for th in page.all("th")} == {"col", "row"}
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = {(a["href"] or "")[1:] for a in page.all("a")}
    assert links <= set(ids)
    assert {"gates", "s1", "s5", "provenance", "findings"} <= links


def test_every_picture_is_named_and_every_shape_is_hidden(page: Page) -> None:
    ids = {a["id"] for _, a in page.elements if "id" in a}
    pictures = [a for a in page.all("svg") if a.get("role") == "img"]
    assert len(pictures) == 17  # nine figures; the eight that are no grid also for phones
    assert all(a["aria-labelledby"] in ids and a["aria-describedby"] in ids for a in pictures)
    others = [a for a in page.all("svg") if a.get("role") != "img"]
    assert others
    assert all(a["aria-hidden"] == "true" for a in others)
    # Data of eight figures (one is empty), contents, gates that pass, figures of gates,
    # provenance.
    assert len(page.all("details")) == 12


def test_the_reader_sees_verdict_gates_findings_methods_provenance_in_this_order() -> None:
    html = to_html(example())
    heads = re.findall(r"<h2>(.*?)</h2>", html)
    assert heads == ["Gates", "Reliability", "Validity", "Shaping", "Instrument", "Methods",
                     "Provenance"]  # fmt: skip
    order = ["Two of eight gates fail", "Four of five scales answer", 'id="f0-title"',
             '<section id="gates">', '<section id="s1">']  # fmt: skip
    assert [html.index(words) for words in order] == sorted(html.index(words) for words in order)


def test_gates_that_do_not_pass_are_open_and_those_that_pass_are_folded() -> None:
    html = to_html(example())
    section = html[html.index('<section id="gates">') : html.index('<section id="s1">')]
    opened = section[: section.index("<details")]
    assert re.findall(r"</svg>\s*(alpha-openness|gap|alpha-extraversion)<", opened) == [
        "alpha-openness", "gap", "alpha-extraversion",
    ]  # fmt: skip
    assert "5 gates pass" in section[len(opened) :]
    assert "second-form" in section[len(opened) :]


def test_gates_of_one_cause_are_one_line_and_instrument_stands_before_subject() -> None:
    gates = [
        {"id": "reliable", "state": "fail", "of": "subject", "slice": f"scale={scale}",
         "metric": "alpha", "estimate": None, "detail": "24 of 24 items never vary"}
        for scale in ("EXT", "AGR", "CON")
    ]  # fmt: skip
    gates.append({"id": "no-leak", "state": "pass", "of": "instrument", "sentence": "passes."})
    html = to_html(Document("t", "", {"state": "fail", "gates": gates}, ()))
    heads = re.findall(r"<h3>(.*?)</h3>", html)
    assert heads == [
        "Instrument: does the measurement work?",
        "Subject: is what was measured good enough?",
    ]
    opened = html[html.index("Subject: is") :]
    opened = opened[: opened.index("<details")]
    assert opened.count("<li>") == 1
    assert "3 gates fail for one cause" in opened
    assert "24 of 24 items never vary" in opened
    assert "reliable: EXT, AGR, CON" in opened


def test_a_folded_section_shows_its_name_and_opens() -> None:
    table = Table("All columns", ("a", "b"), [["x", 1]])
    html = to_html(Document("t", "", None, (Section("Dictionary", (table,), folded=True),)))
    assert html.index("<summary>All columns (1 rows)</summary>") < html.index("<table>")


def test_a_table_in_which_nothing_is_defined_is_one_sentence_in_both_forms() -> None:
    none = {"value": None, "reason": "24 of 24 items never vary"}
    table = Table("Alpha", ("scale", "alpha"), [["EXT", none], ["AGR", none]])
    document = Document("t", "", None, (Section("s", (table,)),))
    words = "Alpha: none of 2 rows is defined (24 of 24 items never vary)."
    assert f"<p>{words}</p>" in to_html(document)
    assert "<table>" not in to_html(document)
    assert words in to_markdown(document)


@pytest.mark.parametrize("state", ["pass", "fail", "inconclusive", "error"])
def test_states_differ_by_word_and_by_shape(state: str) -> None:
    def banner(which: str) -> str:
        html = to_html(Document("t", "", {"state": which}, ()))
        return html[html.index('class="verdict') : html.index('<div class="page">')]

    shape = re.search(r"<svg.*?>(.*?)</svg>", banner(state), re.S)
    assert shape
    others = [s for s in ("pass", "fail", "inconclusive", "error") if s != state]
    assert all(shape[1] not in banner(other) for other in others)
    word = {"inconclusive": "undecided"}.get(state, state)
    assert f"<span>{word}</span>" in banner(state)


def test_an_empty_report_is_a_page() -> None:
    page = Page(to_html(Document("t", "", None, ())))
    assert "No gate was run on these results." in page.words
    assert not page.all("table")


def palettes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.S)
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks]
    return dict(zip(("light", "dark", "print"), found, strict=True))


def luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def rgb(colour: str) -> tuple[float, float, float]:
    return (int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255)


def blend(over: str, under: str, share: float) -> tuple[float, float, float]:
    a, b, c = (share * o + (1 - share) * u for o, u in zip(rgb(over), rgb(under), strict=True))
    return a, b, c


def contrast(one: tuple[float, float, float], two: tuple[float, float, float]) -> float:
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_the_standard_says() -> None:
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21.0)
    assert contrast(rgb("#767676"), rgb("#ffffff")) == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_text_has_contrast(scheme: str) -> None:
    palette = palettes()[scheme]
    texts = ("ink", "muted", "link", "s0", "s1", "pass", "fail", "inconclusive", "error", "none")
    for name in texts:
        for ground in ("page", "raised"):
            assert contrast(rgb(palette[name]), rgb(palette[ground])) >= 4.5, (name, ground)
    for name in ("plus", "less"):
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            fill = blend(palette[name], palette["page"], share)
            assert contrast(rgb(palette["ink"]), fill) >= 4.5, (name, share)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_marks_have_contrast(scheme: str) -> None:
    palette = palettes()[scheme]
    assert set(palette) == set(palettes()["light"])
    for name in ("s0", "s1", "s2", "s3", "s4"):
        for ground in ("page", "raised"):
            assert contrast(rgb(palette[name]), rgb(palette[ground])) >= 3.0, (name, ground)
