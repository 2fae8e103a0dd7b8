"""A document as a part of somebody else's page, such as the output below a notebook's cell."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from markupsafe import Markup

from measurand.reporting.document import Document, from_json, to_json
from measurand.reporting.render import environment, view
from measurand.reporting.verdict import sentence_of, state_of, word_of

_WHOLE = (":root", "html", "body")


def to_fragment(document: Document) -> str:
    """The blocks of a document in one element, with its own colours; no script, no request.

    Rules of the style sheet hold below the element only. Where a page shows no styles the tables
    stay tables.
    """
    text = to_json(document)
    document = from_json(text)
    # Two outputs on one page must not share the ids of their pictures.
    uid = hashlib.sha256(str(text).encode()).hexdigest()[:12]
    scope = f"measurand-{uid}"
    css = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    blocks = [block for section in document.sections for block in section.blocks]
    return (
        environment()
        .get_template("fragment.html.j2")
        .render(
            document=document,
            scope=scope,
            css=Markup(scoped(css, f".{scope}")),
            state=state_of(document.verdict),
            word=word_of(document.verdict),
            sentence=sentence_of(document.verdict),
            blocks=[view(block, f"{uid}-{i}") for i, block in enumerate(blocks)],
        )
    )


def scoped(css: str, to: str) -> str:
    """Every rule of a style sheet below one selector; rules of the whole page are the element's.

    >>> scoped("a, body { color: red } @media print { :root { margin: 0 } }", ".x")
    '.x a, .x { color: red } @media print { .x { margin: 0 } }'
    """

    def one(match: re.Match[str]) -> str:
        heads = [h.strip() for h in match.group(2).split(",")]
        inner = ", ".join(to if h in _WHOLE else f"{to} {h}" for h in heads)
        return f"{match.group(1)}{inner} {{"

    plain = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"(\s*)([^{}@;]+?)\s*\{", one, plain)
