from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import datasets
import pyarrow as pa
import pytest
from toy_dataset import LIST, RATINGS, WORDS, words
from toy_dataset import write as write_toy

from measurand.errors import InputError
from measurand.publishing import publication
from measurand.publishing.publication import SUMS, Publication, write
from measurand.shards import iter_shards, write_dataset
from measurand.verification import verify


def prepare(dataset: Path) -> Publication:
    return publication.prepare("toy", dataset, about="Toy.\n\nMore.", own="MIT", repo=None)


def files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_load_dataset_gives_the_same_rows_offline(dataset: Path, tmp_path: Path) -> None:
    write(prepare(dataset), tmp_path / "out")
    for name in ("ratings", "words"):
        rows = datasets.load_dataset(
            str(tmp_path / "out"), name, split="train", cache_dir=str(tmp_path / "cache")
        )
        ours = pa.concat_tables([table for _, table in iter_shards(dataset / name)])
        assert rows.to_list() == ours.to_pylist()


def test_a_table_without_rows_is_published_and_is_no_configuration(
    dataset: Path, tmp_path: Path
) -> None:
    write_dataset(dataset / "none", RATINGS, RATINGS.schema().empty_table())
    write(prepare(dataset), tmp_path / "out")
    assert datasets.get_dataset_config_names(str(tmp_path / "out")) == ["ratings", "words"]
    assert verify(tmp_path / "out" / "data") == []
    card = (tmp_path / "out" / "README.md").read_text()
    assert "Without rows, and so no configuration: `none`." in card


def test_two_publications_are_equal_and_check_themselves(dataset: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(prepare(dataset), tmp_path / name)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    check = ["sha256sum", "--check", "--quiet", "--strict", SUMS]
    assert subprocess.run(check, cwd=tmp_path / "one", check=False).returncode == 0
    assert verify(tmp_path / "one" / "data") == []


_PUBLISHES = """
import sys, time
from pathlib import Path
from measurand.publishing import publication

def copy(found, folder):
    print("works", flush=True)
    time.sleep(60)

publication.copy = copy
found = publication.prepare("toy", Path(sys.argv[1]), about="Toy.", own="MIT", repo=None)
publication.write(found, Path(sys.argv[2]))
"""


def test_two_at_once_into_one_folder(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = subprocess.Popen(
        [sys.executable, "-c", _PUBLISHES, str(dataset), str(out)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "works\n"
        with pytest.raises(InputError, match=f"process {first.pid}") as caught:
            write(prepare(dataset), out)
        assert caught.value.code == "folder_in_use"
    finally:
        first.kill()
        first.wait()
    for _ in range(2):  # the lock went with its process, and the second time there is something
        write(prepare(dataset), out)
        assert (out / SUMS).is_file()


@pytest.mark.parametrize("where", [8, -20])
def test_a_flipped_byte_is_rejected(dataset: Path, tmp_path: Path, where: int) -> None:
    write(prepare(dataset), tmp_path / "out")
    shard = tmp_path / "out" / "data" / "words" / "part-00002-of-00003.parquet"
    content = bytearray(shard.read_bytes())
    content[where] ^= 1
    shard.write_bytes(content)
    check = ["sha256sum", "--check", "--status", SUMS]
    assert subprocess.run(check, cwd=tmp_path / "out", check=False).returncode == 1
    assert "part-00002" in verify(tmp_path / "out" / "data")[0]


def test_an_earlier_publication_is_replaced_whole(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(prepare(dataset), out)
    shutil.rmtree(dataset / "ratings")
    write(prepare(dataset), out)
    assert not (out / "data" / "ratings").exists()
    assert {p.name for p in tmp_path.iterdir()} == {"dataset", "out"}


def test_what_somebody_else_wrote_is_left_alone(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="no publication"):
        write(prepare(dataset), out)
    (out / "thesis.txt").rename(tmp_path / "thesis.txt")
    write(prepare(dataset), out)
    (tmp_path / "thesis.txt").rename(out / "thesis.txt")
    with pytest.raises(InputError, match=r"thesis\.txt"):
        write(prepare(dataset), out)
    (out / "thesis.txt").unlink()
    (out / "README.md").write_text("edited by hand")
    with pytest.raises(InputError, match=r"README\.md"):
        write(prepare(dataset), out)


def test_the_logical_hash_depends_on_rows_not_on_files(dataset: Path, tmp_path: Path) -> None:
    same = prepare(write_toy(tmp_path / "again")).digest
    assert prepare(dataset).digest == same
    assert prepare(write_toy(tmp_path / "more", n=41)).digest != same


def test_a_card_for_the_hub_names_the_repository(dataset: Path) -> None:
    found = publication.prepare("toy", dataset, about="Toy.", own="MIT", repo="me/toy")
    assert b'load_dataset("me/toy"' in found.files["README.md"]  # type: ignore[operator]
    assert b"huggingface.co/datasets/me/toy" in found.files["croissant.json"]  # type: ignore[operator]


@pytest.mark.parametrize(("n", "n_shards"), [(3, 8), (1, 3), (2, 16)])
def test_a_table_with_empty_shards_loads(tmp_path: Path, n: int, n_shards: int) -> None:
    table = words(n)
    made = write_dataset(
        tmp_path / "d" / "words", WORDS, table, n_shards=n_shards,
        sources=[LIST],
    )  # fmt: skip
    assert not all(shard.rows for shard in made.shards)
    found = publication.prepare("toy", tmp_path / "d", about="Toy", own="MIT", repo=None)
    publication.write(found, tmp_path / "pub")
    rows = datasets.load_dataset(
        str(tmp_path / "pub"), "words", split="train", cache_dir=str(tmp_path / "cache")
    )
    assert sorted(rows["word_id"]) == sorted(table.column("word_id").to_pylist())
