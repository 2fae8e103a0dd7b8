from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_example import example

from measurand.errors import InputError
from measurand.reporting.document import (
    Document,
    Figure,
    Opening,
    Section,
    Table,
    Text,
    from_json,
    to_json,
)


def with_data(data: dict[str, object]) -> Document:
    return Document("t", "", None, (Section("s", (Figure("forest", "f", "d", data),)),))


def test_json_is_canonical_and_comes_back() -> None:
    text = to_json(example())
    assert text == to_json(from_json(text)) == to_json(example())
    assert from_json(to_json(from_json(text))) == from_json(text)
    assert text.isascii()
    assert text.endswith("}\n")
    keys = list(json.loads(text))
    assert keys == sorted(keys)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_every_bit(value: float) -> None:
    back = from_json(to_json(with_data({"rows": [value]}))).sections[0].blocks[0]
    assert isinstance(back, Figure)
    assert back.data["rows"] == [value]
    assert not re.search(r"-0[.]0\s", to_json(with_data({"rows": [value]})))


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    document = Document(text, "", None, (Section("s", (Text(text, True),), text),), {"k": text})
    assert from_json(to_json(document)) == document


def test_array_scalars_become_numbers() -> None:
    data = {
        "a": np.float64(0.5),
        "b": np.int64(3),
        "c": np.array([[1.0, 2.0]]),
        "d": np.bool_(True),
    }
    block = from_json(to_json(with_data(data))).sections[0].blocks[0]
    assert isinstance(block, Figure)
    assert block.data == {"a": 0.5, "b": 3, "c": [[1.0, 2.0]], "d": True}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan"), {1, 2}, b"x"])
def test_what_json_cannot_hold_is_named(value: object) -> None:
    with pytest.raises(InputError, match=r"report\.sections\[0\]\.blocks\[0\]\.data\.x"):
        to_json(with_data({"x": value}))


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"title": NaN}', '{"sections": [1]}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        from_json(text)
    assert caught.value.code == "bad_report"


def test_a_row_without_all_its_cells_is_refused() -> None:
    with pytest.raises(InputError, match="row 1 has 1 cells, not 2"):
        Table("t", ("a", "b"), [("x", 1), ("y",)])


@pytest.mark.parametrize("findings", [(), ("x",) * 6])
def test_a_first_screen_has_one_to_five_findings(findings: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="findings do not open a report"):
        Opening(findings)


def test_a_report_of_an_earlier_version_has_no_opening_and_folds_nothing() -> None:
    packed = json.loads(to_json(example()))
    del packed["opening"]
    for section in packed["sections"]:
        del section["folded"]
    back = from_json(json.dumps(packed))
    assert back.opening is None
    assert {section.folded for section in back.sections} == {False}


def test_an_opening_without_picture_or_with_a_table_for_one() -> None:
    plain = Document("t", "", None, (), {}, Opening(("One.", "Two.")))
    assert from_json(to_json(plain)) == plain
    packed = json.loads(to_json(plain))
    packed["opening"]["picture"] = {"block": "text", "text": "x", "verbatim": False}
    with pytest.raises(InputError, match="the picture is no figure"):
        from_json(json.dumps(packed))
