from __future__ import annotations

import re
from typing import Any

from measurand.reporting.document import Document, Figure, Section
from measurand.reporting.markdown import to_markdown
from measurand.reporting.render import to_html


def page(**more: Any) -> Document:
    row = {
        "caption": "0 s", "words": "a car <b>", "side": 88.0, "alarm": False,
        "lines": [["edge", "-44,0 44,0"]],
        "boxes": [["other", 10, 0, 0, 4, 2], ["own", 0, 22, 1.5707963, 4, 2]],
        "lights": [["red", 0, 0]],
    }  # fmt: skip
    shown = Figure("scenes", "Scenes", "From above.", {"rows": [row, {**row, **more}]})
    return Document("Report", "", None, (Section("S", (shown,)),))


def test_places_are_metres_from_the_middle_with_y_up() -> None:
    html = to_html(page(alarm=True))
    # 176 pixels are 88 m: 22 m up are 44 pixels above the middle, at 88.
    assert html.count('transform="translate(88 44) rotate(-90)"') == 2
    assert html.count('transform="translate(108 88) rotate(0)"') == 2
    assert html.count('d="M0 88L176 88"') == 2
    assert len(re.findall('<rect[^>]*class="scene-alarm"', html)) == 1


def test_only_the_own_box_has_a_front() -> None:
    assert len(re.findall('<line[^>]*class="scene-front"', to_html(page()))) == 2


def test_the_words_stand_in_the_table_and_escaped() -> None:
    assert "a car &lt;b&gt;" in to_html(page())
    assert "| when | what is seen |" in to_markdown(page())
