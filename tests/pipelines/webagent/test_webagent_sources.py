from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from measurand import pypi
from measurand.errors import InputError
from pipelines.webagent.html import PageError
from pipelines.webagent.sources import Entry, plan, read
from schemas.webagent.corpus import Corpus

PAGE = b"<p>one</p>"


def corpus(*sources: dict[str, object]) -> Corpus:
    return Corpus.model_validate({"sources": sources})


def test_a_folder_gives_its_pages_in_order_and_equal_files_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.html", "a.HTM", "in/c.xhtml", "notes.txt", "copy.html"):
        (tmp_path / name).write_bytes(b"<p>same" if name in ("b.html", "copy.html") else PAGE)
    (tmp_path / "in/c.xhtml").write_bytes(b"<p>three")
    (tmp_path / "folder.html").mkdir()
    found = plan(corpus({"folder": str(tmp_path), "licence": "CC0-1.0"}), tmp_path, tmp_path)
    assert [(e.key, e.reason) for e in found.entries] == [
        ("folder/a.HTM", ""),
        ("folder/b.html", ""),
        ("folder/copy.html", "twice"),
        ("folder/in/c.xhtml", ""),
    ]
    assert read(found.entries[0], 100) == (PAGE, "")
    (about,) = found.sources
    assert (about.name, about.licence) == ("folder", "CC0-1.0")
    # The hash is that of names and contents, wherever the folder lies.
    (tmp_path / "b.html").write_bytes(b"<p>other")
    again = plan(corpus({"folder": str(tmp_path)}), tmp_path, tmp_path)
    assert again.sources[0].sha256 != about.sha256
    assert [e.reason for e in again.entries] == [""] * 4


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(PAGE)
    entry = Entry("k", "s", "l", str(tmp_path / "a.html"))
    for bad, most, code in (
        (entry, 5, "too_large"),
        (Entry("k", "s", "l", str(tmp_path / "no.html")), 5, "unreadable"),
        (Entry("k", "s", "l", "", reason="twice", detail="again"), 5, "twice"),
    ):
        with pytest.raises(PageError) as caught:
            read(bad, most)
        assert caught.value.code == code


def test_a_name_that_is_no_unicode_is_read(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.html"
    with open(path, "wb") as file:
        file.write(PAGE)
    (entry,) = plan(corpus({"folder": str(tmp_path)}), tmp_path, tmp_path).entries
    assert entry.key == "folder/\ufffd.html"
    assert read(entry, 100)[0] == PAGE


@pytest.mark.parametrize(
    ("source", "code"), [({"folder": "nowhere"}, "no_folder"), ({"warc": "nowhere"}, "no_file")]
)
def test_sources_that_are_not_there(tmp_path: Path, source: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as caught:
        plan(corpus(source), tmp_path, tmp_path)
    assert caught.value.code == code
    with pytest.raises(InputError) as caught:
        plan(corpus({"folder": str(tmp_path)}), tmp_path, tmp_path)
    assert caught.value.code == "no_pages"


def test_a_package_that_is_not_installed_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "git-doc/html").mkdir(parents=True)
    (tmp_path / "git-doc/html/git.html").write_bytes(PAGE)
    given = {"kind": "debian_docs", "packages": ["x-doc", "git-doc"], "root": str(tmp_path)}
    found = plan(corpus(given), tmp_path, tmp_path)
    assert [(e.key, e.licence, e.reason) for e in found.entries] == [
        ("debian_docs/git-doc/html/git.html", "GPL-2.0-only", ""),
        ("debian_docs/x-doc", "unknown", "no_pages"),
    ]
    assert [s.name for s in found.sources] == ["Debian: git-doc"]


def test_pages_of_the_wheel_are_read_out_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "w.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("html/miniwob/b.html", "html/miniwob/a.html", "html/core/core.js", "x.py"):
            archive.writestr(f"miniwob/{name}", PAGE)
    # The wheel itself needs the package index.
    monkeypatch.setattr(pypi, "fetch", lambda *_: wheel)
    found = plan(corpus({"kind": "miniwob"}), tmp_path, tmp_path)
    assert [(e.key, e.licence) for e in found.entries] == [
        ("miniwob/a.html", "MIT"), ("miniwob/b.html", "MIT"),
    ]  # fmt: skip
    assert read(found.entries[0], 100)[0] == PAGE
