from __future__ import annotations

import io

from measurand.outputs import drawn
from measurand.raters import record as agreement
from measurand.raters.page import document
from measurand.responses import read

TEXT = "text,J0,J1,J2\na,1,1,\nb,2,,2\nc,,3,1\nd,4,4,4\ne,2,,\n"


def test_units_used_are_printed_beside_every_figure() -> None:
    ratings = agreement.read(read(io.BytesIO(TEXT.encode()), "t.csv"), (), {})
    record = agreement.analyse(ratings, resamples=0)
    made = document(record)
    assert "'text' (not numeric)" in made.sections[0].blocks[0].text
    [table] = made.sections[1].blocks
    assert [row[2] for row in table.rows] == [4, 5, 5, 5]
    assert "4 of 5 units have two ratings" in table.notes[0]
    [pairs] = made.sections[2].blocks
    assert [(row[0], row[1]) for row in pairs.rows] == [
        ("J0 - J1", 2),
        ("J0 - J2", 2),
        ("J1 - J2", 2),
    ]
    for form in ("text", "md", "html"):
        assert "Krippendorff" in drawn(document(record), form)


def test_an_undefined_figure_has_its_reason() -> None:
    text = "text,J0,J1\na,1,\nb,,2\nc,3,\n"
    ratings = agreement.read(read(io.BytesIO(text.encode()), "t.csv"), ["J0", "J1"], {})
    page = drawn(document(agreement.analyse(ratings, resamples=0)), "text")
    assert "no unit with two ratings" in page
    assert "no unit in common" in page
