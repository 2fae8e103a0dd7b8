from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from measurand import rows
from measurand.errors import InputError
from measurand.row_folders import data_files, split_word


def _put(path: Path, *texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"q": list(texts)})
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        path.write_text("".join(json.dumps({"q": text}) + "\n" for text in texts))


def _read(folder: Path) -> list[tuple[str | None, str]]:
    return [(part, row["q"]) for _, row, part in rows.read(folder, ["q"]) if isinstance(row, dict)]


def test_a_clone_of_the_hub_is_read_with_its_parts(tmp_path: Path) -> None:
    _put(tmp_path / "data" / "train-00001-of-00002.parquet", "b")
    _put(tmp_path / "data" / "train-00000-of-00002.parquet", "a")
    _put(tmp_path / "data" / "validation-00000-of-00001.parquet", "c")
    _put(tmp_path / "data" / "test-00000-of-00001.parquet", "d")
    (tmp_path / "README.md").write_text("# Words\n")
    _put(tmp_path / ".cache" / "huggingface" / "x.parquet", "hidden")
    (tmp_path / "dataset_infos.json").write_text("{}")
    assert _read(tmp_path) == [("test", "d"), ("train", "a"), ("train", "b"), ("dev", "c")]


def test_folders_and_bare_files_say_their_parts(tmp_path: Path) -> None:
    _put(tmp_path / "train" / "0.jsonl", "a")
    _put(tmp_path / "test" / "0.jsonl", "b")
    assert _read(tmp_path) == [("test", "b"), ("train", "a")]
    one = tmp_path / "one"
    _put(one / "questions.jsonl", "x")
    assert _read(one) == [(None, "x")]


def test_rows_that_lie_there_twice_are_read_once(tmp_path: Path) -> None:
    _put(tmp_path / "f.parquet", "a")
    _put(tmp_path / "f.jsonl", "a")
    assert _read(tmp_path) == [(None, "a")]


CARD = """---
configs:
- config_name: {name}
  data_files:
  - split: train
    path: some/*.jsonl
  - split: held_out
    path: [other.jsonl]
---
# Card
"""


def test_the_card_decides(tmp_path: Path) -> None:
    _put(tmp_path / "some" / "test.jsonl", "a")
    _put(tmp_path / "other.jsonl", "b")
    _put(tmp_path / "unnamed.jsonl", "c")
    (tmp_path / "README.md").write_text(CARD.format(name="default"))
    assert _read(tmp_path) == [("train", "a"), ("held_out", "b")]
    two = CARD.format(name="x").replace("configs:", "configs:\n- {config_name: y, data_files: z}")
    (tmp_path / "README.md").write_text(two)
    with pytest.raises(InputError, match="holds several datasets: y, x"):
        _read(tmp_path)


@pytest.mark.parametrize(
    ("path", "named"),
    [("../*.jsonl", "names files elsewhere"), ("gone/*.jsonl", "which is not there")],
)
def test_a_card_cannot_lead_elsewhere(tmp_path: Path, path: str, named: str) -> None:
    _put(tmp_path / "secret.jsonl", "a")
    here = tmp_path / "d"
    _put(here / "other.jsonl", "b")
    (here / "README.md").write_text(CARD.format(name="default").replace("some/*.jsonl", path))
    with pytest.raises(InputError, match=named):
        _read(here)


def test_a_card_that_is_none_does_not_matter(tmp_path: Path) -> None:
    _put(tmp_path / "f.jsonl", "a")
    for card in ("---\nconfigs: [\n---\n", "---\nconfigs: 3\n---\n", "---\n- 1\n---\n"):
        (tmp_path / "README.md").write_text(card)
        assert _read(tmp_path) == [(None, "a")]


def test_words_for_parts() -> None:
    assert [split_word(w) for w in ("Train", "validation", "VAL", "train_prefs", "eval")] == [
        "train", "dev", "dev", "train", "test",
    ]  # fmt: skip
    assert [split_word(w) for w in ("", "unsupervised", "trains", "train-test", "7")] == [None] * 5


def test_text_beside_parquet_is_left_out_only_where_it_says_the_same(tmp_path: Path) -> None:
    _put(tmp_path / "train.parquet", "a")
    _put(tmp_path / "train.csv", "a")
    _put(tmp_path / "test.csv", "b")
    found = [(part, path.name) for part, path in data_files(tmp_path)]
    assert found == [("test", "test.csv"), ("train", "train.parquet")]


def test_a_card_without_a_name_for_the_part_states_none(tmp_path: Path) -> None:
    _put(tmp_path / "a.csv", "one")
    for split in ("", "    split:\n"):
        card = (
            f"---\nconfigs:\n- config_name: default\n  data_files:\n  - path: a.csv\n{split}---\n"
        )
        (tmp_path / "README.md").write_text(card)
        assert [part for part, _ in data_files(tmp_path)] == [None]
