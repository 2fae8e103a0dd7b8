from __future__ import annotations

import io
from typing import Any

import pytest

from measurand import keying, responses
from measurand.reporting.document import Document, Section, Table, Text, from_json, to_json
from measurand.reporting.terminal import to_text
from measurand.scales import page
from measurand.scales import record as records


def record(text: str, **options: Any) -> dict[str, Any]:
    table = responses.read(io.BytesIO(text.encode()), "answers.csv")
    return records.analyse(keying.without_key(table), resamples=0, **options)


AGREE = "a,b,c\n1,2,1\n2,1,2\n3,3,5\n4,5,4\n5,4,1\n"
AGAINST = "a,b,c\n1,2,5\n2,1,4\n3,3,3\n4,5,2\n5,4,1\n"


def tables(document: Document) -> dict[str, Table]:
    return {b.caption: b for s in document.sections for b in s.blocks if isinstance(b, Table)}


def test_a_document_of_plain_values() -> None:
    document = page.document(record(AGREE))
    assert from_json(to_json(document)) == document
    assert [s.title for s in document.sections] == ["Scales", "Scale all items", "Method"]
    assert document.verdict is None


def test_flipped_items_are_said_and_their_omega_shown() -> None:
    calm = to_text(page.document(record(AGREE)))
    warned = to_text(page.document(record(AGAINST)))
    assert "load against" not in calm
    assert "load against their scale: in all items" in warned
    rows = [row[0] for row in tables(page.document(record(AGAINST)))[
        "all items: figures with 95% interval"
    ].rows]  # fmt: skip
    assert "omega total, items flipped" in rows


def test_every_item_has_its_row_and_every_null_its_reason() -> None:
    document = page.document(record("a,b,c\n1,3,2\n2,3,4\n4,3,5\n"))
    rows = tables(document)["all items: items"].rows
    assert [row[0] for row in rows] == ["a", "b", "c"]
    why = "the item never varies and is left out of the scale"
    assert rows[1][2] == {"value": None, "reason": why}
    text = to_text(document)
    assert f") {why}\n" in text
    assert "b never vary and are left out; alpha is 0.963 without and 0.722 with them" in text


@pytest.mark.parametrize(("missing", "rule"), [("pairwise", "each pair"), ("listwise", "all its")])
def test_the_missing_rule_and_the_rows_are_said(missing: str, rule: str) -> None:
    text = to_text(page.document(record(AGREE + ",1,2\n,,\n", missing=missing)))
    assert rule in text
    assert "1 rows without any cell are left out" in text
    assert "6 of 6 rows have an answer, 5 are complete" in text
    assert f"{6 if missing == 'pairwise' else 5} used ({missing})" in text


def test_columns_left_out_are_listed_up_to_a_limit() -> None:
    names = ",".join(f"w{i}" for i in range(60))
    text = "a,b," + names + "\n" + "".join(f"{i},{i % 2}," + "x," * 59 + "x\n" for i in range(4))
    told = to_text(page.document(record(text)))
    assert "- 'w49': not numeric" in told
    assert "'w50'" not in told
    assert "- and 10 more" in told


def test_text_is_aligned_and_wrapped() -> None:
    document = Document(
        "T", "S", None,
        (Section("One", (Text("word " * 60), Table("C", ("name", "x"), (("a", 1.5), ("bcd", 22.25)),
                                                   ("note",)))),),
    )  # fmt: skip
    lines = to_text(document).splitlines()
    assert max(map(len, lines)) <= 96
    table = lines[lines.index("C") + 1 :]
    assert [line.split() for line in table[:3]] == [["name", "x"], ["a", "1.50"], ["bcd", "22.25"]]
    assert len({len(line) for line in table[:3]}) == 1  # numbers end in one column
    assert table[3] == "  note"


def test_a_table_of_judges_with_gaps_has_a_way_out() -> None:
    text = "a,b,c\n1,2,\n,3,4\n2,,1\n3,3,\n"
    told = to_text(page.document(record(text)))
    assert "measurand agreement" in told


def test_what_an_interval_is_worth_where_most_answers_are_the_same() -> None:
    rows = "\n".join("1,1,1,1" for _ in range(14))
    text = f"a,b,c,d\n{rows}\n3,4,4,3\n2,3,2,3\n4,5,5,4\n1,2,1,1\n2,2,3,2\n1,1,3,2\n"
    table = responses.read(io.BytesIO(text.encode()), "answers.csv")
    made = records.analyse(keying.without_key(table), resamples=100)
    first = page.document(made).sections[0]
    assert first.title == "Before you read on"
    [note] = first.blocks
    assert isinstance(note, Text)
    # 61 of 80 answers are 1.
    assert "Scale all items: 76% of the answers are the same: of 100 such intervals" in note.text
    without = records.analyse(keying.without_key(table), resamples=0)
    assert without["scales"][0]["caution"] is None
