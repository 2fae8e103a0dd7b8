"""Pages of the three local sites, as a visitor of the training themes and records gets them."""

from __future__ import annotations

import re
import threading
import zipfile
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from measurand.web.server import Answer, Request
from pipelines.webagent.html import PageError
from pipelines.webagent.server import Sites
from pipelines.webagent.sessions import Setting
from schemas.webagent.params import TRAIN_THEMES

_SECRET = "corpus"
"""Of every visit, so that the tokens in forms are the same in every build."""
_LINK = re.compile(r'href="([^"]+)"')
_ONE_VISIT = threading.Lock()
"""A new session ends the one before."""


@cache
def _sites() -> Sites:
    return Sites()


def source_sha256() -> str:
    """Hash of everything that decides the pages."""
    return _sites().sha256


def archive(path: Path, site: str, records: int, most: int) -> list[tuple[str, str, str]]:
    """Write all pages of a record set into one file.

    A set takes as long to make as a dozen of its pages, and these lie in every shard of a corpus:
    who reads them here makes no set.

    Args:
        path: of a new ZIP file, in which a page is ``theme + address``.
        site: of ``params.SITES``.
        records: number of the record set.
        most: most pages of a theme.

    Returns:
        Theme and address of every page, and why it is not in the file; "" where it is.
    """
    found = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        # Addresses are the same in every look.
        for address in addresses(Setting(site, TRAIN_THEMES[0], records), most):
            for theme in TRAIN_THEMES:
                why = ""
                try:
                    page = read(Setting(site, theme, records), address)
                    file.writestr(f"{theme}{address}", page)
                except PageError as error:
                    why = Exception.__str__(error)
                found.append((theme, address, why))
    return found


def addresses(setting: Setting, most: int) -> list[str]:
    """Pages that links lead to from the front page, nearest first, at most so many.

    Args:
        setting: site, theme and records.
        most: most pages.
    """
    start = f"/{setting.site}/"
    found = [start]
    with _ONE_VISIT:
        cookie = _enter(setting)
        for address in found:
            answer = _get(address, cookie)
            for link in _LINK.findall("" if answer is None else answer.body.decode()):
                inside = unescape(link)
                if len(found) < most and inside.startswith(start) and inside not in found:
                    found.append(inside)
    return found


def read(setting: Setting, address: str) -> bytes:
    """A page as a new visitor gets it.

    Raises:
        PageError: code ``status``: there is no such page.
    """
    with _ONE_VISIT:
        answer = _get(address, _enter(setting))
    if answer is None or answer.status != 200:
        raise PageError(f"the site has no page {address}", code="status")
    return answer.body


def _enter(setting: Setting) -> str:
    """The cookie of a new visit."""
    path, _ = _sites().begin(setting, _SECRET)
    answer = _sites().answer(Request("GET", path))
    return "" if answer is None else answer.headers["Set-Cookie"].partition(";")[0]


def _get(address: str, cookie: str) -> Answer | None:
    path, _, query = address.partition("?")
    return _sites().answer(Request("GET", unquote(path), query, {"Cookie": cookie}))
