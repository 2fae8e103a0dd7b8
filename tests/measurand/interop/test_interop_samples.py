from __future__ import annotations

import math
from pathlib import Path

import pytest

from measurand.errors import InputError
from measurand.interop.account import Account
from measurand.interop.rows import Fields, Wish
from measurand.interop.samples import Sample, Samples, as_number, each_line, json_file, sha256


def test_numbers_are_told_from_words() -> None:
    assert as_number(True) == 1
    assert as_number("A", {"A": 4.0}) == 4
    assert as_number("A") is None
    assert as_number(10**400) == math.inf
    assert as_number([1]) is None


def test_every_sample_is_counted_once(tmp_path: Path) -> None:
    taken, account = Samples("t", "m", Wish(), Fields()), Account()
    taken.take(Sample("a", {"x": 1, "word": "yes"}))
    taken.take(Sample("a", {"x": None}))
    taken.take(Sample("b", {"x": math.nan}))
    taken.take(Sample("c", {}, failed="timeout"))
    rows = taken.table(account, tmp_path / "log").to_pylist()
    assert sorted((r["item_id"], r["repeat"], r["status"]) for r in rows) == [
        ("t/a", 0, "ok"),
        ("t/a", 1, "skipped"),
        ("t/b", 0, "model_error"),
        ("t/c", 0, "infra_error"),
    ]
    assert [(e.kind, e.name, e.n) for e in account.left] == [("metric", "t, word", 1)]
    assert (account.states[0].seen, account.states[0].scored) == (4, 3)


def test_content_has_one_hash_whatever_the_order() -> None:
    assert sha256({"a": 1, "b": "\ud800"}) == sha256({"b": "\ud800", "a": 1})


def test_what_is_no_json_is_named(tmp_path: Path) -> None:
    assert json_file(tmp_path / "none.json", "X") is None
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n\n[1]\n')
    taken: list[object] = []
    with pytest.raises(InputError, match="line 3"):
        each_line(tmp_path / "x.jsonl", "X", taken.append)
    assert taken == [{"a": 1}]
