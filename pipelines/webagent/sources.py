"""Pages of a build: where each lies, its licence, and what is known not to be usable."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from measurand import pypi
from measurand.errors import InputError
from measurand.manifest import Source, file_sha256
from measurand.progress import Progress
from pipelines.webagent import site_pages, warc
from pipelines.webagent.html import PageError
from schemas.webagent.corpus import (
    Corpus,
    DebianDocs,
    Miniwob,
    OwnSites,
    PageFolder,
    Warc,
    name_of,
)
from schemas.webagent.params import SITES, TRAIN_RECORDS

ENDINGS = frozenset({".htm", ".html", ".xhtml"})
MADE = "Apache-2.0"
"""Licence of pages that are made here."""
_WHEEL = "miniwob-1.1.0-py3-none-any.whl"
_WHEEL_SHA256 = "297006e84219d56ad037e843527ed773a4a82509dc43b6031ec4a3ad3e3e61d9"
_WHEEL_PAGES = "miniwob/html/miniwob/"
_DEBIAN = {
    "debian-policy": "GPL-2.0-or-later",
    "git-doc": "GPL-2.0-only",
    "postgresql-doc": "PostgreSQL",
    "python3.11-doc": "PSF-2.0",
}
"""Licences of documentation packages; of others it is unknown."""


@dataclass(frozen=True)
class Entry:
    """One page.

    Attributes:
        key: source and path or address.
        source: name of the source.
        licence: of the page.
        path: the file that it lies in.
        member: its name in an archive; "" for a file of its own.
        offset: byte of a web archive where its record begins; -1 elsewhere.
        sha256: hash of a file of its own; "" for others.
        group: entries of one group lie in one split; "" for one that is alone.
        encoding: that is known beforehand; "" where the page or its server says it.
        reason: why it cannot be used, as far as that is known yet; "" otherwise.
        detail: the same in a sentence.
    """

    key: str
    source: str
    licence: str
    path: str
    member: str = ""
    offset: int = -1
    sha256: str = ""
    group: str = ""
    encoding: str = ""
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Plan:
    """All pages of a build, keys once each, and the files that they lie in."""

    entries: tuple[Entry, ...]
    sources: tuple[Source, ...]


def plan(corpus: Corpus, kept: Path, made: Path) -> Plan:
    """What there is to read; a file with the bytes of an earlier one is not read.

    Args:
        corpus: parameters.
        kept: folder of fetched packages.
        made: folder for pages of our own sites, which are made now; workers see it.

    Raises:
        InputError: a folder or file is not there, or is no archive.
        InfraError: a package cannot be fetched.
    """
    entries: dict[str, Entry] = {}
    seen: dict[str, str] = {}
    found: dict[int, Found] = {}
    # What takes long comes last: another source may be refused.
    for at, given in sorted(enumerate(corpus.sources), key=lambda one: one[1].kind == "sites"):
        if isinstance(given, Warc):
            found[at] = _of_warc(given)
        elif isinstance(given, Miniwob):
            found[at] = _of_miniwob(kept)
        elif isinstance(given, DebianDocs):
            found[at] = _of_debian(given, seen)
        elif isinstance(given, OwnSites):
            found[at] = _of_sites(given, made)
        else:
            found[at] = _of_folder(given, seen)
    in_order = [found[at] for at in range(len(found))]
    for some, _ in in_order:
        for entry in some:
            key = entry.key
            while key in entries:
                key += "'"
            entries[key] = replace(entry, key=key)
    sources = tuple(source for _, about in in_order for source in about)
    return Plan(tuple(entries.values()), sources)


def read(entry: Entry, most: int) -> tuple[bytes, str]:
    """Bytes of a page, and the encoding that came with it, "" where none did.

    Args:
        entry: the page.
        most: bytes from which it is not read.

    Raises:
        PageError: it cannot be used; its code says why in a word.
    """
    if entry.reason:
        raise PageError(entry.detail, code=entry.reason)
    try:
        if entry.offset >= 0:
            return warc.read(Path(entry.path), entry.offset, most)
        if entry.member:
            with zipfile.ZipFile(entry.path) as archive, archive.open(entry.member) as file:
                data = file.read(most + 1)
        else:
            with Path(entry.path).open("rb") as file:
                data = file.read(most + 1)
    except OSError as error:
        raise PageError(f"it cannot be read: {error.strerror}", code="unreadable") from error
    if len(data) > most:
        raise PageError(f"it has more than {most} bytes", code="too_large")
    return data, entry.encoding


Found = tuple[list[Entry], list[Source]]


def _of_folder(given: PageFolder, seen: dict[str, str]) -> Found:
    root = Path(given.folder).expanduser()
    if not root.is_dir():
        raise InputError(
            f"{given.folder} is no folder", hint="name a folder of pages", code="no_folder"
        )
    entries = list(_files(root, "", name_of(given), given.licence, seen))
    if not entries:
        ends = ", ".join(sorted(ENDINGS))
        raise InputError(f"{given.folder} holds no file that ends in {ends}", code="no_pages")
    return entries, [Source(name_of(given), root.name, given.licence, _folded(entries))]


def _of_debian(given: DebianDocs, seen: dict[str, str]) -> Found:
    entries: list[Entry] = []
    sources = []
    for package in sorted(set(given.packages)):
        licence = _DEBIAN.get(package, "unknown")
        root = Path(given.root) / package
        pages = list(_files(root, f"{package}/", name_of(given), licence, seen))
        if not pages:
            why = f"Debian's package {package} is not installed, or holds no page"
            key = f"{name_of(given)}/{package}"
            pages = [Entry(key, name_of(given), licence, "", reason="no_pages", detail=why)]
        else:
            url = f"https://packages.debian.org/{package}"
            sources.append(Source(f"Debian: {package}", url, licence, _folded(pages)))
        entries += pages
    return entries, sources


def _files(
    root: Path, prefix: str, source: str, licence: str, seen: dict[str, str]
) -> Iterator[Entry]:
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() not in ENDINGS or not path.is_file():
            continue
        inner = path.relative_to(root).as_posix().encode("utf-8", "surrogateescape")
        key = f"{source}/{prefix}{inner.decode('utf-8', 'replace')}"
        entry = Entry(key, source, licence, str(path))
        try:
            entry = replace(entry, sha256=file_sha256(path))
        except OSError as error:
            why = f"it cannot be read: {error.strerror}"
            yield replace(entry, reason="unreadable", detail=why)
            continue
        first = seen.setdefault(entry.sha256, key)
        if first != key and path.stat().st_size:
            entry = replace(entry, reason="twice", detail=f"its bytes are those of {first}")
        yield entry


def _folded(entries: Sequence[Entry]) -> str:
    """One hash of the files of some pages."""
    text = "".join(f"{entry.key}\0{entry.sha256}\n" for entry in entries)
    return hashlib.sha256(text.encode()).hexdigest()


def _of_warc(given: Warc) -> Found:
    path = Path(given.warc).expanduser()
    if not path.is_file():
        raise InputError(f"{given.warc}: no such file", hint="name a WARC file", code="no_file")
    entries: list[Entry] = []
    addresses: set[str] = set()
    for record in warc.responses(path):
        entry = Entry(f"{given.name}/{record.address}", given.name, given.licence, str(path))
        entry = replace(entry, offset=record.offset, reason=record.reason, detail=record.detail)
        if not record.reason and record.address in addresses:
            why = f"{record.address} was archived before"
            entry = replace(entry, reason="twice", detail=why)
        if not record.reason:
            addresses.add(record.address)
        entries.append(entry)
    if not entries:
        raise InputError(
            f"{given.warc} holds no response of a server", hint="name a WARC file", code="no_pages"
        )
    return entries, [Source(given.name, path.name, given.licence, file_sha256(path))]


def _of_miniwob(kept: Path) -> Found:
    path = pypi.fetch("miniwob", "1.1.0", _WHEEL, _WHEEL_SHA256, kept)
    with zipfile.ZipFile(path) as archive:
        names = sorted(
            n for n in archive.namelist() if n.startswith(_WHEEL_PAGES) and n.endswith(".html")
        )
    start = len(_WHEEL_PAGES)
    entries = [Entry(f"miniwob/{n[start:]}", "miniwob", "MIT", str(path), n) for n in names]
    url = "https://pypi.org/project/miniwob/"
    return entries, [Source("MiniWoB++, Liu et al. 2018", url, "MIT", _WHEEL_SHA256)]


def _of_sites(given: OwnSites, made: Path) -> Found:
    if strange := sorted(set(given.sites) - set(SITES)):
        raise InputError(
            f"there is no site {strange[0]}", hint=f"name {', '.join(SITES)}", code="no_site"
        )
    sets = [(site, n) for site in given.sites or SITES for n in TRAIN_RECORDS[: given.records]]
    entries = []
    with Progress("pages of the sites", len(sets), "record sets") as progress:
        for site, number in sets:
            path = made / f"{site}-{number}.zip"
            for theme, address, why in site_pages.archive(path, site, number, given.pages):
                key = f"sites/{site}/{theme}/{number}{address}"
                entry = Entry(key, "sites", MADE, str(path), f"{theme}{address}")
                entry = replace(entry, group=f"sites/{site}/{number}", encoding="utf-8")
                entries.append(replace(entry, reason="status" if why else "", detail=why))
            progress.advance()
    return entries, [Source("local sites", "", MADE, site_pages.source_sha256())]
