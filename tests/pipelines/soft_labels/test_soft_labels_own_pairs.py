from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import datasets
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
        "good,good,0.9\n"
        "one,two,high\n"
        "one,two,1.5\n"
        "one,two,\n"
        "bad,good,0.2\n"
        "one\n"
        "one,two,nan\n"
    )
    found = _read(path)
    kept = [(pair.first.text, pair.second.text) for _, _, pair in found.pairs]
    assert sorted(kept) == [("Good!", "good"), ("good", "bad")]
    assert [(key, reason) for key, reason, _ in found.rejected] == [
        ("s|row-2", "empty"),
        ("s|row-4", "same_response_twice"),
        ("s|row-5", "bad_label"),
        ("s|row-6", "bad_label"),
        ("s|row-7", "bad_label"),
        ("s|row-8", "pooled"),
        ("s|row-9", "wrong_number_of_cells"),
        ("s|row-10", "bad_label"),
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


def test_a_comma_in_votes_is_no_decimal_mark(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text('a,b,x,y\none,two,"1,000",3\nthree,four,"0,5",2\n')
    found = _read(path, label=None, votes=["x", "y"])
    assert [reason for _, reason, _ in found.rejected] == ["bad_label"] * 2
    [(_, _, pair), *_] = _read(path, label="x").pairs
    assert pair.label.p in (0.0, 1.0)


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
        "eight,nine,1,validation\n"
    )
    found = _read(path, split="part")
    assert [split for split, _, _ in found.pairs] == ["train", "test", "dev"]
    assert [reason for _, reason, _ in found.rejected] == ["unknown_split", "in_another_split"]
    assert "'x' is none of train, dev, test" in found.rejected[0][2]


def test_a_split_that_is_full_leaves_rows_by_name(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(
        "a,b,p,part\n"
        + "".join(f"x{i},y{i},1,train\n" for i in range(4))
        + "v,w,1,dev\nt,u,1,test\n"
    )
    found = _read(path, split="part", train=3)
    assert len(found.pairs) == 5
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


def _jsonl(path: Path, *lines: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(
    ("labels", "p"),
    [([0.0, 1.0], 0.5), ([1.0, 1.0, 0.0], 2 / 3), ([0.9, 0.7], 0.8), ([1, 0, 0, 0], 0.75)],
)
def test_annotators_of_one_pair_are_pooled(tmp_path: Path, labels: list[float], p: float) -> None:
    path = _jsonl(tmp_path / "f.jsonl", *({"a": "x", "b": "y", "p": one} for one in labels))
    found = _read(path)
    [(_, _, pair)] = found.pairs
    assert pair.label.p == pytest.approx(p, abs=1e-9)
    assert [reason for _, reason, _ in found.rejected] == ["pooled"] * (len(labels) - 1)
    assert any("1 pairs stand in several rows" in note for note in found.notes)


def test_annotators_who_saw_the_pair_turned_round_are_pooled(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("a,b,x,y\none,two,3,1\ntwo,one,0,2\n")
    [(_, _, pair)] = _read(path, label=None, votes=["x", "y"]).pairs
    assert (pair.first.text, pair.label.num, pair.label.den) == ("one", 5, 6)


def test_the_same_responses_to_another_prompt_are_another_pair(tmp_path: Path) -> None:
    lines = [{"q": q, "a": "Yes", "b": "No", "p": p} for q, p in (("one", 1), ("two", 0))]
    found = _read(_jsonl(tmp_path / "f.jsonl", *lines), prompt="q")
    assert sorted((prompt, pair.first.text) for _, prompt, pair in found.pairs) == [
        ("one", "Yes"),
        ("two", "No"),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("    return 1\n", "return 1\n"),
        ("# Title\ntext", "Title text"),
        ("yes", "Yes"),
        ("A list:\n- x", "A list: - x"),
        ("**bold**", "bold"),
    ],
)
def test_texts_are_what_they_are_in_the_file(tmp_path: Path, first: str, second: str) -> None:
    path = _jsonl(tmp_path / "f.jsonl", {"a": first, "b": second, "p": 0.9})
    [(_, _, pair)] = _read(path).pairs
    assert (pair.first.text, pair.second.text) == (first, second)


@pytest.mark.parametrize(("label", "p"), [(None, 1.0), (0.8, 0.8), (1, 1.0)])
def test_a_label_for_all_rows_is_a_number(tmp_path: Path, label: float | None, p: float) -> None:
    path = _jsonl(tmp_path / "f.jsonl", {"a": "one", "b": "two"})
    found = _read(path, label=label)
    [(_, _, pair)] = found.pairs
    assert pair.label.p == p
    assert [note[:18] for note in found.notes] == (["no label or votes:"] if label is None else [])


@pytest.mark.parametrize(
    ("cell", "p"), [("0,9", 0.9), ("true", 1.0), ("False", 1.0), (True, 1.0), (False, 1.0)]
)
def test_labels_as_people_write_them(tmp_path: Path, cell: object, p: float) -> None:
    path = _jsonl(tmp_path / "f.jsonl", {"a": "one", "b": "two", "p": cell})
    [(_, _, pair)] = _read(path).pairs
    assert (pair.label.p, pair.swapped) == (p, str(cell).lower() == "false")


def test_scores_are_no_votes_and_no_probabilities(tmp_path: Path) -> None:
    path = _jsonl(tmp_path / "f.jsonl", {"a": "one", "b": "two", "p": 8.5, "x": 8.5, "y": 4.0})
    for changes in ({}, {"label": None, "votes": ["x", "y"]}):
        [(_, reason, detail)] = _read(path, **changes).rejected
        assert reason == "bad_label"
        assert "8.5" in detail


def test_conversations_are_read(tmp_path: Path) -> None:
    def said(role: str, text: str) -> list[dict[str, str]]:
        return [{"role": role, "content": text}]

    path = _jsonl(
        tmp_path / "f.jsonl",
        {"q": said("user", "Why?"), "a": said("assistant", "So."), "b": said("assistant", "No."),
         "p": 1},
        {"q": said("user", "Why?"), "a": [1], "b": said("assistant", "No."), "p": 1},
    )  # fmt: skip
    found = _read(path, prompt="q")
    [(_, prompt, pair)] = found.pairs
    assert (prompt, pair.first.text, pair.second.text) == ("Why?", "So.", "No.")
    [(key, reason, detail)] = found.rejected
    assert (key, reason) == ("s|row-2", "not_text")
    assert "something other than messages" in detail


def test_parts_of_a_dataset_are_its_splits(tmp_path: Path) -> None:
    names = {"train_prefs": 30, "test_prefs": 10, "extra": 2}
    made = {
        name: datasets.Dataset.from_list(
            [{"a": f"{name} a {i}", "b": f"{name} b {i}", "p": 1.0} for i in range(n)]
        )
        for name, n in names.items()
    }
    datasets.DatasetDict(made).save_to_disk(str(tmp_path / "d"))
    found = _read(tmp_path / "d", dev=3)
    where = Counter((split, pair.first.text.split("_")[0]) for split, _, pair in found.pairs)
    assert where == {("train", "train"): 27, ("dev", "train"): 3, ("test", "test"): 10}
    assert Counter(reason for _, reason, _ in found.rejected) == {"unknown_split": 2}


@pytest.mark.parametrize("codes", [("1", "2"), ("1", "-1"), ("0", "2", "-2", "1")])
def test_labels_in_another_code_are_refused_whole(tmp_path: Path, codes: tuple[str, ...]) -> None:
    path = tmp_path / "f.csv"
    rows = [f"x {i},y {i},{codes[i % len(codes)]}" for i in range(12)]
    path.write_text("a,b,p\n" + "\n".join(rows) + "\n")
    with pytest.raises(InputError, match="no probabilities") as caught:
        _read(path)
    assert caught.value.code == "bad_label"
    path.write_text("a,b,p\n" + "".join(f"x {i},y {i},{i % 2}\n" for i in range(12)) + "x,y,11\n")
    assert [reason for _, reason, _ in _read(path).rejected] == ["bad_label"]
