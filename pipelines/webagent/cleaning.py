"""Rows of pages and of the parts that are cut out of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from measurand import runs
from measurand.parquet import rejected_table
from pipelines.webagent.cutting import Part, subtrees, thinned
from pipelines.webagent.html import Page, PageError, decode, parse
from pipelines.webagent.sources import Entry, read
from schemas.webagent.corpus import Corpus
from schemas.webagent.corpus_tables import PAGES, PARTS

PIECE_BYTES = 4_000_000
"""Bytes of parts from which they are put into a table: what is held as Python objects."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Clean:
    """Makes the rows of pages; see :data:`measurand.beam.MakeTables`.

    Attributes:
        corpus: parameters.
        entries: the pages by key.
    """

    corpus: Corpus
    entries: Mapping[str, Entry]

    def __call__(self, keys: list[str]) -> Iterator[tuple[Mapping[str, pa.Table], pa.Table]]:
        """One page with its parts, or one rejected row, a key."""
        pages: list[Row] = []
        parts: list[Row] = []
        left = []
        size = 0
        for key in keys:
            try:
                page, some = self._one(self.entries[key])
            except PageError as error:
                left.append((key, error.code, Exception.__str__(error)))
                continue
            pages.append(page)
            parts += some
            size += sum(len(part["html"]) for part in some)
            if size > PIECE_BYTES:
                yield _tables(pages, parts), rejected_table([])
                pages, parts, size = [], [], 0
        yield _tables(pages, parts), rejected_table(left)

    def _one(self, entry: Entry) -> tuple[Row, list[Row]]:
        corpus = self.corpus
        data, said = read(entry, corpus.page_bytes)
        text, encoding = decode(data, said)
        page = parse(text)
        found = subtrees(page, corpus.part_least, corpus.part_most)
        if not found:
            raise PageError(
                f"no label has {corpus.part_least} to {corpus.part_most} words and signs around it",
                code="no_parts",
            )
        parts = thinned(found, corpus.parts)
        about = {
            "doc_id": entry.key,
            "source": entry.source,
            "licence": entry.licence,
            "split": split_of(entry.group or entry.key, corpus),
        }
        row = {
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "encoding": encoding,
            "elements": len(page.elements),
            "symbols": page.symbols[-1],
            "parts": len(parts),
            "parts_left": len(found) - len(parts),
        }
        return about | row, [about | _part(page, at, part) for at, part in enumerate(parts)]


def _part(page: Page, at: int, part: Part) -> Row:
    html = page.html(part.first, part.last)
    digest = hashlib.sha256(html.encode()).hexdigest()
    row = {"part": at, "label": part.label, "symbols": part.symbols, "html": html}
    return row | {"html_sha": digest}


def _tables(pages: list[Row], parts: list[Row]) -> dict[str, pa.Table]:
    return {PAGES.name: runs.table(PAGES, pages), PARTS.name: runs.table(PARTS, parts)}


def split_of(name: str, corpus: Corpus) -> str:
    """Split by the hash of a page's or group's name: adding pages moves none to another."""
    digest = hashlib.sha256(f"{corpus.seed}\x1fsplit\x1f{name}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < corpus.test_share:
        return "test"
    return "validation" if place < corpus.test_share + corpus.validation_share else "train"
