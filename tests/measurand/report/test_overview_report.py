from __future__ import annotations

from dataclasses import replace

import pytest
from report_example import example

from measurand.report.document import Document
from measurand.report.overview import overview


@pytest.mark.parametrize("lines", [1, 4, 5, 6, 12, 40])
def test_at_most_so_many_lines(lines: int) -> None:
    shown = overview(example(), lines).split("\n")
    assert len(shown) <= lines
    assert shown[0] == "Personality of SmolLM2-135M-Instruct"


def test_verdict_sentence_and_figures_come_first() -> None:
    text = overview(example())
    assert "FAIL: Two of eight gates fail" in text
    assert "✗ fail       alpha-openness" in text
    assert "0.608 [0.577, 0.637]  limit 0.7" in text
    assert text.index("alpha-openness") < text.index("alpha-agreeableness")
    assert text.endswith("… and 2 more in the report")


def test_without_gates_the_first_table_speaks() -> None:
    text = overview(replace(example(), verdict=None))
    assert "NO VERDICT: No gate was run" in text
    assert "Extraversion: Items 60, Alpha [95% interval] 0.716 [0.694, 0.736]" in text


def test_nothing_reaches_the_terminal_that_could_steer_it() -> None:
    evil = "\x1b]0;owned\x07\x9b31m\r\nnext"
    gates = [{"id": evil, "state": "fail", "slice": evil}]
    text = overview(Document(evil, evil, {"state": "fail", "sentence": evil, "gates": gates}, ()))
    assert not set(text) & {"\x1b", "\x07", "\x9b", "\r"}
    assert len(text.split("\n")) == 6
