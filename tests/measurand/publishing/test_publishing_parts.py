from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from toy_dataset import LIST, RATINGS, WORDS

from measurand.errors import InputError, VerifyError
from measurand.publishing.parts import read_parts, sources_of


def test_tables_with_their_files_and_declarations(dataset: Path) -> None:
    ratings, words = read_parts(dataset)
    assert (ratings.name, ratings.spec) == ("ratings", RATINGS)
    assert words.spec == WORDS
    assert list(words.files())[-2:] == ["rejected.parquet", "manifest.json"]
    assert words.size() == sum(p.stat().st_size for p in words.folder.glob("part-*"))
    groups = [
        pq.ParquetFile(p).metadata.row_group(i).total_byte_size
        for p in words.folder.glob("part-*")
        for i in range(pq.ParquetFile(p).num_row_groups)
    ]
    assert words.plain_size() == sum(groups)


def test_a_table_has_the_sources_of_what_it_was_made_from(dataset: Path) -> None:
    parts = read_parts(dataset)
    assert [sources_of(part, parts) for part in parts] == [(LIST,), (LIST,)]


def test_a_damaged_or_missing_dataset_is_refused(dataset: Path) -> None:
    with pytest.raises(InputError, match="build the dataset first"):
        read_parts(dataset / "nowhere")
    with pytest.raises(InputError, match="directly below"):
        read_parts(dataset / "words")
    shard = dataset / "words" / "part-00001-of-00003.parquet"
    content = bytearray(shard.read_bytes())
    content[40] ^= 1
    shard.write_bytes(content)
    with pytest.raises(VerifyError, match="part-00001-of-00003"):
        read_parts(dataset)
