from __future__ import annotations

from pathlib import Path

import pytest

from measurand.errors import InputError
from measurand.interop.read import read
from measurand.interop.rows import Wish
from measurand.results import LOGGED, RESULTS
from measurand.shards import write_dataset

TABLE = "model,item_id,value\na,1,1\na,2,0\n"


def test_our_own_results_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    rows = read([tmp_path / "t.csv"], Wish()).table
    write_dataset(tmp_path / "r" / "items", LOGGED, rows, params={"partial": True})
    found = read([tmp_path / "r"], Wish())
    assert found.origin == "Measurand"
    assert found.table.equals(rows.sort_by([(k, "ascending") for k in RESULTS.key]))
    assert "partial run" in found.notes[0]
    write_dataset(tmp_path / "r" / "more", LOGGED, rows)
    with pytest.raises(InputError, match="measurand compare"):
        read([tmp_path / "r" / "more", tmp_path / "r"], Wish())


def test_logs_come_before_tables_beside_them(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    (tmp_path / "samples_x.jsonl").write_text(
        '{"doc_id": 0, "doc": {}, "metrics": ["acc"], "acc": 1.0, "filter": "none"}\n'
    )
    assert read([tmp_path], Wish()).origin == "lm-evaluation-harness"


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        read([tmp_path / "nowhere"], Wish())
    assert caught.value.code == "no_file"
    with pytest.raises(InputError, match="no results at"):
        read([tmp_path], Wish())
    (tmp_path / "a.eval").write_bytes(b"")
    (tmp_path / "samples_x.jsonl").write_text("")
    with pytest.raises(InputError, match=r"lm-eval \(samples_x.jsonl\) and inspect"):
        read([tmp_path], Wish())


SAMPLE = '{"doc_id": 0, "doc": {}, "metrics": ["acc"], "acc": 1.0, "filter": "none"}\n'


def test_everything_in_a_folder_is_accounted_for(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "samples_x.jsonl").write_text(SAMPLE)
    (tmp_path / "results_2026-01-01T00-00-00.json").write_text("{}")
    account = read([tmp_path], Wish()).account
    assert [name for name, _ in account.read] == [str(tmp_path / "samples_x.jsonl")]
    assert {(e.kind, e.name) for e in account.left} == {
        ("file", "t.csv"), ("file", "results_2026-01-01T00-00-00.json"),
    }  # fmt: skip
    assert account.understood == ["1 other files hold no results (.txt)."]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "notes.txt", "x.json"])
def test_a_named_file_is_read_or_refused(tmp_path: Path, name: str) -> None:
    log = tmp_path / "samples_x.jsonl"
    log.write_text(SAMPLE)
    (tmp_path / name).write_text(TABLE)
    with pytest.raises(InputError) as caught:
        read([log, tmp_path / name], Wish())
    assert caught.value.code in ("two_harnesses", "not_read")
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "wish", [Wish(columns={"item_id": "q"}), Wish(values=("v",)), Wish(scale={"A": 1.0})]
)
def test_options_that_a_log_has_no_use_for_are_refused(tmp_path: Path, wish: Wish) -> None:
    (tmp_path / "samples_x.jsonl").write_text(SAMPLE)
    with pytest.raises(InputError, match="has no use for") as caught:
        read([tmp_path], wish)
    assert caught.value.code == "bad_argument"


def test_options_that_our_results_have_no_use_for_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    rows = read([tmp_path / "t.csv"], Wish()).table
    write_dataset(tmp_path / "r" / "items", LOGGED, rows)
    for wish in (Wish(cluster="x"), Wish(model="m"), Wish(by=("x",))):
        with pytest.raises(InputError, match="name their models"):
            read([tmp_path / "r"], wish)
    with pytest.raises(InputError, match="no results of ours"):
        read([tmp_path / "r", tmp_path / "t.csv"], Wish())


def test_a_results_file_is_a_companion_of_its_own_samples_alone(tmp_path: Path) -> None:
    time = "2026-01-01T00-00-00.000000"
    (tmp_path / f"samples_x_{time}.jsonl").write_text(SAMPLE)
    for name in (f"results_{time}.json", "results_.json", "results.json"):
        (tmp_path / name).write_text("{}")
    left = {e.name for e in read([tmp_path], Wish()).account.left if e.kind == "file"}
    assert left == {"results_.json", "results.json"}
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "samples_y.jsonl").write_text(SAMPLE)
    (tmp_path / "old" / "results.json").write_text("{}")
    assert not [e for e in read([tmp_path / "old"], Wish()).account.left if e.kind == "file"]


def test_hidden_files_and_links_are_accounted_for(tmp_path: Path) -> None:
    text = "item_id,value\n1,1\n2,0\n"
    folder = tmp_path / "d"
    (folder / ".ipynb_checkpoints").mkdir(parents=True)
    for name in ("a.csv", "._a.csv", ".ipynb_checkpoints/a-checkpoint.csv"):
        (folder / name).write_text(text)
    (folder / "latest.csv").symlink_to("a.csv")
    (folder / "gone.csv").symlink_to("nowhere.csv")
    found = read([folder], Wish())
    assert {r["model"] for r in found.table.to_pylist()} == {"a"}
    left = {
        (entry.name.rsplit("/", 1)[-1], entry.why.split(":")[0]) for entry in found.account.left
    }
    assert left == {
        ("._a.csv", "hidden"),
        ("a-checkpoint.csv", "hidden"),
        ("latest.csv", f"the same file as {folder / 'a.csv'}"),
        ("gone.csv", "a link to nothing"),
    }


def test_links_to_one_file_elsewhere_may_be_two_equal_results(tmp_path: Path) -> None:
    """A cache keeps equal files once."""
    (tmp_path / "cache").write_text("item_id,value\n1,1\n2,0\n")
    (tmp_path / "d").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "d" / name).symlink_to("../cache")
    found = read([tmp_path / "d"], Wish())
    assert {r["model"] for r in found.table.to_pylist()} == {"a", "b"}
