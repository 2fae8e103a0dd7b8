"""The manifest of a dataset folder: what lies in it, where it came from, and two kinds of hash.

The sha256 of a file answers "the same file?". The logical hash answers "the same data?": it is
taken over the values, so it survives another writer version, chunking or compression.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from measurand.errors import InputError
from measurand.tables import Table, type_text

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = "measurand.manifest/1"
MANIFEST = "manifest.json"
REJECTED_FILE = "rejected.parquet"
BATCH_ROWS = 65_536
STRICT = {"extra": "forbid"}  # how pydantic reads the three dataclasses below


@dataclass(frozen=True)
class Source:
    """Outside material that the data was made from; ``sha256`` is null where it is no file."""

    __pydantic_config__ = STRICT

    name: str
    url: str
    licence: str
    sha256: str | None = None


@dataclass(frozen=True)
class Shard:
    """One file: name, rows, sha256 of its bytes, logical hash of its rows."""

    __pydantic_config__ = STRICT

    file: str
    rows: int
    sha256: str
    logical_hash: str


@dataclass(frozen=True)
class Manifest:
    """Everything that a dataset folder says of itself.

    Attributes:
        table: name of the declared table; ``version`` of its schema; ``key`` as declared.
        columns: name and type of each column, for readers without the code.
        shard_key: the key column whose sha256 says which shard a row is in; null for one shard.
        rows: rows in all shards.
        rows_in: rows that went into the build, null where that number has no meaning.
        shards: the files, in order.
        logical_hash: folded over the schema's contract and the shards' logical hashes.
        rejected: rejected rows by reason; ``rejected_shard`` is their file, if there are any.
        parents: logical hashes of the datasets that this one was made from, by name.
        params: the parameters of the build.
        sources: what outside material it was made from.
        pyarrow: version that wrote the bytes (it is part of every Parquet footer).
    """

    __pydantic_config__ = STRICT

    table: str
    version: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    shard_key: str | None
    rows: int
    rows_in: int | None
    shards: tuple[Shard, ...]
    logical_hash: str
    rejected: Mapping[str, int]
    rejected_shard: Shard | None
    parents: Mapping[str, str]
    params: Mapping[str, Any]
    sources: tuple[Source, ...]
    pyarrow: str

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, two spaces, no NaN, one newline at the end."""
        document = {"format": FORMAT, "n_shards": len(self.shards), **asdict(self)}
        try:
            text = json.dumps(
                document, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False
            )
        except (TypeError, ValueError) as error:
            raise InputError(
                f"manifest of {self.table}: {error}",
                hint="parameters must be plain JSON values",
            ) from error
        return text + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Inverse of :meth:`to_json`.

        Raises:
            InputError: not JSON, or not a manifest of this format.
        """
        try:
            raw = json.loads(text)
            if raw.pop("format") != FORMAT:
                raise ValueError(f"format is not {FORMAT}")
            n_shards = raw.pop("n_shards")
            manifest = _adapter().validate_json(json.dumps(raw), strict=True)
            if n_shards != len(manifest.shards):
                raise ValueError(f"{n_shards} shards declared, {len(manifest.shards)} listed")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a manifest: {error}", hint="build the dataset again") from error
        return manifest


@cache
def _adapter() -> TypeAdapter[Manifest]:
    """What pydantic makes of the class: it takes longer than most manifests."""
    from pydantic import TypeAdapter

    return TypeAdapter(Manifest)


def read_manifest(out: Path) -> Manifest:
    """The manifest of a dataset folder.

    Raises:
        InputError: there is none (an unfinished build), or it cannot be read.
    """
    path = Path(out) / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if path.is_symlink():
            raise InputError(
                f"{path} is a link to {path.readlink()}, which is not there",
                hint="was the project moved? remove the folder, and `dvc checkout` links it again",
            ) from None
        raise InputError(
            f"{path} does not exist", hint="the dataset is unbuilt or its build was cut off"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from error
    try:
        return Manifest.from_json(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def is_foreign(path: Path) -> bool:
    """Whether a ``manifest.json`` is somebody else's: JSON that claims no format.

    A damaged file counts as ours, so that it is reported and not passed over.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return not (isinstance(document, dict) and "format" in document)


def shard_name(index: int, n_shards: int) -> str:
    """File name of a shard: ``part-00000-of-00004.parquet``."""
    return f"part-{index:05d}-of-{n_shards:05d}.parquet"


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def temporary(path: Path) -> Path:
    """A name beside ``path`` that no reader takes for data."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")


def write_text(path: Path, text: str) -> None:
    """Write a whole file or nothing."""
    part = temporary(path)
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def contract_text(spec: Table) -> str:
    """What readers rely on, as canonical JSON: names, types, units, rules and key; no prose."""
    columns = []
    for c in spec.columns:
        rules = (c.unit, c.nullable, c.minimum, c.maximum, c.enum, c.pattern, c.unique)
        columns.append([c.name, type_text(c.dtype), *rules])
    return json.dumps([spec.name, spec.version, spec.key, columns], separators=(",", ":"))


def fold_hash(spec: Table, hashes: Iterable[str]) -> str:
    """Logical hash of a dataset from its contract and its shards' logical hashes, in order."""
    digest = hashlib.sha256(contract_text(spec).encode())
    for text in hashes:
        digest.update(bytes.fromhex(text))
    return digest.hexdigest()


def table_hash(table: pa.Table) -> str:
    """Logical hash of rows in their order: sha256 over the values, 65,536 rows at a time.

    Each column of a batch is fed as validity bits, then lengths (lists, strings), then the values
    that are not null, little-endian. Bytes under a null, dictionary codes, offsets and chunk
    borders, which Arrow leaves free, do not enter.
    """
    digest = hashlib.sha256()
    for start in range(0, table.num_rows, BATCH_ROWS):
        batch = table.slice(start, BATCH_ROWS)
        digest.update(batch.num_rows.to_bytes(8, "little"))
        for column in batch.columns:
            array = column.combine_chunks()
            _feed(digest, array)
    return digest.hexdigest()


def _feed(digest: Any, array: pa.Array) -> None:
    import pyarrow.compute as pc

    dtype, types = array.type, pa.types
    if types.is_dictionary(dtype):
        return _feed(digest, array.cast(dtype.value_type))
    digest.update(len(array).to_bytes(8, "little"))
    digest.update(np.packbits(array.is_valid().to_numpy(zero_copy_only=False)))
    if types.is_struct(dtype):
        for child in array.flatten():
            _feed(digest, child)
    elif types.is_nested(dtype):
        present = array.drop_null()
        digest.update(np.asarray(pc.list_value_length(present), dtype="<i8"))
        _feed(digest, present.flatten())
    elif types.is_null(dtype):
        pass
    elif types.is_boolean(dtype):
        digest.update(np.packbits(array.drop_null().to_numpy(zero_copy_only=False)))
    elif types.is_primitive(dtype) or types.is_decimal(dtype) or types.is_fixed_size_binary(dtype):
        digest.update(_fixed_bytes(array.drop_null()))
    else:
        present = array.drop_null().cast(pa.large_binary())
        digest.update(np.asarray(pc.binary_length(present), dtype="<i8"))
        digest.update(_variable_bytes(present))
    return None


def _fixed_bytes(array: pa.Array) -> memoryview:
    width = array.type.bit_width // 8
    data = array.buffers()[1]
    return memoryview(data or b"")[array.offset * width : (array.offset + len(array)) * width]


def _variable_bytes(array: pa.Array) -> memoryview:
    _, offsets, data = array.buffers()
    if len(array) == 0 or data is None:
        return memoryview(b"")
    ends = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return memoryview(data)[ends[0] : ends[-1]]
