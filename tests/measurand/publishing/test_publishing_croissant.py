from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from measurand.publishing import publication
from measurand.publishing.croissant import FILE, left_out
from measurand.publishing.parts import read_parts
from measurand.shards import read_table


@pytest.fixture
def folder(dataset: Path, tmp_path: Path) -> Path:
    found = publication.prepare("toy", dataset, about="Toy.", own="MIT", repo=None)
    publication.write(found, tmp_path / "out")
    return tmp_path / "out"


def test_every_file_is_named_with_its_hash(folder: Path) -> None:
    described = json.loads((folder / FILE).read_text())
    sums = publication.read_sums((folder / publication.SUMS).read_text())
    objects = [d for d in described["distribution"] if d["@type"] == "cr:FileObject"]
    assert {o["contentUrl"]: o["sha256"] for o in objects} == {
        path: digest for path, digest in sums.items() if "/part-" in path
    }
    assert described["license"] == ["https://spdx.org/licenses/MIT.html"]
    assert described["version"] == "1.2.0"
    assert described["url"].startswith("urn:sha256:")


def test_nested_columns_are_named_as_left_out(dataset: Path, folder: Path) -> None:
    ratings, words = read_parts(dataset)
    assert (left_out(ratings), left_out(words)) == ((), ("pair",))
    described = json.loads((folder / FILE).read_text())
    assert "pair are nested" in described["recordSet"][1]["description"]


@pytest.mark.filterwarnings("ignore")
def test_mlcroissant_validates_and_streams_the_rows(dataset: Path, folder: Path) -> None:
    mlc = pytest.importorskip("mlcroissant")
    loaded = mlc.Dataset(str(folder / FILE))
    assert not loaded.metadata.ctx.issues.errors
    for name in ("ratings", "words"):
        expected = read_table(dataset / name)
        rows = [
            {key.partition("/")[2]: plain(value) for key, value in record.items()}
            for record in loaded.records(name)
        ]
        wanted = expected.drop_columns(["pair"] if name == "words" else []).to_pylist()
        assert sorted(rows, key=str) == sorted(wanted, key=str)


@pytest.mark.filterwarnings("ignore")
def test_mlcroissant_rejects_a_flipped_byte(folder: Path) -> None:
    mlc = pytest.importorskip("mlcroissant")
    [shard] = (folder / "data" / "ratings").glob("part-*")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(Exception, match="Download") as caught:
        list(mlc.Dataset(str(folder / FILE)).records("ratings"))
    assert "Hash of downloaded file" in str(caught.value.__cause__)


def plain(value: Any) -> Any:
    """mlcroissant gives texts as bytes."""
    if isinstance(value, bytes):
        return value.decode()
    return [plain(v) for v in value] if isinstance(value, list) else value


def test_types_that_croissant_knows() -> None:
    from measurand.publishing.croissant import _data_type

    assert _data_type(pa.list_(pa.float32())) == "sc:Float"
    assert _data_type(pa.timestamp("s")) == "sc:DateTime"
    assert _data_type(pa.dictionary(pa.int8(), pa.string())) == "sc:Text"
    assert _data_type(pa.list_(pa.list_(pa.int8()))) is None
