from __future__ import annotations

from pathlib import Path

import pytest

from measurand.errors import InputError
from measurand.texts import normalise
from pipelines.soft_labels import own_pairs
from schemas.soft_labels.params import SPLITS, File, PairSet


def _set(path: Path, **changes: object) -> PairSet:
    source = {"kind": "file", "path": str(path), "first": "a", "second": "b", "label": "p"}
    source |= {k: v for k, v in changes.items() if k in File.model_fields}
    rest = {k: v for k, v in changes.items() if k not in File.model_fields}
    return PairSet.model_validate(
        {"id": "s", "source": source, "prompt": "Say:", "train": 99, "dev": 99, "test": 99, **rest}
    )


def _read(path: Path, **changes: object) -> own_pairs.Found:
    pairs = _set(path, **changes)
    assert isinstance(pairs.source, File)
    return own_pairs.read(pairs.source, pairs, 7)


def test_bad_rows_are_rejected_with_their_reason(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(
        "a,b,p\n"
        "good,bad,0.9\n"
        ",bad,0.9\n"
        "Good!,good,0.9\n"
        "one,two,high\n"
        "one,two,1.5\n"
        "one,two,\n"
        "bad,good,0.2\n"
        "one\n"
        "one,two,nan\n"
    )
    found = _read(path)
    assert [pair.first.text for _, _, pair in found.pairs] == ["good"]
    assert [(key, reason) for key, reason, _ in found.rejected] == [
        ("s|row-2", "empty"),
        ("s|row-3", "same_response_twice"),
        ("s|row-4", "bad_label"),
        ("s|row-5", "bad_label"),
        ("s|row-6", "bad_label"),
        ("s|row-7", "duplicate_pair"),
        ("s|row-8", "wrong_number_of_cells"),
        ("s|row-9", "bad_label"),
    ]
    assert found.origin.sha256 is not None


def test_the_preferred_response_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a,b,p\nbad,good,0.25\n")
    [(_, prompt, pair)] = _read(path).pairs
    assert (pair.first.text, pair.second.text, pair.label.p) == ("good", "bad", 0.75)
    assert (prompt, pair.swapped) == ("Say:", True)


def test_votes_are_counts(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a,b,x,y\none,two,3,1\nthree,four,0,0\nfive,six,1.5,1\nseven,eight,-1,2\n")
    found = _read(path, label=None, votes=["x", "y"])
    assert [(pair.label.num, pair.label.den) for _, _, pair in found.pairs] == [(3, 4)]
    assert [reason for _, reason, _ in found.rejected] == ["bad_label"] * 3


def test_no_response_is_in_two_splits_that_are_drawn(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    rows = [f"text {at},text {at + 1 + at % 3},0.8" for at in range(0, 400, 2)]
    path.write_text("a,b,p\n" + "\n".join(rows) + "\n")
    found = _read(path, train=999, dev=999, test=999)
    texts: dict[str, set[str]] = {name: set() for name in SPLITS}
    for split, _, pair in found.pairs:
        texts[split] |= {normalise(pair.first.text), normalise(pair.second.text)}
    assert all(texts.values())
    assert not texts["train"] & texts["test"]
    assert not texts["train"] & texts["dev"]
    assert not texts["dev"] & texts["test"]


def test_drawn_splits_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [f"t{at},t{at + 1 + at % 2},0.8" for at in range(0, 60, 3)]
    splits = []
    for order in (rows, rows[::-1]):
        path = tmp_path / f"{len(splits)}.csv"
        path.write_text("a,b,p\n" + "\n".join(order) + "\n")
        splits.append({pair.first.text: split for split, _, pair in _read(path).pairs})
    assert splits[0] == splits[1]


def test_own_splits_are_kept_and_cleared_of_shared_responses(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(
        "a,b,p,part\none,two,1,train\nthree,four,1,test\nthree,five,1,train\nsix,seven,1,x\n"
    )
    found = _read(path, split="part")
    assert [split for split, _, _ in found.pairs] == ["train", "test"]
    assert [reason for _, reason, _ in found.rejected] == ["unknown_split", "in_another_split"]


def test_a_split_that_is_full_leaves_rows_by_name(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a,b,p,part\n" + "".join(f"x{i},y{i},1,train\n" for i in range(4)))
    found = _read(path, split="part", train=3)
    assert len(found.pairs) == 3
    assert [reason for _, reason, _ in found.rejected] == ["not_asked_for"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no column 'p'"):
        _read(path)


def test_lengths_are_in_words(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a,b,p\none two,three four,1\none,three four,1\n")
    found = _read(path, words=[2, 2])
    assert [reason for _, reason, _ in found.rejected] == ["length"]
