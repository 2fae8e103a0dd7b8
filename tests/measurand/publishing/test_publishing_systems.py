"""What every system publishes: the same rows everywhere, checked by other people's readers."""

from __future__ import annotations

import importlib
import json
import math
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from system_datasets import BUILDS, ROOT

from measurand.doctor import BROWSERS
from measurand.errors import InfraError
from measurand.publishing import publication
from measurand.publishing.croissant import FILE, left_out
from measurand.publishing.parts import Part, read_parts
from measurand.publishing.publication import SUMS
from measurand.shards import iter_shards, read_table
from measurand.verification import verify

SYSTEMS = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["systems"]
pytestmark = pytest.mark.integration


NEEDS = {"compwob": (), "webagent": ("chromedriver", "bwrap")}
"""Systems whose build needs a browser, and what else it needs."""


def marked(name: str) -> Any:
    missing = [program for program in NEEDS.get(name, ()) if shutil.which(program) is None]
    missing += [] if any(map(shutil.which, BROWSERS)) else [BROWSERS[0]]
    skipped = pytest.mark.skipif(bool(missing), reason=f"not on the PATH: {', '.join(missing)}")
    return pytest.param(name, marks=(pytest.mark.browser, skipped) if name in NEEDS else ())


@pytest.fixture(scope="module", params=[marked(name) for name in BUILDS])
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, toy_model_folder: Path
) -> tuple[str, Path]:
    """Name of a system, and a folder with its ``dataset/`` and two publications of it."""
    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    try:
        BUILDS[name](folder, toy_model_folder)
    except InfraError as error:
        pytest.skip(f"no package index: {error}")
    about = importlib.import_module(f"schemas.{name}").__doc__ or ""
    for out in ("one", "two"):
        made = publication.prepare(
            name, folder / "dataset", about=about, own="Apache-2.0", repo=None
        )
        publication.write(made, folder / out)
    return name, folder


def test_every_system_of_the_project_is_tried() -> None:
    assert set(SYSTEMS) <= set(BUILDS)


def test_two_publications_are_equal_byte_by_byte_and_check_themselves(
    system: tuple[str, Path],
) -> None:
    _, folder = system
    first, second = (
        {
            p.relative_to(folder / out): p.read_bytes()
            for p in (folder / out).rglob("*")
            if p.is_file()
        }
        for out in ("one", "two")
    )
    assert first == second
    check = ["sha256sum", "--check", "--quiet", "--strict", SUMS]
    assert subprocess.run(check, cwd=folder / "one", check=False).returncode == 0
    assert verify(folder / "one" / "data") == []


def test_load_dataset_gives_the_same_rows_offline(
    system: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError(f"a connection was asked for: {args}")

    monkeypatch.setattr("socket.socket.connect", refuse)
    _, folder = system
    parts = read_parts(folder / "dataset")
    names = {part.name for part in parts if part.manifest.rows}
    assert set(datasets.get_dataset_config_names(str(folder / "one"))) == names
    for part in (part for part in parts if part.name in names):
        rows = datasets.load_dataset(
            str(folder / "one"), part.name, split="train", cache_dir=str(tmp_path)
        )
        assert rows.column_names == [c.name for c in part.spec.columns]
        ours = pa.concat_tables([table for _, table in iter_shards(part.folder)])
        assert rows.to_list() == ours.to_pylist()


@pytest.mark.filterwarnings("ignore")
def test_mlcroissant_validates_and_streams_the_rows(system: tuple[str, Path]) -> None:
    mlc = pytest.importorskip("mlcroissant")
    _, folder = system
    loaded = mlc.Dataset(str(folder / "one" / FILE))
    assert not loaded.metadata.ctx.issues.errors
    for part in read_parts(folder / "dataset"):
        rows = (
            {key.partition("/")[2]: value for key, value in record.items()}
            for record in loaded.records(part.name)
        )
        wanted = read_table(part.folder).drop_columns(list(left_out(part))).to_pylist()
        assert counted(part, rows) == counted(part, iter(wanted))


def counted(part: Part, rows: Iterator[dict[str, Any]]) -> Counter[str]:
    """Rows as text, counted: mlcroissant has an order of its own."""
    types = {c.name: c.dtype for c in part.spec.columns}
    return Counter(
        json.dumps({name: plain(value, types[name]) for name, value in row.items()}, sort_keys=True)
        for row in rows
    )


def plain(value: Any, dtype: pa.DataType) -> Any:
    """One form of what mlcroissant gives: texts as bytes, nulls as NaN, lists as arrays."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if pa.types.is_nested(dtype):
        return [plain(v, dtype.value_type) for v in value]
    if pa.types.is_binary(dtype) or pa.types.is_large_binary(dtype):
        return value.hex()
    if isinstance(value, bytes):
        return value.decode()
    if pa.types.is_floating(dtype) or pa.types.is_integer(dtype):
        return float(value)
    return value


def test_a_flipped_byte_is_rejected_in_every_table(
    system: tuple[str, Path], tmp_path: Path
) -> None:
    _, folder = system
    for part in read_parts(folder / "dataset"):
        out = tmp_path / part.name
        shutil.copytree(folder / "one", out)
        shard = out / "data" / part.name / part.manifest.shards[-1].file
        content = bytearray(shard.read_bytes())
        content[len(content) // 2] ^= 1
        shard.write_bytes(content)
        check = ["sha256sum", "--check", "--status", SUMS]
        assert subprocess.run(check, cwd=out, check=False).returncode == 1
        assert shard.name in verify(out / "data")[0]


@pytest.mark.filterwarnings("ignore")
def test_mlcroissant_rejects_a_flipped_byte_of_a_table_in_one_file(
    system: tuple[str, Path], tmp_path: Path
) -> None:
    mlc = pytest.importorskip("mlcroissant")
    _, folder = system
    single = [p for p in read_parts(folder / "dataset") if len(p.manifest.shards) == 1]
    for part in single[:1]:
        out = tmp_path / part.name
        shutil.copytree(folder / "one", out)
        shard = out / "data" / part.name / part.manifest.shards[0].file
        content = bytearray(shard.read_bytes())
        content[len(content) // 2] ^= 1
        shard.write_bytes(content)
        with pytest.raises(Exception, match="Download") as caught:
            list(mlc.Dataset(str(out / FILE)).records(part.name))
        assert "Hash of downloaded file" in str(caught.value.__cause__)
