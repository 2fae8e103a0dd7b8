"""Pages of web archives (WARC, ISO 28500), read by warcio."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from pipelines.webagent.html import PageError

_PAGE = re.compile(r"\s*(text/html|application/xhtml\+xml)\s*(;|$)", re.I)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w-]+)", re.I)


@dataclass(frozen=True)
class Response:
    """What a server answered.

    Attributes:
        address: of the page.
        offset: byte of the file where its record begins.
        reason: why it is no page; "" for a page.
        detail: the same in a sentence.
    """

    address: str
    offset: int
    reason: str = ""
    detail: str = ""


def responses(path: Path) -> Iterator[Response]:
    """Every response in an archive, in its order; bodies are passed over.

    Raises:
        InputError: code ``not_a_warc``: the file is none, or is compressed as a whole.
    """
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    with path.open("rb") as file:
        try:
            records = ArchiveIterator(file)
            for record in records:
                if record.rec_type == "response" and record.http_headers is not None:
                    yield _response(record, records.get_record_offset())
        except (ArchiveLoadFailed, EOFError, ValueError) as error:
            said = " ".join(str(error).split())[:200]
            raise InputError(
                f"{path} cannot be read as a WARC file: {said}",
                hint="`warcio recompress` mends files that are compressed as a whole",
                code="not_a_warc",
            ) from error


def _response(record: Any, offset: int) -> Response:
    address = record.rec_headers.get_header("WARC-Target-URI") or f"record at {offset}"
    status = record.http_headers.get_statuscode()
    kind = record.http_headers.get_header("Content-Type") or ""
    if status != "200":
        return Response(address, offset, "status", f"the server answered with status {status}")
    if not _PAGE.match(kind):
        return Response(address, offset, "not_html", f"its type is {kind or 'not said'}")
    return Response(address, offset)


def read(path: Path, offset: int, most: int) -> tuple[bytes, str]:
    """Body of the response at a byte of an archive, and the encoding that its headers name.

    Args:
        path: the file.
        offset: where the record begins.
        most: bytes from which a body is not read.

    Raises:
        PageError: code ``too_large`` or ``unreadable``.
    """
    import zlib

    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    with path.open("rb") as file:
        file.seek(offset)
        try:
            record = next(iter(ArchiveIterator(file)))
            body = record.content_stream().read(most + 1)
        except (ArchiveLoadFailed, StopIteration, EOFError, ValueError, zlib.error) as error:
            raise PageError(f"its record is damaged: {error}", code="unreadable") from error
    if len(body) > most:
        raise PageError(f"it has more than {most} bytes", code="too_large")
    if record.rec_type != "response" or record.http_headers is None:
        raise PageError("no response of a server begins there", code="unreadable")
    said = _CHARSET.search(record.http_headers.get_header("Content-Type") or "")
    return body, said[1].lower() if said else ""
