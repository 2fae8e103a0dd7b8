"""Plain pages of several shapes: all parts in one page, as people write them.

They are what an agent on pages of one's own is tried on, and patterns to begin such pages from.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from measurand import outputs
from measurand.errors import InputError
from measurand.manifest import write_text

SCRIPTS = ("core.js", "parts.js", "shape.js")
_HERE = Path(__file__).parent / "page" / "plain"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{name}</title>
<script src="core.js"></script>
<script src="parts.js"></script>
<script>const SHAPE = {shape};</script>
<script src="shape.js"></script>
</head>
<body><div id="query"></div><div id="area"></div></body>
</html>
"""


def _shape(*parts: str, **more: Any) -> dict[str, Any]:
    """A shape; ``radio:beside`` is a part of a style."""
    given = [part.partition(":")[::2] for part in parts]
    usual = {"layout": "flat", "submit": "own", "label": "Submit", "make": "button",
             "wording": "and then", "views": False, "strict": True}  # fmt: skip
    return {"parts": given, **usual, **more}


SHAPES: dict[str, dict[str, Any]] = {
    "two-clicks": _shape("button", "link"),
    "two-clicks-reversed": _shape("link:span", "button", wording="after", layout="boxes"),
    "buttons-in-turn": _shape("button", "button", views=True),
    "form-and-button": _shape("radio:around", "button", label="OK"),
    "shared-button": _shape("radio:beside", "list", "text", submit="shared", label="Send"),
    "shared-button-bare": _shape(
        "boxes", "text:named", "date", submit="shared", label="Done", make="bare"
    ),
    "two-groups-one-button": _shape(
        "radio", "radio:around", submit="shared", make="input", wording="comma"
    ),
    "two-forms": _shape("text", "date:typed", label="OK", make="input", layout="boxes"),
    "two-forms-flat": _shape("boxes:beside", "radio:beside", wording="then"),
    "login-then-list": _shape("login:id", "list", label="Go", views=True, wording="stops"),
    "login-reversed": _shape("login", "boxes:around", wording="After", layout="boxes"),
    "four-parts": _shape("link", "password", "button:input", "list", wording="comma", label="OK"),
    "four-reversed": _shape(
        "button", "text:area", "link:span", "radio", wording="after", layout="boxes"
    ),
    "five-before": _shape(
        "radio", "date", "link", "boxes", "button", wording="before", layout="boxes", label="Send"
    ),
    "six-in-turn": _shape(
        "button", "radio", "link", "login", "list", "date", views=True, label="Done", make="input"
    ),
    "eight-parts": _shape(
        "button", "link", "radio:around", "text", "list", "date", "password", "boxes:beside",
        layout="boxes",
    ),
    "eight-shared": _shape(
        "login:id", "radio", "boxes:around", "list", "date", "text:named", "link", "button",
        submit="shared", label="OK", make="input", wording="then",
    ),
}  # fmt: skip
"""Pages by name: what is on them and how they ask for it, see ``page/plain/shape.js``."""


def write(folder: Path) -> list[str]:
    """Write every page and the scripts that they need; gives the names of the pages.

    Raises:
        InputError: code ``exists``: there is something in the folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty", hint="give a new folder", code="exists")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with outputs.new() as made:
        inside = made.at(folder)
        inside.mkdir()
        for name in SCRIPTS:
            write_text(inside / name, (_HERE / name).read_text(encoding="utf-8"))
        for name, shape in SHAPES.items():
            page = _PAGE.format(name=name, shape=json.dumps(shape))
            write_text(inside / f"{name}.html", page)
    return [f"{name}.html" for name in SHAPES]
