"""Recomputing all that manifests say of the files beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from measurand.attempts import is_attempt
from measurand.errors import InputError, MeasurandError
from measurand.manifest import (
    MANIFEST,
    REJECTED_FILE,
    Manifest,
    Shard,
    file_sha256,
    fold_hash,
    is_foreign,
    read_manifest,
    shard_name,
    table_hash,
)
from measurand.parquet import REJECTED, canonical, read_shard, split
from measurand.tables import Table, compatibility, type_text


def verify(path: Path) -> list[str]:
    """Every difference between the files below ``path`` and what their manifests say.

    Of each file: presence, sha256, readability, rows, schema, every declared rule, order and
    uniqueness of the key, the shard that each key belongs to, logical hash. Of each folder:
    files too many, unfinished writes, shards without a manifest (attempts that were given up are
    passed over: nothing of them is published). Of each manifest: sums, shard
    names, rejected rows by reason, conservation. A folder without any manifest is a problem too.

    Args:
        path: a dataset folder, or any folder above some.

    Returns:
        One sentence per problem, each naming its file; an empty list where all is well.
    """
    root = Path(path)
    if root.name == MANIFEST and root.is_file():
        root = root.parent
    if not root.is_dir():
        return [f"{root}: no such folder"]
    problems: list[str] = []
    found = False
    for folder, _, names in sorted(os.walk(root)):
        if any(is_attempt(part) for part in Path(folder).relative_to(root).parts):
            continue
        if MANIFEST in names and not is_foreign(Path(folder) / MANIFEST):
            found = True
            problems += _dataset(Path(folder), sorted(names))
        else:
            problems += [
                f"{Path(folder) / name}: no dataset manifest beside it: an unfinished build"
                for name in sorted(names)
                if name.endswith(".tmp") or (name.startswith("part-") and "-of-" in name)
            ]
    return problems if found else [*problems, f"{root}: no dataset {MANIFEST} in it or below it"]


def _dataset(out: Path, names: list[str]) -> list[str]:
    try:
        manifest = read_manifest(out)
    except InputError as error:
        return [str(error)]
    rejected = manifest.rejected_shard
    files = [*manifest.shards, *([rejected] if rejected else [])]
    known = {MANIFEST, *(shard.file for shard in files)}
    problems = [
        f"{out / name}: " + ("an unfinished write" if name.endswith(".tmp") else "an extra file")
        for name in names
        if name not in known and not name.startswith(".git")
    ]
    problems += [f"{out / MANIFEST}: {text}" for text in _sums(manifest)]
    specs: list[Table] = []
    for index, shard in enumerate(manifest.shards):
        problems += [
            f"{out / shard.file}: {text}" for text in _file(out, shard, manifest, index, specs)
        ]
    if rejected:
        problems += [f"{out / rejected.file}: {text}" for text in _rejected(out, manifest)]
    if specs and any(compatibility(specs[0], spec) not in ("same", "patch") for spec in specs):
        problems.append(f"{out}: the shards declare different tables")
    elif specs and fold_hash(specs[0], (s.logical_hash for s in manifest.shards)) != (
        manifest.logical_hash
    ):
        problems.append(f"{out / MANIFEST}: logical hash is not that of its shards")
    return problems


def _sums(manifest: Manifest) -> Iterator[str]:
    n = len(manifest.shards)
    if [s.file for s in manifest.shards] != [shard_name(i, n) for i in range(n)] or not n:
        yield "shards are not numbered from 0 to n - 1"
    if manifest.rows != sum(s.rows for s in manifest.shards):
        yield f"says {manifest.rows} rows, its shards {sum(s.rows for s in manifest.shards)}"
    lost = sum(manifest.rejected.values())
    kept = manifest.rejected_shard.rows if manifest.rejected_shard else 0
    if lost != kept:
        yield f"says {lost} rows rejected, {kept} of them kept"
    if manifest.rejected_shard and manifest.rejected_shard.file != REJECTED_FILE:
        yield f"keeps its rejected rows in {manifest.rejected_shard.file}"
    if manifest.rows_in is not None and manifest.rows_in != manifest.rows + lost:
        yield f"{manifest.rows_in} rows in, {manifest.rows} out and {lost} rejected"


def _file(
    out: Path, shard: Shard, manifest: Manifest, index: int, specs: list[Table]
) -> Iterator[str]:
    """Problems of one shard; appends its declaration to ``specs``."""
    table, problem = _load(out, shard)
    if table is None:
        yield problem
        return
    try:
        spec = Table.from_schema(table.schema)
        table = spec.conform(table)
    except MeasurandError as error:
        yield str(error)
        return
    specs.append(spec)
    types = {c.name: type_text(c.dtype) for c in spec.columns}
    declared = (manifest.table, manifest.version, manifest.key, dict(manifest.columns))
    if (spec.name, spec.version, spec.key, types) != declared:
        yield "declares another table, version, key or columns than the manifest"
        return
    yield from _rows(spec, table, shard)
    n, by = len(manifest.shards), manifest.shard_key
    if n > 1 and by not in spec.key:
        yield f"shard key {by} is not in the key, so a key may lie in two shards"
    elif strangers := sum(t.num_rows for i, t in split(table, by, n).items() if i != index):
        yield f"{strangers} rows belong to another shard by {by}, where their keys may repeat"


def _rejected(out: Path, manifest: Manifest) -> Iterator[str]:
    shard = manifest.rejected_shard
    assert shard is not None
    table, problem = _load(out, shard)
    if table is None:
        yield problem
        return
    try:
        table = REJECTED.conform(table)
    except MeasurandError as error:
        yield str(error)
        return
    yield from _rows(REJECTED, table, shard)
    counts = {c["values"]: c["counts"] for c in table.column("reason").value_counts().to_pylist()}
    if counts != dict(manifest.rejected):
        yield f"holds {counts} by reason, the manifest says {dict(manifest.rejected)}"


def _load(out: Path, shard: Shard) -> tuple[pa.Table | None, str]:
    path = out / shard.file
    if not path.is_file():
        return None, "missing"
    if file_sha256(path) != shard.sha256:
        return None, "sha256 differs from the manifest: changed or truncated since it was built"
    try:
        return read_shard(path), ""
    except InputError as error:
        return None, f"cannot be read: {error}"


def _rows(spec: Table, table: pa.Table, shard: Shard) -> Iterator[str]:
    if table.num_rows != shard.rows:
        yield f"holds {table.num_rows} rows, the manifest says {shard.rows}"
    if table_hash(table) != shard.logical_hash:
        yield "logical hash differs from the manifest"
    yield from map(str, spec.violations(table))
    names = list(spec.sort_columns)
    if not table.select(names).equals(canonical(spec, table).select(names)):
        yield f"rows are not sorted by {spec.sort_columns}"
