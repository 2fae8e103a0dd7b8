"""A folder in an object store that is exchanged in one step: an index names where its files lie.

Objects are written one at a time, and an object store renames nothing. So every publication is
written under a name of its own, read back and compared, and then the one object ``measurand.json``
is replaced, which names it and the sha256 of every file. Who reads finds the old one or the new
one, whole. The one before stays for those that are reading it; others go when they are a day old.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from measurand.errors import InputError, StoreError
from measurand.progress import Progress
from measurand.stores.address import Place, failing

INDEX = "measurand.json"
FORMAT = "measurand.publication/1"
PIECE = 4 << 20
ORPHAN_HOURS = 24
"""Age after which what an upload has left behind is taken for lost: no upload takes so long."""
_PREFIX = "files-"
CHANGED = "changed_object"
"""Code of the error of an object that is not what was written."""


@dataclass(frozen=True)
class Entry:
    """One file: path below the folder, size, sha256."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Index:
    """What is published.

    Attributes:
        generation: the folder of its files.
        before: that of the publication before; empty where there was none.
        entries: its files.
    """

    generation: str
    before: str
    entries: tuple[Entry, ...]

    def to_json(self) -> str:
        """As it lies in the store."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Index:
        """Inverse of :meth:`to_json`.

        Raises:
            ValueError: it is none.
        """
        raw: Mapping[str, Any] = json.loads(text)
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise ValueError(f"format is not {FORMAT}")
        entries = tuple(Entry(**{**one}) for one in raw["entries"])
        names = [raw["generation"], raw["before"] or raw["generation"]]
        texts = [*names, *(text for one in entries for text in (one.path, one.sha256))]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a name is no text")
        if not all(isinstance(one.bytes, int) for one in entries):
            raise ValueError("a size is no number")
        if not all(map(_is_inside, (*names, *(one.path for one in entries)))):
            raise ValueError("a path leads out of the folder")
        return cls(raw["generation"], raw["before"], entries)


def publish(folder: Path, to: Place) -> Index:
    """Put the files of a folder into a store; what is published there stands until all are there.

    Raises:
        StoreError: the store failed, or gave back other bytes; what was published before stands.
        InputError: something lies there that was not published so.
    """
    known = index_of(to)
    if known is None:
        _refuse_others(to)
    entries = tuple(_entries(folder))
    if known is not None and known.entries == entries and _is_there(to, known):
        return known
    generation = _PREFIX + secrets.token_hex(8)
    place = to.below(generation)
    label = f"upload {to.url}"
    with Progress(label, sum(one.bytes for one in entries) >> 20, "MiB") as progress:
        for one in entries:
            _upload(folder / one.path, place, one)
            progress.advance(one.bytes >> 20)
    found = Index(generation, "" if known is None else known.generation, entries)
    with failing(to.url), to.files.open_output_stream(f"{to.path}/{INDEX}") as stream:
        stream.write(found.to_json().encode())
    if index_of(to) != found:
        raise StoreError(
            f"{to.url}: another upload was published at the same moment",
            hint="one of both stands, whole; run the other again",
        )
    _sweep(to, found)
    return found


def index_of(place: Place) -> Index | None:
    """What is published at a place; null where nothing is.

    Raises:
        StoreError: the store fails.
        InputError: the index cannot be read.
    """
    from pyarrow.fs import FileType

    file = f"{place.path}/{INDEX}"
    with failing(place.url):
        if place.files.get_file_info(file).type != FileType.File:
            return None
        with place.files.open_input_stream(file) as stream:
            text = stream.read()
    try:
        return Index.from_json(text.decode())
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{place.url}/{INDEX}: {error}", hint="publish it again") from error


def published(place: Place) -> list[tuple[str, Index]]:
    """Publications at a place or below: (path below it, index), in order of paths.

    Raises:
        StoreError: the store fails.
    """
    found = []
    for path, _ in _listed(place):
        if path == INDEX or path.endswith(f"/{INDEX}"):
            inner = path.removesuffix(INDEX).rstrip("/")
            index = index_of(place.below(inner) if inner else place)
            if index is not None:
                found.append((inner, index))
    return sorted(found, key=lambda one: one[0])


def fetch(place: Place, folder: Path) -> Index:
    """Copy what is published at a place into a folder, every file checked against the index.

    Raises:
        InputError: code ``no_file``: nothing is published there.
        StoreError: the store failed, or a file is not what the index says.
    """
    index = index_of(place)
    if index is None:
        raise InputError(
            f"{place.url}: nothing is published there",
            hint="check the address; an upload that was cut off is not published",
            code="no_file",
        )
    total = sum(one.bytes for one in index.entries) >> 20
    with Progress(f"fetch {place.url}", total, "MiB") as progress:
        for one in index.entries:
            path = folder / one.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for piece in _pieces(place.below(index.generation), one):
                    file.write(piece)
            progress.advance(one.bytes >> 20)
    return index


def _entries(folder: Path) -> Iterator[Entry]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.name.startswith(".git"):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            yield Entry(name, path.stat().st_size, digest)


def _upload(file: Path, place: Place, entry: Entry) -> None:
    path = f"{place.path}/{entry.path}"
    with (
        failing(f"{place.url}/{entry.path}"),
        file.open("rb") as source,
        place.files.open_output_stream(path, compression=None) as stream,
    ):
        while piece := source.read(PIECE):
            stream.write(piece)
    for _ in _pieces(place, entry):
        pass


def _pieces(place: Place, entry: Entry) -> Iterator[bytes]:
    """An object's bytes, some at a time; checked when they are all read."""
    digest, url = hashlib.sha256(), f"{place.url}/{entry.path}"
    with (
        failing(url),
        place.files.open_input_stream(f"{place.path}/{entry.path}", compression=None) as stream,
    ):
        while piece := stream.read(PIECE):
            digest.update(piece)
            yield piece
    if digest.hexdigest() != entry.sha256:
        raise StoreError(
            f"{url}: sha256 differs from what was written",
            hint="the object was changed, or cut off; publish it again",
            code=CHANGED,
        )


def _is_there(place: Place, index: Index) -> bool:
    """Whether every object of a publication has its size."""
    names = [f"{place.path}/{index.generation}/{one.path}" for one in index.entries]
    with failing(place.url):
        sizes = [info.size for info in place.files.get_file_info(names)]
    return sizes == [one.bytes for one in index.entries]


def _listed(place: Place) -> list[tuple[str, datetime.datetime]]:
    """(path, time of writing) of all objects below a place."""
    from pyarrow.fs import FileSelector, FileType

    with failing(place.url):
        selector = FileSelector(place.path, allow_not_found=True, recursive=True)
        return [
            (info.path.removeprefix(f"{place.path}/"), info.mtime)
            for info in place.files.get_file_info(selector)
            if info.type == FileType.File
        ]


def _refuse_others(place: Place) -> None:
    strange = [path for path, _ in _listed(place) if not path.startswith(_PREFIX)]
    if strange:
        raise InputError(
            f"{place.url} holds {strange[0]}, which was not published so",
            hint="give an empty or new folder",
        )


def _sweep(place: Place, index: Index) -> None:
    """Remove publications that nobody reads any more, and what lost uploads have left."""
    now = datetime.datetime.now(datetime.UTC)
    newest: dict[str, datetime.datetime] = {}
    for path, written in _listed(place):
        name = path.split("/")[0]
        if name.startswith(_PREFIX) and "/" in path:
            newest[name] = max(written, newest.get(name, written))
    kept = {index.generation, index.before}
    hours = datetime.timedelta(hours=ORPHAN_HOURS)
    for name in sorted(n for n, at in newest.items() if n not in kept and now - at > hours):
        with failing(place.url):
            place.files.delete_dir(f"{place.path}/{name}")


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return bool(path) and not {"", ".", ".."} & {*parts}
