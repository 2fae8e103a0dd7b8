"""Reading evidence: item results and statistics, with the hashes that say what they are."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from measurand.errors import MeasurandError
from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.reading.sequences import seed_of
from measurand.results import RESULTS, STATISTICS, current

if TYPE_CHECKING:
    from measurand.manifest import Manifest

MANIFEST = "manifest.json"
REJECTED = "rejected.parquet"


@dataclass(frozen=True)
class Evidence:
    """A table with its origin.

    Attributes:
        hash: logical hash of the rows.
        parents: logical hashes of the datasets that the results were made from, by name; None
            where there is no manifest that says so.
        instrument: hashes of scorer, judge or prompts, from the manifest's parameter
            ``instrument``; None if not stated.
        version: schema version in the manifest.
        partial: whether only some of the items were run.
        sequence: seed of the order in which clusters were asked, by a run that ended when its
            gates were decided (:mod:`measurand.sequence`); None of any other.
    """

    table: pa.Table
    hash: str
    where: str
    parents: Mapping[str, str] | None = None
    instrument: str | None = None
    version: str | None = None
    partial: bool = False
    sequence: int | None = None

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The rows as Python values; for tables of statistics, which are small."""
        rows: list[dict[str, Any]] = self.table.to_pylist()
        return rows


def items_path(folder: Path) -> Path:
    """Where the item results of an evidence folder lie; ``folder`` may be the results itself.

    ``os.path`` takes a name that the system refuses for a missing file; ``Path`` raises.
    """
    for inner in (folder / "results" / "items", folder / "items"):
        if os.path.isdir(inner):
            return inner
    return folder


def load_items(path: Path) -> Evidence:
    """Read item results: a dataset folder, a folder of such, Parquet files, or one file.

    Raises:
        EvidenceError: ``missing_metric`` if there is nothing, ``schema_drift`` if files differ in
            schema or have another major version, ``verify_failed`` if a shard differs from its
            manifest, ``dataset_changed`` if parts were run on different datasets.
    """
    if os.path.isfile(path):
        return _plain([path], path)
    if not os.path.isdir(path):
        raise EvidenceError(
            f"{path}: no results there",
            code="missing_metric",
            hint="run the evaluation first, or mend system or results in the gate file",
        )
    manifests = sorted(path.rglob(MANIFEST))
    if manifests:
        return _datasets([m.parent for m in manifests], path)
    files = sorted(p for p in path.glob("*.parquet") if p.name != REJECTED)
    if not files:
        raise EvidenceError(
            f"{path}: holds no Parquet file",
            code="missing_metric",
            hint="run the evaluation first, or mend system or results in the gate file",
        )
    return _plain(files, path)


def load_statistics(path: Path, results: Path | None) -> Evidence:
    """Read a statistics table; manifests below ``results`` say what it was made from.

    Raises:
        EvidenceError: ``missing_metric`` if there is none, ``schema_drift`` if a declared column is
            missing or of another type, ``bad_evidence`` if a row occurs twice.
    """
    if not os.path.isfile(path):
        raise EvidenceError(
            f"{path}: no statistics there",
            code="missing_metric",
            hint="run `measurand report` first, or mend system or results in the gate file",
        )
    table = current(_read(path))
    columns = {}
    for column in STATISTICS.columns:
        if column.name not in table.column_names:
            raise EvidenceError(
                f"{path}: no column {column.name}",
                code="schema_drift",
                hint=f"statistics keep to table {STATISTICS.name} {STATISTICS.version}",
            )
        columns[column.name] = cast(table, column.name, column.dtype, str(path))
    table = pa.table(columns)
    rows = table.to_pylist()
    keys = [tuple(row[k] for k in STATISTICS.key) for row in rows]
    if len(set(keys)) < len(keys):
        raise EvidenceError(
            f"{path}: a statistic occurs twice",
            hint="mend the stage that wrote the statistics",
        )
    content = sorted(json.dumps(row, sort_keys=True) for row in rows)
    digest = hashlib.sha256("\n".join(content).encode()).hexdigest()
    facts = _facts([m.parent for m in sorted(results.rglob(MANIFEST))]) if results else {}
    return Evidence(table, digest, str(path), **facts)


def cast(table: pa.Table, name: str, dtype: pa.DataType, where: str) -> pa.ChunkedArray:
    """Column ``name`` as ``dtype``; dictionary codes are resolved, lossy casts refused.

    Raises:
        EvidenceError: ``schema_drift``.
    """
    column = table.column(name)
    try:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_floating(dtype) and not _is_number(column.type):
            raise pa.ArrowInvalid(f"{column.type} is not a number")
        return column.cast(dtype)
    except (pa.ArrowException, ValueError) as error:
        raise EvidenceError(
            f"{where}: column {name} is not {dtype}: {str(error)[:200]}",
            code="schema_drift",
            hint=f"results keep to table {RESULTS.name} {RESULTS.version}",
        ) from error


def schema_drift(old: pa.Schema, new: pa.Schema) -> tuple[str | None, tuple[str, ...]]:
    """Whether ``new`` can be read as ``old``.

    Returns:
        The problem (a column removed, retyped, in another unit, or added without null), or None;
        and warnings, one for each nullable column added.
    """
    problems: list[str] = []
    warnings: list[str] = []
    for field in old:
        index = new.get_field_index(field.name)
        if index < 0:
            problems.append(f"column {field.name} was removed")
        elif _value_type(new.field(index)) != _value_type(field):
            problems.append(f"column {field.name} was {field.type} and is {new.field(index).type}")
        elif _unit(new.field(index)) != _unit(field):
            problems.append(f"the unit of column {field.name} changed")
    for field in new:
        if old.get_field_index(field.name) < 0:
            text = f"column {field.name} was added"
            (warnings if field.nullable else problems).append(text)
    return "; ".join(problems) or None, tuple(warnings)


def major(version: str | None) -> str | None:
    """Major part of a semantic version."""
    return None if version is None else version.split(".", 1)[0]


def _datasets(folders: Sequence[Path], where: Path) -> Evidence:
    from measurand.manifest import file_sha256
    from measurand.shards import read_table

    manifests = _manifests(folders)
    for folder, manifest in zip(folders, manifests, strict=True):
        if manifest.table != RESULTS.name or major(manifest.version) != major(RESULTS.version):
            raise EvidenceError(
                f"{folder}: holds {manifest.table} {manifest.version}, not {RESULTS.name} "
                f"{RESULTS.version}",
                code="schema_drift",
                hint="evaluate again with this version",
            )
        for shard in manifest.shards:
            file = folder / shard.file
            if not file.is_file() or file_sha256(file) != shard.sha256:
                raise EvidenceError(
                    f"{file}: missing, or not the bytes that its manifest names",
                    code="verify_failed",
                    hint="run `measurand verify`, then evaluate again",
                )
    try:
        tables = [read_table(folder) for folder in folders]
    except MeasurandError as error:
        raise EvidenceError(str(error), code="verify_failed") from error
    hashes = sorted(m.logical_hash for m in manifests)
    digest = hashes[0] if len(hashes) == 1 else _sha(hashes)
    versions = {m.version for m in manifests}
    facts = _facts(folders, manifests)
    seeds = {seed_of(manifest.params, str(where)) for manifest in manifests}
    if len(seeds) > 1:
        raise EvidenceError(
            f"{where}: parts of the results were asked in different orders",
            code="orders_mixed",
            hint="evaluate all of it in one run",
        )
    return Evidence(
        *(_concat(tables, where), digest, str(where)),
        version=max(versions),
        sequence=seeds.pop(),
        **facts,
    )


def _manifests(folders: Sequence[Path]) -> list[Manifest]:
    from measurand.manifest import read_manifest

    try:
        return [read_manifest(folder) for folder in folders]
    except MeasurandError as error:
        raise EvidenceError(str(error), code="verify_failed") from error


def _facts(folders: Sequence[Path], manifests: Sequence[Manifest] = ()) -> dict[str, Any]:
    """What the manifests of one evaluation say together: parents, instrument, partial."""
    parents: dict[str, str] = {}
    instruments = set()
    partial = False
    manifests = manifests or _manifests(folders)
    for manifest in manifests:
        if not isinstance(manifest.parents, Mapping) or not isinstance(manifest.params, Mapping):
            raise EvidenceError("a manifest is damaged", code="verify_failed", hint="verify it")
        for name, value in manifest.parents.items():
            if parents.setdefault(name, value) != value:
                raise EvidenceError(
                    f"parts of the results were run on different versions of {name}",
                    code="dataset_changed",
                    hint="evaluate all models on one dataset",
                )
        if (instrument := manifest.params.get("instrument")) is not None:
            instruments.add(json.dumps(instrument, sort_keys=True))
        partial = partial or bool(manifest.params.get("partial"))
    instrument = _sha(sorted(instruments)) if instruments else None
    return {
        "parents": parents if manifests else None,
        "instrument": instrument,
        "partial": partial,
    }


def _plain(files: Sequence[Path], where: Path) -> Evidence:
    from measurand.manifest import table_hash

    table = _concat([_read(file) for file in files], where)
    order = [c for c in RESULTS.key if c in table.column_names]
    try:
        ordered = table.sort_by([(name, "ascending") for name in order]) if order else table
        digest = table_hash(ordered.combine_chunks())
    except (pa.ArrowException, TypeError, ValueError):
        # Nested or exotic columns that cannot be ordered: fall back to the files' bytes.
        digest = _sha([hashlib.sha256(f.read_bytes()).hexdigest() for f in files])
    return Evidence(table, digest, str(where))


def _concat(tables: Sequence[pa.Table], where: Path) -> pa.Table:
    try:
        return pa.concat_tables(tables)
    except pa.ArrowException as error:
        raise EvidenceError(
            f"{where}: files differ in schema: {str(error)[:200]}",
            code="schema_drift",
            hint="evaluate again, or separate the files",
        ) from error


def _read(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    try:
        # ParquetFile takes the file as it is; read_table would read column values into its path.
        table = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise EvidenceError(
            f"{path}: not a readable Parquet file: {why}", hint="write it again"
        ) from error
    if len(set(table.column_names)) < len(table.column_names):
        raise EvidenceError(
            f"{path}: two columns of one name", code="schema_drift", hint="write it again"
        )
    return table


def _is_number(dtype: pa.DataType) -> bool:
    t = pa.types
    return bool(
        t.is_floating(dtype) or t.is_integer(dtype) or t.is_boolean(dtype) or t.is_null(dtype)
    )


def _value_type(field: pa.Field) -> pa.DataType:
    return field.type.value_type if pa.types.is_dictionary(field.type) else field.type


def _unit(field: pa.Field) -> bytes | None:
    return (field.metadata or {}).get(b"unit")


def _sha(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
