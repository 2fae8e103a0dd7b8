"""The pages: those of the ``miniwob`` wheel as they are, or a folder's, and the one of our own.

Together they are the site that a browser is shown.
"""

from __future__ import annotations

import hashlib
import zipfile
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Protocol

from measurand import pypi
from measurand.errors import InputError, VerifyError
from measurand.manifest import Source
from measurand.web import view
from measurand.web.server import Answer, Request, static

PACKAGE, VERSION = "miniwob", "1.1.0"
FILE = "miniwob-1.1.0-py3-none-any.whl"
SHA256 = "297006e84219d56ad037e843527ed773a4a82509dc43b6031ec4a3ad3e3e61d9"
SOURCE = Source("MiniWoB++, Liu et al. 2018", "https://pypi.org/project/miniwob/", "MIT", SHA256)
TASK_PAGE = "/miniwob/{task}.html"
"""Where the page of a base task lies below the root of the pages."""
OWN = ("composition.html", "episode.js", "view.js")
_ROOT = "miniwob/html"
_HERE = Path(__file__).parent / "page"


class Pages(Protocol):
    """Files by path.

    Attributes:
        sha256: hash of what they hold.
    """

    sha256: str

    def read(self, path: str) -> bytes | None:
        """The file at an absolute path such as ``/core/core.js``, None where there is none."""
        ...


class Wheel:
    """The pages inside the wheel, which is read as an archive and not installed.

    Args:
        path: the wheel.

    Raises:
        VerifyError: it is not the archive that it should be.
    """

    def __init__(self, path: Path) -> None:
        self.sha256 = SHA256
        try:
            with zipfile.ZipFile(path) as archive:
                names = [n for n in archive.namelist() if n.startswith(f"{_ROOT}/")]
                self._files = {
                    n.removeprefix(_ROOT): archive.read(n) for n in names if _is_page_file(n)
                }
        except (OSError, zipfile.BadZipFile) as error:
            raise VerifyError(
                f"{path} is no wheel with pages: {error}",
                hint=f"delete it; the next run fetches {FILE} again",
            ) from error

    def read(self, path: str) -> bytes | None:
        """See :class:`Pages`."""
        return self._files.get(path)


def _is_page_file(name: str) -> bool:
    return not name.endswith("/") and not name.startswith(f"{_ROOT}/flight/")


class Folder:
    """Somebody's pages in a folder; nothing outside it is served.

    Args:
        root: the folder.

    Raises:
        InputError: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = Path(root).resolve()
        if not self._root.is_dir():
            raise InputError(f"{root} is no folder", hint="give the folder that holds the pages")
        digest = hashlib.sha256()
        for path in sorted(p for p in self._root.rglob("*") if p.is_file()):
            digest.update(f"{path.relative_to(self._root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        self.sha256 = digest.hexdigest()

    def read(self, path: str) -> bytes | None:
        """See :class:`Pages`."""
        inner = PurePosixPath(path.lstrip("/"))
        found = (self._root / inner).resolve()
        inside = found.is_relative_to(self._root)
        return found.read_bytes() if inside and found.is_file() else None


class Overlay:
    """Some files in place of others, as when a page is to be tried in another state.

    Args:
        below: the pages.
        above: files that replace them, by path.
    """

    def __init__(self, below: Pages, above: dict[str, bytes]) -> None:
        self._below, self._above = below, above
        parts = [f"{k}\0{hashlib.sha256(v).hexdigest()}" for k, v in sorted(above.items())]
        self.sha256 = hashlib.sha256("\n".join([below.sha256, *parts]).encode()).hexdigest()

    def read(self, path: str) -> bytes | None:
        """See :class:`Pages`."""
        found = self._above.get(path)
        return found if found is not None else self._below.read(path)


def fetch(folder: Path) -> Path:
    """The wheel, from ``folder`` where it lies there already.

    Raises:
        InfraError: it cannot be fetched.
        VerifyError: it is not the one expected.
    """
    return pypi.fetch(PACKAGE, VERSION, FILE, SHA256, folder)


@cache
def own_file(name: str) -> bytes:
    """One of our own files."""
    return view.script() if name == "view.js" else (_HERE / name).read_bytes()


class Composed:
    """The site: a page of our own that shows some of the pages side by side.

    Attributes:
        pages: the pages.
        sha256: see :class:`measurand.web.server.Site`.
        start: its page.
        window: in pixels.
    """

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.start, self.window = "/composition.html", (520, 800)
        digest = hashlib.sha256(pages.sha256.encode())
        for name in OWN:
            digest.update(own_file(name))
        self.sha256 = digest.hexdigest()

    def answer(self, request: Request) -> Answer | None:
        """See :class:`measurand.web.server.Site`."""
        return static(request, self._read)

    def _read(self, path: str) -> bytes | None:
        name = path.lstrip("/")
        return own_file(name) if name in OWN else self.pages.read(path)
