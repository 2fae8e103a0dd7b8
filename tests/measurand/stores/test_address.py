from __future__ import annotations

import time
from pathlib import Path

import pytest

from measurand import stores
from measurand.arguments import folder
from measurand.errors import InputError, StoreError
from measurand.stores import address, generations


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://bucket/x", True),
        ("gs://bucket/x", True),
        ("ftp://host/x", True),
        ("s3:/bucket/x", True),
        ("hub:me/x", False),
        ("/data/x", False),
        ("data/s3", False),
        ("c:/x", False),
    ],
)
def test_what_is_a_url(text: str, url: bool) -> None:
    assert stores.is_url(text) is url
    assert folder(text) == (text if url else Path(text))


def test_a_folder_of_that_name_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:" / "x").mkdir(parents=True)
    assert not stores.is_url("s3:/x")


def test_what_is_told_of_a_url_holds_nothing_private() -> None:
    url = "s3://me:word@bucket/a/b/?endpoint_override=h:1&secret_key=word"
    assert stores.shown(url) == "s3://bucket/a/b"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://host/x", "no store of the kind ftp"),
        ("s3:///x", "no bucket"),
        ("s3://me:word@bucket/x", "holds a user or a key"),
        ("s3://bucket/x?secret_key=word", "holds a user or a key"),
        ("s3://bucket/x?speed=9", "no options"),
    ],
)
def test_urls_that_are_refused(url: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        stores.place(url)
    assert caught.value.code == "bad_url"
    assert "word" not in str(caught.value)


def test_endpoint_and_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1/")
    found = stores.place("s3://bucket/a/b/")
    assert (found.url, found.path) == ("s3://bucket/a/b", "bucket/a/b")
    assert found.below("c") == address.Place("s3://bucket/a/b/c", found.files, "bucket/a/b/c")
    other = stores.place("s3://bucket/a?endpoint_override=127.0.0.1:2&scheme=http")
    assert not found.files.equals(other.files)


def test_a_store_that_does_not_answer_is_named_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(StoreError, match=r"^s3://bucket/a: .*127\.0\.0\.1 port 9"):
        generations.index_of(stores.place("s3://bucket/a"))
    assert time.monotonic() - start < 120
