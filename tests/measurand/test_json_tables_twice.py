"""A key that is given twice is refused wherever people write JSON by hand."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from measurand import row_formats
from measurand.errors import InputError
from measurand.interop.read import read as read_results
from measurand.interop.rows import Wish
from measurand.json_tables import once
from measurand.responses import read


def test_an_object_has_its_pairs() -> None:
    assert json.loads('{"a": {"b": 1}, "c": [{}]}', object_pairs_hook=once) == {
        "a": {"b": 1},
        "c": [{}],
    }
    with pytest.raises(ValueError, match="the key 'b' is given twice"):
        json.loads('{"a": {"b": 1, "c": 2, "b": 1}}', object_pairs_hook=once)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.json", '[{"item_id": "q1", "value": 1, "value": 0}]'),
        ("t.json", '{"q1": {"value": 1}, "q1": {"value": 0}, "q2": {"value": 1}}'),
        ("t.json", '{"item_id": ["q1"], "value": [1], "value": [0]}'),
        ("t.json", '[{"item_id": "q1", "doc": {"a": 1, "a": 2}}]'),
        ("t.jsonl", '{"item_id": "q1", "value": 1, "value": 0}\n'),
        ("t.jsonl", '{"item_id": "q1", "doc": {"a": 1, "a": 2}}\n'),
        ("t.jsonl", '{"item_id": "\\ud83d", "value": 1, "value": 0}\n'),
    ],
)
def test_tables_of_json(name: str, text: str) -> None:
    with pytest.raises(InputError, match="twice") as caught:
        read(io.BytesIO(text.encode()), name)
    assert caught.value.code == "bad_json"


def test_rows_are_rejected_and_a_whole_value_is_refused(tmp_path: Path) -> None:
    lines = tmp_path / "t.jsonl"
    lines.write_text('{"q": "a", "q": "b"}\n{"q": "c"}\n')
    (part,) = row_formats.parts(lines, ["q"])
    bad, good = part.rows
    assert isinstance(bad, row_formats.Unreadable)
    assert bad == ("bad_json_line", "the key 'q' is given twice")
    assert good == {"q": "c"}
    whole = tmp_path / "t.json"
    whole.write_text('[{"q": "a", "q": "b"}]')
    with pytest.raises(InputError, match="given twice"):
        list(row_formats.parts(whole, ["q"])[0].rows)


def test_chats_with_two_scores_of_one_name(tmp_path: Path) -> None:
    said = '"messages": [{"role": "user", "content": "x"}]'
    file = tmp_path / "chats.jsonl"
    file.write_text(
        f'{{"id": "a", {said}, "score": 1}}\n{{"id": "b", {said}, "score": 1, "score": 0}}\n'
    )
    with pytest.raises(InputError, match=r"line 2.*given twice") as caught:
        read_results([file], Wish())
    assert caught.value.code == "bad_log"
