"""The tables that a publication holds: one folder with a manifest each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measurand.errors import InputError, VerifyError
from measurand.manifest import MANIFEST, Manifest, Source, is_foreign, read_manifest
from measurand.parquet import read_shard
from measurand.tables import Table
from measurand.verification import verify


@dataclass(frozen=True)
class Part:
    """One table.

    Attributes:
        name: its folder below the dataset; the name of its configuration in a publication.
        folder: where it lies.
        manifest: what it says of itself.
        spec: the table as its shards declare it.
    """

    name: str
    folder: Path
    manifest: Manifest
    spec: Table

    def files(self) -> Iterator[str]:
        """Names of its files, the manifest last."""
        for shard in self.manifest.shards:
            yield shard.file
        if self.manifest.rejected_shard:
            yield self.manifest.rejected_shard.file
        yield MANIFEST

    def size(self) -> int:
        """Bytes of its shards as they lie."""
        return sum((self.folder / shard.file).stat().st_size for shard in self.manifest.shards)

    def plain_size(self) -> int:
        """Bytes of its shards without compression."""
        import pyarrow.parquet as pq

        footers = (pq.read_metadata(self.folder / s.file) for s in self.manifest.shards)
        return sum(f.row_group(i).total_byte_size for f in footers for i in range(f.num_row_groups))


def read_parts(dataset: Path) -> tuple[Part, ...]:
    """All tables below a dataset folder, in order of their names, verified.

    Raises:
        InputError: the folder holds no dataset, or a table lies deeper than one folder.
        VerifyError: a file is not what its manifest says.
    """
    if not dataset.is_dir():
        raise InputError(f"{dataset} is not there", hint="build the dataset first")
    if problems := verify(dataset):
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise VerifyError("; ".join(problems[:3]) + more, hint="build the dataset again")
    found = []
    for path in sorted(dataset.rglob(MANIFEST)):
        if is_foreign(path):
            continue
        name = path.parent.relative_to(dataset).as_posix()
        if "/" in name or name == ".":
            raise InputError(
                f"{path}: a published table is a folder directly below the dataset",
                hint="give the dataset's own folder, such as data/<system>/dataset",
            )
        manifest = read_manifest(path.parent)
        spec = Table.from_schema(read_shard(path.parent / manifest.shards[0].file).schema)
        found.append(Part(name, path.parent, manifest, spec))
    return tuple(found)


def sources_of(part: Part, parts: Sequence[Part]) -> tuple[Source, ...]:
    """Outside material of a table: its own sources and those of the tables it was made from."""
    by_hash: Mapping[str, Part] = {p.manifest.logical_hash: p for p in parts}
    found: dict[Source, None] = {}
    waiting, seen = [part], {part.name}
    while waiting:
        here = waiting.pop(0)
        found |= dict.fromkeys(here.manifest.sources)
        for digest in here.manifest.parents.values():
            parent = by_hash.get(digest)
            if parent is not None and parent.name not in seen:
                seen.add(parent.name)
                waiting.append(parent)
    return tuple(found)
