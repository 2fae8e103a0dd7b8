"""URLs of object stores, and the file system of pyarrow behind each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from measurand.errors import InputError, StoreError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

SCHEMES = ("s3", "gs", "gcs", "abfs", "abfss", "hdfs", "viewfs")
"""Those that :mod:`pyarrow.fs` knows of stores that several machines see."""
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""Variables of AWS's own tools that name another endpoint; pyarrow does not look at them."""
CONNECT_SECONDS, REQUEST_SECONDS, ATTEMPTS = 10, 60, 3
_URL = re.compile(r"([a-z][a-z0-9+.-]*):/{1,2}", re.I)
_SECRET = re.compile(r"key|secret|token|password|sig|credential", re.I)


@dataclass(frozen=True)
class Place:
    """A folder of an object store.

    Attributes:
        url: as it is told: without options.
        files: the store.
        path: bucket and prefix.
    """

    url: str
    files: FileSystem
    path: str

    def below(self, name: str) -> Place:
        """A folder of it."""
        return Place(f"{self.url}/{name}", self.files, f"{self.path}/{name}")


def is_url(text: str | Path) -> bool:
    """Whether a place is a URL rather than a path of this machine."""
    found = _URL.match(str(text))
    return found is not None and len(found[1]) > 1 and not Path(str(text)).exists()


def shown(url: str) -> str:
    """A URL without what may be private: user, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def place(url: str) -> Place:
    """The folder that a URL names.

    Credentials are taken as pyarrow takes them: from the environment (``AWS_ACCESS_KEY_ID``, ...)
    or the store's own files; the endpoint from the URL's option ``endpoint_override``, else from
    :data:`ENDPOINTS`. Options ``scheme`` and ``region`` are read too.

    Raises:
        InputError: code ``bad_url``: no such kind of store, no bucket, or a secret in the URL.
        StoreError: the store cannot be spoken to.
    """
    from pyarrow.fs import FileSystem

    told = shown(url)
    parts = urlsplit(url)
    if parts.scheme.lower() not in SCHEMES:
        raise _refused(
            f"{told}: no store of the kind {parts.scheme}",
            f"one of: {', '.join(f'{one}://' for one in SCHEMES)}",
        )
    options = dict(parse_qsl(parts.query))
    if "@" in parts.netloc or any(map(_SECRET.search, options)):
        raise _refused(
            f"{told}: the URL holds a user or a key, which others could read",
            "give credentials by the environment or the store's own files",
        )
    path = f"{parts.netloc}{parts.path}".strip("/")
    if not path or not (parts.netloc or parts.scheme in ("hdfs", "viewfs")):
        raise _refused(f"{told}: no bucket", "write scheme://bucket/folder")
    with failing(told):
        if parts.scheme.lower() == "s3":
            return Place(told, _s3(options), path)
        files, path = FileSystem.from_uri(url)
        return Place(told, files, path.rstrip("/"))


def _s3(options: dict[str, str]) -> FileSystem:
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    known = ("endpoint_override", "scheme", "region")
    if unknown := sorted({*options} - {*known}):
        raise _refused(f"s3:// has no options {unknown}", f"it takes {', '.join(known)}")
    endpoint = next(filter(None, map(os.environ.get, ENDPOINTS)), "")
    scheme, _, host = endpoint.rpartition("://")
    given = {"endpoint_override": host.rstrip("/"), "scheme": scheme}
    options = {name: value for name, value in given.items() if value} | options
    more: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "request_timeout": REQUEST_SECONDS,
        "retry_strategy": AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        "background_writes": False,  # so that no more than a part is in memory
    }
    return S3FileSystem(**options, **more)


@contextmanager
def failing(what: str) -> Iterator[None]:
    """Name what a store answers.

    Args:
        what: URL as it is told.

    Raises:
        StoreError: the store refuses, or does not answer.
    """
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        said = " ".join(str(error).split())
        raise StoreError(
            f"{what}: {said}",
            hint="check the address, the credentials in the environment and the network",
        ) from error


def _refused(problem: str, hint: str) -> InputError:
    return InputError(problem, hint=hint, code="bad_url")
