"""A publication: the path of every file and what stands in it, before anything is written."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from measurand import folders
from measurand.errors import InputError
from measurand.manifest import MANIFEST, file_sha256, temporary
from measurand.progress import Progress
from measurand.publishing.card import card
from measurand.publishing.croissant import FILE as CROISSANT
from measurand.publishing.croissant import croissant
from measurand.publishing.licences import Origin, origins
from measurand.publishing.parts import Part, read_parts
from measurand.publishing.private import scrubbed

CARD, SUMS = "README.md", "SHA256SUMS"


@dataclass(frozen=True)
class Publication:
    """What will be published.

    Attributes:
        name: name of the dataset.
        parts: its tables.
        origins: its sources.
        digest: logical hash of all tables together.
        files: path in the publication -> its bytes, or the file to copy.
    """

    name: str
    parts: tuple[Part, ...]
    origins: tuple[Origin, ...]
    digest: str
    files: dict[str, bytes | Path]


def prepare(name: str, dataset: Path, *, about: str, own: str, repo: str | None) -> Publication:
    """Verify a dataset, check its licences and describe it.

    Args:
        name: the system's name.
        dataset: folder with its tables.
        about: the system's front page; its first line is the title.
        own: licence of the project's own work.
        repo: repository on the Hub that it is for, or None for a folder.

    Raises:
        InputError: there is no dataset.
        VerifyError: a file is not what its manifest says.
        LicenceError: a source or a row has no licence that permits publication.
    """
    parts = tuple(replace(p, manifest=scrubbed(p.manifest)) for p in read_parts(dataset))
    found = origins(parts, own)
    digest = logical_hash(parts)
    title = about.strip().splitlines()[0] if about.strip() else name
    citation = (
        f"{name}, a dataset built with Measurand ({', '.join(_versions(parts))}); logical hash "
        f"{digest}"
    )
    paths = {(p.name, file): f"data/{p.name}/{file}" for p in parts for file in p.files()}
    files: dict[str, bytes | Path] = {
        path: part.manifest.to_json().encode() if file == MANIFEST else part.folder / file
        for part in parts
        for file, path in ((f, paths[part.name, f]) for f in part.files())
    }
    text = card(
        parts,
        found,
        title=title,
        about=about,
        digest=digest,
        citation=citation,
        features={part.name: _features(part) for part in parts},
        address=repo or ".",
    )
    described = croissant(
        parts,
        found,
        name=name,
        description=title,
        url=f"https://huggingface.co/datasets/{repo}" if repo else f"urn:sha256:{digest}",
        citation=citation,
        paths=paths,
    )
    files |= {CARD: text.encode(), CROISSANT: described.encode()}
    files[SUMS] = _sums(files).encode()
    return Publication(name, parts, found, digest, dict(sorted(files.items())))


def logical_hash(parts: Sequence[Part]) -> str:
    """Hash of the tables' names and logical hashes."""
    lines = "".join(f"{part.manifest.logical_hash}  {part.name}\n" for part in parts)
    return hashlib.sha256(lines.encode()).hexdigest()


def write(publication: Publication, out: Path) -> None:
    """Write all files into ``out``, whole or not at all; an earlier publication is replaced.

    Raises:
        InputError: ``out`` holds something that is no publication, or one that was changed; code
            ``folder_in_use`` where another process works there.
    """
    with folders.held(out):
        _replace(publication, out)


def _replace(publication: Publication, out: Path) -> None:
    _check_target(out)
    part = temporary(out)
    try:
        copy(publication, part)
        if out.exists():
            old = temporary(out)
            os.replace(out, old)
            os.replace(part, out)
            shutil.rmtree(old)
        else:
            os.replace(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def copy(publication: Publication, out: Path) -> None:
    """Write all files into a new folder."""
    out.mkdir(parents=True)
    with Progress("publish", len(publication.files), "files") as progress:
        for path, content in publication.files.items():
            target = out / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            else:
                shutil.copyfile(content, target)
            progress.advance()


def read_sums(text: str) -> dict[str, str]:
    """Path -> sha256 of a SHA256SUMS file; lines of another form are left out."""
    found = {}
    for row in text.splitlines():
        digest, _, path = row.partition("  ")
        if len(digest) == 64 and path:
            found[path] = digest
    return found


def _check_target(out: Path) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    hint = "give a new or empty folder, or remove this one"
    if not (out / SUMS).is_file():
        raise InputError(f"{out} exists and is no publication", hint=hint)
    sums = read_sums((out / SUMS).read_text(encoding="utf-8", errors="replace"))
    here = {p.relative_to(out).as_posix(): p for p in out.rglob("*") if p.is_file()}
    for path, file in here.items():
        if path != SUMS and (path not in sums or file_sha256(file) != sums[path]):
            raise InputError(f"{out} holds {path}, which the publication did not write", hint=hint)


def _sums(files: dict[str, bytes | Path]) -> str:
    digests = {
        path: hashlib.sha256(content).hexdigest()
        if isinstance(content, bytes)
        else file_sha256(content)
        for path, content in files.items()
    }
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items()))


def _features(part: Part) -> list[dict[str, Any]]:
    """The columns in the form of a card; dictionary columns are strings there."""
    import pyarrow as pa
    from datasets import Features

    fields = [
        pa.field(c.name, c.dtype.value_type if pa.types.is_dictionary(c.dtype) else c.dtype)
        for c in part.spec.columns
    ]
    described: list[dict[str, Any]] = Features.from_arrow_schema(pa.schema(fields))._to_yaml_list()
    return described


def _versions(parts: Sequence[Part]) -> list[str]:
    return [f"{part.spec.name} {part.spec.version}" for part in parts]
