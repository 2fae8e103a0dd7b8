from __future__ import annotations

from measurand.api.answers import ROLES
from measurand.api.frames import responses_of
from measurand.dialects import Dialect
from measurand.outputs import drawn
from measurand.rescoring.page import document
from measurand.rescoring.parsers import of_pattern
from measurand.rescoring.record import describe, score

COLUMNS = {role: role for role in ROLES}


def test_hostile_answers_are_text_and_what_changed_is_listed() -> None:
    n = 30
    table = {
        "item_id": [f"i{k}" for k in range(n)],
        "answer": [f"<script>alert(1)</script> {k % 2}" for k in range(n)],
        "target": ["1"] * n,
        "value": [0] * n,
    }
    found = describe(score(responses_of(table, Dialect()), of_pattern(r"\d$"), COLUMNS), "t", "x")
    page = drawn(document(found), "html")
    assert "<script>alert(1)" not in page
    text = drawn(document(found), "text")
    assert "Answers whose score changed" in text
    assert "new - old" in text
