"""Datasets on disk: Parquet shards that are the same bytes after every build, and a manifest.

A folder is a dataset once ``manifest.json`` lies in it. It is made under another name and takes its
place when it is whole and checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from measurand.attempts import Attempt
from measurand.errors import ConservationError, InputError, SchemaError
from measurand.manifest import (
    MANIFEST,
    REJECTED_FILE,
    Manifest,
    Shard,
    Source,
    file_sha256,
    fold_hash,
    is_foreign,
    read_manifest,
    shard_name,
    table_hash,
    write_text,
)
from measurand.parquet import (
    REJECTED,
    decoded,
    read_shard,
    split,
    write_shard,
)
from measurand.tables import Table, type_text

if TYPE_CHECKING:
    import datasets


def begin(out: Path, spec: Table) -> Attempt:
    """An attempt at a build of ``spec``; an earlier build stands in ``out`` until it is published.

    Raises:
        InputError: ``out`` holds another table, or files that no build of ours writes.
    """
    out = Path(out)
    if is_foreign(out / MANIFEST):
        raise InputError(
            f"{out / MANIFEST} is no manifest of a dataset", hint="choose another folder"
        )
    if (out / MANIFEST).exists():
        try:
            present = read_manifest(out).table
        except InputError:
            present = spec.name  # damaged: nothing left to protect
        if present != spec.name:
            raise InputError(
                f"{out} holds table {present}, not {spec.name}", hint="choose another folder"
            )
    files = sorted(p for p in out.iterdir() if p.is_file()) if out.is_dir() else []
    if others := [p for p in files if not (is_build_file(p) or p.name.startswith(".git"))]:
        raise InputError(
            f"{out} holds {', '.join(p.name for p in others)}, which no build wrote",
            hint="move these files or choose another folder",
        )
    return Attempt(out)


def is_build_file(path: Path) -> bool:
    """Whether a file has a name that only a build gives: what a killed one may leave behind."""
    shard = re.fullmatch(r"part-\d{5}-of-\d{5}\.parquet", path.name)
    unfinished = path.name.startswith(".") and path.suffix == ".tmp"
    return bool(shard) or unfinished or path.name in (MANIFEST, REJECTED_FILE)


def write_rejected(out: Path, rejected: pa.Table) -> None:
    """Write the rejected rows (REJECTED) beside the shards; no rows, no file."""
    if rejected.num_rows:
        write_shard(REJECTED, rejected, Path(out) / REJECTED_FILE)


def write_dataset(
    out: Path,
    spec: Table,
    table: pa.Table,
    *,
    n_shards: int = 1,
    shard_key: str | None = None,
    parents: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    sources: Sequence[Source] = (),
    rejected: pa.Table | None = None,
    rows_in: int | None = None,
) -> Manifest:
    """Write a table that fits in memory; the same bytes as the Beam sink.

    Args:
        out: dataset folder; an earlier build of the same table stands until the new one is whole.
        spec: declaration of the table.
        table: the rows, in any order and chunking.
        n_shards: number of files.
        shard_key: key column that decides the shard; the first of the key by default.
        parents: logical hashes of the datasets that it was made from, by name.
        params: parameters of the build, plain JSON values.
        sources: outside material.
        rejected: rows of REJECTED that were left out.
        rows_in: rows that went in; rows plus rejected rows by default.

    Raises:
        SchemaError: the rows do not keep to ``spec``.
        ConservationError: ``rows_in`` is not rows plus rejected rows.
        InputError: the folder holds something else.
    """
    shard_key = check_sharding(spec, n_shards, shard_key)
    table = spec.conform(table)
    if rows_in is None:
        rows_in = table.num_rows + (rejected.num_rows if rejected is not None else 0)
    made = begin(out, spec)
    try:
        parts = split(table, shard_key, n_shards)
        for index in range(n_shards):
            part = parts.get(index, table.slice(0, 0))
            write_shard(spec, part, made.folder / shard_name(index, n_shards))
        if rejected is not None:
            write_rejected(made.folder, rejected)
        manifest = write_manifest(
            made.folder,
            spec,
            n_shards=n_shards,
            shard_key=shard_key,
            parents=parents or {},
            params=params or {},
            sources=sources,
            rows_in=rows_in,
        )
        made.publish()
    finally:
        made.remove()
    return manifest


def write_manifest(
    out: Path,
    spec: Table,
    *,
    n_shards: int,
    parents: Mapping[str, str],
    params: Mapping[str, Any],
    sources: Sequence[Source],
    rows_in: int | None,
    shard_key: str | None = None,
) -> Manifest:
    """Read all shards back, check that no row was lost, and write the manifest, last of all.

    Raises:
        InputError: a shard is missing, or the folder holds more than the build's files.
        SchemaError: a row lies in a shard that its key does not hash to.
        ConservationError: ``rows_in`` differs from rows plus rejected rows.
    """
    out = Path(out)
    shard_key = check_sharding(spec, n_shards, shard_key)
    names = [shard_name(i, n_shards) for i in range(n_shards)]
    found = {p.name for p in out.iterdir() if p.is_file() and not p.name.startswith(".git")}
    if missing := sorted(set(names) - found):
        raise InputError(f"{out}: missing shards {missing}", hint="run the build to its end")
    if extra := sorted(found - set(names) - {MANIFEST, REJECTED_FILE}):
        raise InputError(f"{out}: unknown files {extra}", hint="remove them and build again")
    shards = tuple(_shard(out / name, spec, i, shard_key, n_shards) for i, name in enumerate(names))
    rejected, rejected_shard = _rejected(out)
    rows = sum(s.rows for s in shards)
    if rows_in is not None and rows_in != rows + sum(rejected.values()):
        raise ConservationError(
            f"{spec.name}: {rows_in} rows in, {rows} rows out and {sum(rejected.values())} "
            f"rejected ({dict(rejected)})",
            hint="every row must be written or rejected with a reason",
        )
    manifest = Manifest(
        table=spec.name,
        version=spec.version,
        key=spec.key,
        columns={c.name: type_text(c.dtype) for c in spec.columns},
        shard_key=shard_key,
        rows=rows,
        rows_in=rows_in,
        shards=shards,
        logical_hash=fold_hash(spec, (s.logical_hash for s in shards)),
        rejected=rejected,
        rejected_shard=rejected_shard,
        parents=dict(parents),
        params=dict(params),
        sources=tuple(sources),
        pyarrow=pa.__version__,
    )
    write_text(out / MANIFEST, manifest.to_json())
    return manifest


def read_table(out: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of a dataset sorted by key, with the declared schema or the columns asked for.

    Raises:
        InputError: no manifest, a missing shard, an unknown column.
    """
    import pyarrow.compute as pc

    manifest = read_manifest(out)
    if unknown := sorted(set(columns or ()) - set(manifest.columns)):
        raise InputError(
            f"{out}: no columns {unknown}", hint=f"there are {sorted(manifest.columns)}"
        )
    by = list(manifest.key) or list(manifest.columns)
    need = None if columns is None else list(dict.fromkeys([*columns, *by]))
    parts = [read_shard(Path(out) / shard.file, need) for shard in manifest.shards]
    try:
        table = pa.concat_tables(parts).unify_dictionaries()
    except pa.ArrowException as error:
        raise InputError(
            f"{out}: the shards together do not fit the declared types: {error}",
            hint="declare a wider index type for the dictionary column",
        ) from error
    if len(parts) > 1:
        order = pa.table([decoded(table.column(name)) for name in by], names=by)
        keys = [(name, "ascending") for name in by]
        table = table.take(pc.sort_indices(order, sort_keys=keys))
    return table if columns is None else table.select(list(columns))


def iter_shards(out: Path) -> Iterator[tuple[str, pa.Table]]:
    """(file name, rows) of each shard in turn; one shard is in memory at a time."""
    for shard in read_manifest(out).shards:
        yield shard.file, read_shard(Path(out) / shard.file)


def as_dataset(out: Path) -> datasets.Dataset:
    """The rows as a Hugging Face dataset over the Arrow memory, without a copy on disk.

    Dictionary columns become strings, which ``datasets`` has no type for otherwise.
    """
    import datasets
    from datasets.table import InMemoryTable

    table = read_table(out)
    table = pa.table([decoded(c) for c in table.columns], names=table.column_names)
    fingerprint = read_manifest(out).logical_hash[:16]
    return datasets.Dataset(InMemoryTable(table), fingerprint=fingerprint)


def check_sharding(spec: Table, n_shards: int, shard_key: str | None) -> str | None:
    """The key column that decides the shard, or null where there is one shard.

    Raises:
        InputError: no shards, or more than one for a table without a key.
        SchemaError: the column is no part of the key, so equal keys could lie in two shards.
    """
    if not 1 <= n_shards <= 99_999 or (n_shards > 1 and not spec.key):
        raise InputError(f"{spec.name}: cannot be written as {n_shards} shards")
    if shard_key is not None and shard_key not in spec.key:
        raise SchemaError(
            f"{spec.name}: shard key {shard_key} is not in the key {spec.key}",
            hint="shard by a key column: equal keys must meet in one shard",
        )
    return None if n_shards == 1 else shard_key or spec.key[0]


def _shard(path: Path, spec: Table, index: int, shard_key: str | None, n_shards: int) -> Shard:
    table = spec.conform(read_shard(path))
    strangers = sum(t.num_rows for i, t in split(table, shard_key, n_shards).items() if i != index)
    if strangers:
        raise SchemaError(
            f"{path.name}: {strangers} rows belong to another shard by {shard_key}",
            hint="give write_manifest the shard_key that the shards were made with",
        )
    return Shard(path.name, table.num_rows, file_sha256(path), table_hash(table))


def _rejected(out: Path) -> tuple[dict[str, int], Shard | None]:
    path = out / REJECTED_FILE
    if not path.exists():
        return {}, None
    shard = _shard(path, REJECTED, 0, None, 1)
    counts = read_shard(path).column("reason").value_counts().to_pylist()
    return {c["values"]: c["counts"] for c in sorted(counts, key=lambda c: c["values"])}, shard
