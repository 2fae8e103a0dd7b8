from __future__ import annotations

import base64
from typing import Any

import pytest

from measurand.errors import InputError
from measurand.reporting.document import Document, Figure, Section, Text
from measurand.reporting.markdown import to_markdown
from measurand.reporting.render import to_html

PIXEL = base64.b64encode(b"\xff\xd8\xff not really a picture").decode()


def _document(**more: Any) -> Document:
    frame = {"image": PIXEL, "type": "image/jpeg", "width": 260, "height": 520,
             "caption": 'click <b>"x"</b>', "box": [26.0, 52.0, 13.0, 13.0], **more}  # fmt: skip
    last = {**frame, "caption": "the end", "box": None}
    shown = Figure("screens", "Screens", "From left to right.", {"rows": [frame, last]})
    return Document("Report", "", None, (Section("S", (shown,)),))


def test_pictures_lie_in_the_page_with_the_element_marked_once() -> None:
    page = to_html(_document())
    assert page.count(f"data:image/jpeg;base64,{PIXEL}") == 2
    assert page.count('stroke="#d5006d"') == 1
    # 176 pixels for 260: the box is scaled with its picture.
    assert 'width="14.8"' in page
    assert "click &lt;b&gt;" in page


def test_only_a_page_with_pictures_admits_them_and_only_its_own() -> None:
    assert "img-src data:;" in to_html(_document())
    plain = Document("Report", "", None, (Section("S", (Text("no pictures"),)),))
    assert "img-src" not in to_html(plain)


def test_the_words_stand_in_the_table_and_in_markdown() -> None:
    assert "the end" in to_markdown(_document())
    assert PIXEL not in to_markdown(_document())


def test_other_types_are_refused() -> None:
    with pytest.raises(InputError, match=r"svg\+xml"):
        to_html(_document(type="image/svg+xml"))
