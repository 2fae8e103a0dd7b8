from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path

import pytest

from measurand.errors import InputError
from pipelines.webagent import warc
from pipelines.webagent.html import PageError
from pipelines.webagent.sources import plan, read
from schemas.webagent.corpus import Corpus

pytest.importorskip("warcio", reason="the extra `web` is not installed")
ANSWERS = (
    ("http://a.org/", "200 OK", "text/html; charset=windows-1251", "<p>мир".encode("cp1251")),
    ("http://a.org/gone", "404 Not Found", "text/html", b"<p>gone"),
    ("http://a.org/i.png", "200 OK", "image/png", b"\x89PNG"),
    ("http://a.org/", "200 OK", "text/html", b"<p>later"),
    ("http://a.org/long", "200 OK", "application/xhtml+xml", b"<p>" + b"x" * 5000),
)


def archive(path: Path, *, gzipped: bool) -> Path:
    """A real archive, written by warcio."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=gzipped)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "x"}))
        for address, status, kind, body in ANSWERS:
            headers = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
            record = writer.create_warc_record(
                address, "response", payload=BytesIO(body), http_headers=headers
            )
            writer.write_record(record)
    return path


@pytest.mark.parametrize("gzipped", [False, True])
def test_pages_are_read_where_they_lie(tmp_path: Path, gzipped: bool) -> None:
    path = archive(tmp_path / "x.warc", gzipped=gzipped)
    found = plan(Corpus.model_validate({"sources": [{"warc": str(path)}]}), tmp_path, tmp_path)
    assert [(e.key, e.reason) for e in found.entries] == [
        ("warc/http://a.org/", ""),
        ("warc/http://a.org/gone", "status"),
        ("warc/http://a.org/i.png", "not_html"),
        ("warc/http://a.org/'", "twice"),
        ("warc/http://a.org/long", ""),
    ]
    assert read(found.entries[0], 100) == ("<p>мир".encode("cp1251"), "windows-1251")
    assert len(read(found.entries[4], 9000)[0]) == 5003
    with pytest.raises(PageError) as caught:
        read(found.entries[4], 100)
    assert caught.value.code == "too_large"


def test_damaged_records_and_files_of_another_kind(tmp_path: Path) -> None:
    whole = tmp_path / "whole.warc.gz"
    whole.write_bytes(gzip.compress(archive(tmp_path / "y.warc", gzipped=False).read_bytes()))
    other = tmp_path / "other.warc"
    other.write_bytes(b"<html>no archive</html>" * 50)
    for bad, code in ((whole, "not_a_warc"), (other, "no_pages")):
        with pytest.raises(InputError) as caught:
            plan(Corpus.model_validate({"sources": [{"warc": str(bad)}]}), tmp_path, tmp_path)
        assert caught.value.code == code


@pytest.mark.parametrize("gzipped", [False, True])
def test_nothing_is_read_where_no_response_begins(tmp_path: Path, gzipped: bool) -> None:
    path = archive(tmp_path / "x.warc", gzipped=gzipped)
    begins = {response.offset for response in warc.responses(path)}
    for offset in set(range(path.stat().st_size + 2)) - begins:
        with pytest.raises(PageError) as refused:
            warc.read(path, offset, 9000)
        assert refused.value.code == "unreadable"
