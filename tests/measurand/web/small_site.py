"""A site of a few files and one form whose answers depend on a session."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from measurand.doctor import BROWSERS
from measurand.web import view
from measurand.web.server import Answer, Request, static

MISSING = not any(
    Path(folder, name).exists() for folder in os.environ["PATH"].split(":") for name in BROWSERS
)
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(MISSING, reason="no chromium on the PATH: install it to run this"),
]


class SmallSite:
    def __init__(self, **pages: str) -> None:
        self.files = {f"/{name}.html": page.encode() for name, page in pages.items()}
        self.files["/view.js"] = view.script()
        self.sha256 = hashlib.sha256(repr(self.files).encode()).hexdigest()
        self.start, self.window = "/index.html", (400, 300)
        self.said: dict[str, list[str]] = {}

    def answer(self, request: Request) -> Answer | None:
        if request.path != "/say":
            return static(request, self.files.get)
        session = request.headers.get("Cookie", "").removeprefix("session=")
        if not session:
            session = str(len(self.said) + 1)
        said = self.said.setdefault(session, [])
        said += parse_qs(request.body.decode() or request.query)["word"]
        return Answer(200, " ".join(said).encode(), headers={"Set-Cookie": f"session={session}"})
