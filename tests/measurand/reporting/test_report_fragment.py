from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from measurand.reporting.document import Document, Figure, Section, Table, Text
from measurand.reporting.fragment import scoped, to_fragment, to_svg

ROWS = [{"label": "m", "estimate": 0.5, "lower": 0.4, "upper": 0.6, "reason": None}]


def _document(name: str = "m") -> Document:
    return Document(
        "Title",
        "about",
        None,
        (
            Section(
                "Part",
                (
                    Text("- one\n- two"),
                    Table("Scores", ("name", "x"), ((name, 1.0),)),
                    Figure("forest", "Forest", "Means.", {"rows": ROWS, "axis": "mean"}),
                ),
            ),
        ),
    )


def test_hostile_names_are_inert() -> None:
    html = to_fragment(_document("<img src=x onerror=alert(1)><script>alert(2)</script>"))
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;img" in html


def test_rules_hold_below_the_element_only() -> None:
    html = to_fragment(_document())
    [css] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    scope = re.search(r'class="(measurand-\w+)"', html).group(1)
    heads = [
        h.strip()
        for head in re.findall(r"([^{}@;]+?)\{", re.sub(r"@media[^{]*\{", "", css))
        for h in re.split(r",(?![^(]*\))", head)
    ]
    assert len(heads) > 50
    assert not [h for h in heads if h and f".{scope}" not in h.split()]
    assert "url(" not in css
    assert "@import" not in css


def test_two_outputs_share_no_id() -> None:
    first, second = to_fragment(_document()), to_fragment(_document("n"))
    ids = [set(re.findall(r'id="([^"]+)"', html)) for html in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert first == to_fragment(_document())


def test_a_selector_list_is_scoped_one_by_one() -> None:
    assert scoped("h1, .x > b { color: red }", ".s") == ".s h1, .s .x > b { color: red }"


def test_what_holds_for_some_media_stays_so() -> None:
    css = "a { top: 0 } @media (prefers-color-scheme: dark) { :root { --ink: white } p { top: 0 } }"
    assert scoped(css, ".s") == (
        ".s a { top: 0 } "
        "@media (prefers-color-scheme: dark) { .s { --ink: white } .s p { top: 0 } }"
    )
    html = to_fragment(_document())
    assert "@media (prefers-color-scheme: dark) {" in html
    assert "@." not in html
    assert "@page" not in html


def test_a_picture_alone_has_its_colours_and_is_a_file() -> None:
    text = to_svg(Figure("forest", "Forest", "Means.", {"rows": ROWS, "axis": "mean"}))
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    scope = root.attrib["class"]
    assert f".{scope} .plot .whisker {{ stroke" in text
    assert "@media (prefers-color-scheme: dark)" in text
    ids = re.findall(r'id="([^"]+)"', text)
    assert all(one.startswith(scope.removeprefix("measurand-")) for one in ids)
    assert "url(" not in text


THEMES = {
    'data-theme="{}"': ("light", "dark"),
    'data-theme="auto" class="{}"': ("light", "dark"),
    'data-jp-theme-light="{}"': ("true", "false"),
    'data-vscode-theme-kind="{}"': ("vscode-light", "vscode-dark"),
    'data-vscode-theme-kind="vscode-{}"': ("high-contrast-light", "high-contrast"),
}
"""How a page says that it is light or dark."""


@pytest.mark.browser
@pytest.mark.parametrize("body", sorted(THEMES))
@pytest.mark.parametrize("system", ["light", "dark"])
def test_colours_follow_the_page_around_before_the_system(
    page: Any, system: str, body: str
) -> None:
    picture = to_svg(Figure("forest", "Forest", "Means.", {"rows": ROWS, "axis": "mean"}))
    page.emulate_media(color_scheme=system)
    grounds = []
    for word in THEMES[body]:
        page.set_content(f"<body {body.format(word)}>{to_fragment(_document())}{picture}")
        grounds.append(
            page.eval_on_selector_all(
                "[class^=measurand-]", "e => e.map(one => getComputedStyle(one).backgroundColor)"
            )
        )
    assert grounds == [["rgb(253, 253, 252)"] * 2, ["rgb(21, 23, 26)"] * 2]
    page.set_content(f"<body>{picture}")
    alone = page.eval_on_selector("svg", "e => getComputedStyle(e).backgroundColor")
    assert alone == grounds[system == "dark"][0]
