from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluators.webagent.evaluate.context import View
from evaluators.webagent.learning_sections import (
    POINTS,
    corpus_section,
    length_section,
    training_section,
)
from measurand.reporting.document import Document, Figure, Section, Table
from measurand.reporting.render import to_html, to_markdown


def parts(section: Section | None) -> tuple[list[Figure], list[Table]]:
    assert section is not None
    return (
        [one for one in section.blocks if isinstance(one, Figure)],
        [one for one in section.blocks if isinstance(one, Table)],
    )


def test_lengths_of_spans_are_counted_and_the_longest_are_said(seen: View) -> None:
    (short, long), (table,) = parts(corpus_section(seen))
    assert sum(short.data["counts"]) == 100
    assert short.description.endswith("not shown: 1.")
    at = np.digitize(8, short.data["edges"]) - 1
    assert short.data["counts"][at] == 100
    assert short.data["marks"][0]["value"] == pytest.approx((8 * 100 + 200) / 101)
    assert long.data == {"reason": "no training example has it"}
    assert [row[1] for row in table.rows] == [3, 8, 64]


def test_losses_of_all_models_are_drawn_and_what_they_took(seen: View) -> None:
    (curves,), (table,) = parts(training_section(seen))
    rows = curves.data["rows"]
    assert {row["series"]: row["panel"] for row in rows} == {
        "cut": "planners", "html_t5": "pre-training", "scratch": "planners",
    }  # fmt: skip
    assert len(rows) <= 3 * POINTS
    last = [row for row in rows if row["series"] == "cut"][-1]
    assert last["x"] == 60
    assert last["estimate"] == pytest.approx(8 * 2**-6)
    rates = {row[0]: (row[4], row[5]) for row in table.rows}
    assert rates["html_t5"][0] == {"value": 2.0, "reason": "too few steps"}
    assert rates["html_t5"][1] == {"value": 0.25, "reason": None}
    assert rates["cut"][1] == {"value": None, "reason": "not known"}


def test_time_and_memory_are_drawn_by_length(seen: View) -> None:
    (figure,), _ = parts(length_section(seen))
    found = {(r["panel"], r["series"], r["x"]): r["estimate"] for r in figure.data["rows"]}
    assert found["memory, MiB", "dense", 4096] == 160
    assert found["memory, MiB", "local and global", 16_384] == 160
    assert found["milliseconds a thousand tokens", "local", 1024] == pytest.approx(20 / 1.024)
    assert ("memory, MiB", "dense", 16_384) not in found


def test_what_was_not_made_has_no_section(seen: View, tmp_path: Path) -> None:
    bare = replace(seen, data=tmp_path, results=tmp_path)
    assert [one(bare) for one in (corpus_section, training_section, length_section)] == [None] * 3


def test_sections_are_pages(seen: View) -> None:
    made = [one(seen) for one in (corpus_section, training_section, length_section)]
    page = Document("t", "s", None, tuple(one for one in made if one))
    for text in (to_html(page), to_markdown(page)):
        assert "Loss while training" in text
        assert "What the encoder takes" in text
