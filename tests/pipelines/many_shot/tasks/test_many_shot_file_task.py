from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand import project, shards
from measurand.errors import InputError, ParamsError
from measurand.tables import Column, Table
from pipelines.many_shot.example import Drawn
from pipelines.many_shot.tasks import file_task
from pipelines.many_shot.verifiers import verify
from schemas.many_shot.params import Task

ROWS = [
    {"q": "How many legs has a cat?", "a": "4", "why": "Like a dog.", "g": "legs"},
    {"q": "And\na spider?", "a": "8", "why": "", "g": "legs"},
    {"q": "An octopus, in all?", "a": "8", "why": "Its name says it.", "g": "arms"},
]


def draw(path: Path, dev: int = 4, **more: Any) -> Drawn:
    source = {"kind": "file", "path": str(path), "question": "q", "answer": "a"} | more
    curves = [{"shots": [0], "seeds": 1}]
    task = Task.model_validate(
        {"id": "t", "source": source, "train": 1, "dev": dev, "test": 1, "curves": curves}
    )
    return file_task.draw(task, 0, Path())


def write(folder: Path, kind: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / f"task.{kind}"
    if kind in ("csv", "tsv", "CSV"):
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.DictWriter(file, list(rows[0]), delimiter="\t" if kind == "tsv" else ",")
            out.writeheader()
            out.writerows(rows)
    elif kind == "jsonl":
        path.write_text("\n\n".join(map(json.dumps, rows)), encoding="utf-8")
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "measurand":
        columns = tuple(Column(name, pa.string(), name) for name in rows[0])
        spec = Table("user.questions", "1.0.0", ("q",), columns)
        shards.write_dataset(path, spec, pa.Table.from_pylist(rows), params={})
    else:
        import datasets

        datasets.Dataset.from_list(rows).save_to_disk(str(path))
    return path


@pytest.mark.parametrize("kind", ["csv", "CSV", "tsv", "jsonl", "parquet", "hf", "measurand"])
def test_every_format_gives_the_same_examples(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind, ROWS)
    drawn = draw(path, rationale="why", group="g", licence="CC0-1.0")
    key = {e.input: e for e in drawn.examples}
    assert key.keys() == {row["q"] for row in ROWS}
    for row in ROWS:
        example = key[row["q"]]
        assert (example.target, example.group) == (row["a"], row["g"])
        assert example.rationale == (row["why"] or None)
        assert example.rationale_source == ("human" if row["why"] else "none")
        assert example.verifier == "exact"
    assert {e.key for e in drawn.examples} == {"row-1", "row-2", "row-3"}
    assert drawn.rejected == []
    [origin] = drawn.sources
    assert (origin.name, origin.licence) == (path.name, "CC0-1.0")
    if path.is_file():
        assert origin.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("names", "where"),
    [
        (("train", "test"), {"row-1": "train", "row-2": "train", "row-3": "test"}),
        (("train", "validation"), {"row-1": "train", "row-2": "train", "row-3": "test"}),
        (("validation", "test"), {"row-1": "dev", "row-2": "dev", "row-3": "test"}),
        (("train_a", "train_b"), None),
    ],
)
def test_parts_of_a_dataset_dict_are_its_splits(
    tmp_path: Path, names: tuple[str, str], where: dict[str, str] | None
) -> None:
    import datasets

    parts = dict(zip(names, (ROWS[:2], ROWS[2:]), strict=True))
    made = datasets.DatasetDict({k: datasets.Dataset.from_list(v) for k, v in parts.items()})
    made.save_to_disk(str(tmp_path / "d"))
    drawn = draw(tmp_path / "d")
    assert [e.input for e in drawn.examples] == [row["q"] for row in ROWS]
    assert drawn.split == where


@pytest.mark.parametrize(
    ("splits", "dev", "said"),
    [
        ("train train test", 4, ["no dev split to use"]),
        ("train train test", 0, []),
        ("train dev test", 4, []),
        ("dev dev test", 4, []),
        ("train dev dev", 4, ["no test split", "no dev split to use"]),
        ("train dev dev", 0, ["no test split"]),
        ("train train train", 4, ["has train alone: splits are drawn"]),
    ],
)
def test_splits_that_the_file_lacks_are_told(
    tmp_path: Path, splits: str, dev: int, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    some = [{"q": str(i), "a": "x", "s": s} for i, s in enumerate(splits.split())]
    draw(write(tmp_path, "csv", some), dev, split="s")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(said)
    assert all(part in line for part, line in zip(said, lines, strict=True))


def test_a_column_states_splits(tmp_path: Path) -> None:
    some = [{"q": str(i), "a": "x", "s": s} for i, s in enumerate(("Train", "val", "test", "?"))]
    drawn = draw(write(tmp_path, "csv", some), split="s")
    assert drawn.split == {"row-1": "train", "row-2": "dev", "row-3": "test"}
    assert [(r.key, r.reason) for r in drawn.rejected] == [("row-4", "unknown_split")]


@pytest.mark.parametrize(
    ("value", "options", "answer"),
    [
        (True, ["true", "false"], "true"),
        (False, ["True", "False"], "False"),
        (True, ["yes", "no"], None),
        (1, ["0", "1"], "1"),
        (1.0, ["0", "1"], "1"),
        ("TRUE", ["true", "false"], None),
        ([" a ", "a"], ["a", "b"], "a"),
        (["a", "b"], ["a", "b"], None),
    ],
)
def test_values_are_the_options_that_they_are(
    tmp_path: Path, value: Any, options: list[str], answer: str | None
) -> None:
    path = write(tmp_path, "jsonl", [{"q": "x", "a": value}])
    drawn = draw(path, options=options)
    assert [e.target for e in drawn.examples] == ([] if answer is None else [answer])
    if answer is None and not isinstance(value, list):
        assert repr(value) in drawn.rejected[0].detail


@pytest.mark.parametrize(
    ("options", "expected"), [(["no", "yes"], "yes"), (["0", "1"], "1"), (["a", "b"], None)]
)
def test_classes_are_options_by_name_or_number(
    tmp_path: Path, options: list[str], expected: str | None
) -> None:
    import datasets

    features = datasets.Features(
        {"q": datasets.Value("string"), "a": datasets.ClassLabel(names=["no", "yes"])}
    )
    made = datasets.Dataset.from_dict({"q": ["x"], "a": [1]}, features)
    made.save_to_disk(str(tmp_path / "d"))
    drawn = draw(tmp_path / "d", options=options)
    assert [e.target for e in drawn.examples] == ([] if expected is None else [expected])
    if expected is None:
        assert drawn.rejected[0].detail == "'yes' (class 1) is none of ['a', 'b']"


def test_several_right_answers_are_all_right(tmp_path: Path) -> None:
    some: list[dict[str, Any]] = [
        {"q": "1", "a": ["USA", "United States", " USA "]},
        {"q": "2", "a": "Bonn"},
        {"q": "2", "a": "Berlin"},
        {"q": "2", "a": "Bonn"},
        {"q": "3", "a": {"text": ["x", "y"], "answer_start": [1, 2]}},
    ]
    path = write(tmp_path, "jsonl", some)
    drawn = draw(path)
    assert [(e.target, e.details) for e in drawn.examples] == [
        ("USA", {"aliases": ["United States"]}),
        ("Bonn", {"aliases": ["Berlin"]}),
    ]
    assert sorted((r.key, r.reason) for r in drawn.rejected) == [
        ("row-3", "pooled"),
        ("row-4", "duplicate_question"),
        ("row-5", "not_text"),
    ]
    path.write_text(json.dumps(some[4]))
    [squad] = draw(path, answer="a.text").examples
    assert (squad.target, squad.details) == ("x", {"aliases": ["y"]})
    assert verify("exact", "Y.", squad.target, squad.details).correct
    assert not verify("exact", "z", squad.target, squad.details).correct


def test_annotators_vote_among_options(tmp_path: Path) -> None:
    votes = [("1", "yes"), ("1", "no"), ("1", "no"), ("2", "yes"), ("2", "no"), ("3", "yes")]
    path = write(tmp_path, "csv", [{"q": q, "a": a} for q, a in votes])
    drawn = draw(path, options=["yes", "no"])
    assert [(e.input, e.target, e.key) for e in drawn.examples] == [
        ("1", "no", "row-2"),
        ("3", "yes", "row-6"),
    ]
    assert Counter(r.reason for r in drawn.rejected) == {
        "outvoted": 1,
        "duplicate_question": 1,
        "answers_disagree": 2,
    }


def test_questions_are_what_they_are_in_the_file(tmp_path: Path) -> None:
    texts = ["    return 1", "return 1", "Return 1", "return 1 "]
    path = write(tmp_path, "jsonl", [{"q": text, "a": f" {i} "} for i, text in enumerate(texts)])
    drawn = draw(path)
    assert [e.input for e in drawn.examples] == texts
    assert [e.target for e in drawn.examples] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("kind", ["measurand", "hf"])
def test_a_folders_hash_tells_its_content(tmp_path: Path, kind: str) -> None:
    hashes = []
    for name, rows in (("one", ROWS), ("two", ROWS), ("three", ROWS[:2])):
        (tmp_path / name).mkdir()
        drawn = draw(write(tmp_path / name, kind, rows))
        [origin] = drawn.sources
        assert origin.sha256 is not None
        assert drawn.version == origin.sha256[:16]
        hashes.append(origin.sha256)
    assert hashes[0] == hashes[1] != hashes[2]


BAD = [
    ({"q": "  ", "a": "1"}, "empty_question"),
    ({"q": None, "a": "1"}, "empty_question"),
    ({"a": "1"}, "empty_question"),
    ({"q": "b", "a": ""}, "empty_answer"),
    ({"q": "c"}, "empty_answer"),
    ({"q": "d", "a": float("nan")}, "empty_answer"),
    ({"q": "e", "a": "1\n\n2"}, "answer_holds_a_stop"),
    ({"q": "f", "a": "seven"}, "not_a_number"),
    ({"q": "g", "a": "1,2,3"}, "not_a_number"),
    ({"q": "h", "a": "1_000"}, "not_a_number"),
    ({"q": "i", "a": "inf"}, "not_a_number"),
    ({"q": "j", "a": [[1]]}, "not_text"),
    ({"q": "j", "a": []}, "empty_answer"),
    ({"q": {"text": "k"}, "a": "1"}, "not_text"),
    ({"q": "good", "a": "1"}, "duplicate_question"),
]


def test_bad_rows_are_rejected_with_their_reason_and_counted(tmp_path: Path) -> None:
    lines = [json.dumps({"q": "good", "a": 1}), *(json.dumps(row) for row, _ in BAD)]
    lines += ["{not json", "[1, 2]", json.dumps({"q": "last", "a": "$1,234.5"})]
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    drawn = draw(path, verifier="numeric", tolerance=0.5)
    assert [(e.input, e.target, e.key) for e in drawn.examples] == [
        ("good", "1", "row-1"),
        ("last", "$1,234.5", f"row-{len(lines)}"),
    ]
    assert drawn.examples[0].details == {"tolerance": 0.5}
    expected = [reason for _, reason in BAD] + ["bad_json_line", "bad_json_line"]
    found = sorted(drawn.rejected, key=lambda r: int(r.key.partition("-")[2]))
    assert [r.reason for r in found] == expected
    assert [r.key for r in found] == [f"row-{i}" for i in range(2, len(lines))]


def test_options_are_the_only_answers(tmp_path: Path) -> None:
    path = write(tmp_path, "csv", [{"q": "1", "a": "yes"}, {"q": "2", "a": "Yes"}])
    drawn = draw(path, options=["yes", "no"])
    assert drawn.examples[0].options == ("yes", "no")
    [rejected] = drawn.rejected
    assert rejected == ("row-2", "answer_not_in_options", "'Yes' is none of ['yes', 'no']")


def test_rows_of_a_table_with_other_numbers_of_cells(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('q,a\n1,one\n2,two,too\n\n3\n4,"fo\nur"\n5,five\n')
    drawn = draw(tmp_path / "t.csv")
    assert [e.target for e in drawn.examples] == ["one", "fo\nur", "five"]
    assert Counter(r.reason for r in drawn.rejected) == {"wrong_number_of_cells": 2}


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["q", "a", "other"]),
            st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
        ),
        max_size=12,
    )
)
def test_rows_in_are_rows_used_and_rejected(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    rows = [{"q": "first", "a": "first"}, *rows]
    path = write(tmp_path_factory.mktemp("rows"), "jsonl", rows)
    drawn = draw(path)
    keys = [e.key for e in drawn.examples] + [r.key for r in drawn.rejected]
    assert sorted(keys) == sorted(f"row-{i}" for i in range(1, len(rows) + 1))
    assert len({e.input for e in drawn.examples}) == len(drawn.examples)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"q,a\n", "holds no rows"),
        ("t.jsonl", b"\n", "holds no rows"),
        ("t.csv", b"question,a\n1,2\n", r"no column 'q' \(its columns are: question, a\)"),
        ("t.jsonl", b'{"q": 1}\n{"q": 2, "b": 3}', r"no column 'a' \(its columns are: q, b\)"),
        ("t.csv", b"q,a,a\n1,2,3\n", "names a column twice"),
        ("t.csv", b"q,a\n1,\xff\xfe\n", "cannot be read"),
        ("t.csv", b'q,a\n1,2\n"3,4\n5,6\n', "cannot be read after row 1"),
        ("t.jsonl", b'{"q": "\xff", "a": "1"}', "cannot be read"),
        ("t.parquet", b"no parquet at all", "is no Parquet file"),
        ("t.xlsx", b"PK", r"unknown format \(give one of: .csv, .tsv"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        draw(tmp_path / name)


def test_folders_that_hold_no_dataset_are_named(tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    with pytest.raises(InputError, match="holds no dataset"):
        draw(tmp_path / "some")


def test_missing_optional_columns_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "csv", ROWS)
    with pytest.raises(InputError, match="no column 'solution'"):
        draw(path, rationale="solution")
    with pytest.raises(InputError, match="no column 'topic'"):
        draw(path, group="topic")


def test_relative_paths_start_at_the_projects_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "deep" / "down").mkdir(parents=True)
    write(tmp_path, "csv", ROWS)
    monkeypatch.chdir(tmp_path / "deep" / "down")
    assert project.find_root() == tmp_path
    assert len(draw(Path("task.csv")).examples) == 3
    with pytest.raises(InputError, match=r"other.csv: no such file or folder"):
        draw(Path("other.csv"))


def test_verifiers_are_tried_before_the_file_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "csv", ROWS)
    with pytest.raises(ParamsError, match="no regular expression"):
        draw(path, verifier="regex", pattern="({answer}")
    with pytest.raises(ParamsError, match="cannot be loaded"):
        draw(path, verifier="callable", function="no_such_module:f")
    drawn = draw(path, verifier="regex", pattern="{answer}[.]?")
    assert drawn.examples[0].details == {"pattern": "{answer}[.]?"}
