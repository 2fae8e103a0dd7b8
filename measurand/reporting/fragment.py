"""A document or a picture as a part of somebody else's page, such as the output below a cell."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from markupsafe import Markup

from measurand.reporting import figures
from measurand.reporting.document import Document, Figure, from_json, to_json
from measurand.reporting.render import environment, view
from measurand.reporting.verdict import sentence_of, state_of, word_of

_WHOLE = (":root", "html", "body")
#: A rule, or a group of rules for some media, at the top of the style sheet.
_RULE = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}|[^{}@]+\{[^{}]*\}")
_LEGIBLE = ".least .plot { min-width: 40rem; }"
"""In a narrow cell a picture scrolls before its words are too small to read."""
_COLOURS = re.compile(r":root\s*\{([^}]*)\}")
#: How a page around the element says which theme its reader chose there: pages with a switch of
#: their own (this site, Colab, marimo), JupyterLab, VS Code.
_THEMES = {
    "light": (
        *('[data-theme="light"]', 'html[theme="light"]', "body.light"),
        *('[data-jp-theme-light="true"]', '[data-vscode-theme-kind$="light"]'),
    ),
    "dark": (
        *('[data-theme="dark"]', 'html[theme="dark"]', "body.dark"),
        *('[data-jp-theme-light="false"]', '[data-vscode-theme-kind$="dark"]'),
        '[data-vscode-theme-kind="vscode-high-contrast"]',
    ),
}


def to_fragment(document: Document) -> str:
    """The blocks of a document in one element, with its own colours; no script, no request.

    The colours are those of the theme that the page around it names, else of the reader's system.
    Rules of the style sheet hold below the element only. Where a page shows no styles the tables
    stay tables.
    """
    text = to_json(document)
    document = from_json(text)
    # Two outputs on one page must not share the ids of their pictures.
    uid = hashlib.sha256(str(text).encode()).hexdigest()[:12]
    scope = f"measurand-{uid}"
    blocks = [block for section in document.sections for block in section.blocks]
    return (
        environment()
        .get_template("fragment.html.j2")
        .render(
            document=document,
            scope=scope,
            css=Markup(scoped(_css() + _LEGIBLE, f".{scope}") + _themes(f".{scope}")),
            state=state_of(document.verdict),
            word=word_of(document.verdict),
            sentence=sentence_of(document.verdict),
            blocks=[view(block, f"{uid}-{i}") for i, block in enumerate(blocks)],
        )
    )


def to_svg(figure: Figure) -> str:
    """The figure as a picture that stands alone, with its own colours, light and dark.

    Raises:
        InputError: the kind is unknown.
    """
    uid = hashlib.sha256(str(figures.draw(figure, "")).encode()).hexdigest()[:12]
    drawn = str(figures.draw(figure, uid))
    scope = f"measurand-{uid}"
    kept = [rule for rule in _RULE.findall(_css()) if ":root" in rule or ".plot" in rule]
    css = scoped("".join(kept), f".{scope}") + _themes(f".{scope}")
    view_box = re.search(r'viewBox="[^"]*" width="[^"]*" height="[^"]*"', drawn)
    assert view_box is not None
    # The rules ask for a picture within something: that is the outer element.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{scope}" {view_box.group()} '
        'font-family="system-ui, sans-serif" style="background: var(--page); max-width: 100%">'
        f"<style>{css}</style>{drawn}</svg>"
    )


def _css() -> str:
    """The style sheet of reports; margins of printed pages are the host's."""
    css = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/|@page\s*\{[^}]*\}", "", css, flags=re.DOTALL)


def _themes(to: str) -> str:
    """Colours where the page around has a theme of its own; on paper they stay those of paper."""
    light, dark, *_ = _COLOURS.findall(_css())
    rules = []
    for scheme, colours in (("light", light), ("dark", dark)):
        own = " ".join(re.sub(r"color-scheme:[^;]*;", "", colours).split())
        heads = ", ".join(f"{host} {to}" for host in _THEMES[scheme])
        rules.append(f"{heads} {{ color-scheme: {scheme}; {own} }}")
    return "@media screen { " + " ".join(rules) + " }"


def scoped(css: str, to: str) -> str:
    """Every rule of a style sheet below one selector; rules of the whole page are the element's.

    >>> scoped("a, body { color: red } @media print { :root { margin: 0 } }", ".x")
    '.x a, .x { color: red } @media print { .x { margin: 0 } }'
    """

    def one(match: re.Match[str]) -> str:
        if match.group(1):
            return match.group(1)
        heads = [h.strip() for h in match.group(3).split(",")]
        inner = ", ".join(to if h in _WHOLE else f"{to} {h}" for h in heads)
        return f"{match.group(2)}{inner} {{"

    return re.sub(r"(@[^{}]*\{)|(\s*)([^{}@;]+?)\s*\{", one, css)
