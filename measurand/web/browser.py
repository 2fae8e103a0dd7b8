"""Browsers that belong to one thread each, and whoever needs one asks that thread.

Playwright's objects may be used on the thread that made them only, while a Beam worker sets up,
works and tears down on threads of its choice. So whoever asks is lent an owner thread, which starts
the browser, does the work and closes it: on request, after idling, at exit.
"""

from __future__ import annotations

import atexit
import os
import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from measurand.errors import InfraError
from measurand.web import chromium
from measurand.web.server import HOST, Server, Site

IDLE_SECONDS = 60.0
LAUNCH_SECONDS = 60.0
T = TypeVar("T")


class BrowserFailed(InfraError):
    """A browser died, hung or could not build the page: never the agent's failure."""

    code = "browser_failed"


@dataclass
class Session:
    """A running browser with one page, for use on its owner's thread alone.

    Attributes:
        page: Playwright's page.
        server: where all of its requests go.
        version: name and version of the browser.
        errors: errors that scripts of the page did not catch.
        asked: addresses elsewhere that pages asked for.
        episodes: episodes begun since the browser was started.
    """

    page: Any
    server: Server
    version: str
    errors: list[str]
    asked: list[str]
    episodes: int = 0

    def foreign(self) -> list[str]:
        """Requests of pages to anywhere but the server: none of them was let through."""
        refused = [a for a in self.server.foreign if not chromium.own_business(a)]
        return list(dict.fromkeys([*self.asked, *refused]))


class Owner:
    """A thread that owns a browser.

    Args:
        site: what its server serves.
        run: begins the mark of its browsers, so that those of one run can be found.
    """

    def __init__(self, site: Site, run: str = "") -> None:
        self.site, self.run = site, run
        self.token = f"{run}.{secrets.token_hex(8)}"
        self._jobs: queue.Queue[tuple[Callable[[Session], Any], Future[Any]] | None] = queue.Queue()
        self._closed, self._asking = False, threading.Lock()
        self._thread = threading.Thread(target=self._serve, name="browser", daemon=True)
        with _lock:
            _owners.add(self)
        self._thread.start()

    def call(self, work: Callable[[Session], T], timeout_s: float) -> T:
        """Do ``work`` with the browser, which is started where none runs.

        Raises:
            BrowserFailed: it took longer than ``timeout_s``, or the browser is gone, or the owner
                has been closed.
        """
        answer = self._ask(work)
        try:
            return answer.result(timeout_s + LAUNCH_SECONDS)
        except TimeoutError:
            self.kill()
            raise BrowserFailed(f"the browser did not answer within {timeout_s:g} s") from None

    def tried(
        self, work: Callable[[Session], T], timeout_s: float, attempts: int
    ) -> tuple[T | None, list[str]]:
        """Do ``work``; where browser or model server fail, again, a dead browser being replaced.

        Args:
            work: what to do.
            timeout_s: longest time of one try.
            attempts: most tries.

        Returns:
            What it gave, None where every try failed, and why tries failed.
        """
        failures: list[str] = []
        while len(failures) < attempts:
            try:
                return self.call(work, timeout_s), failures
            except InfraError as error:
                failures.append(error.args[0])
                if isinstance(error, BrowserFailed):
                    self.restart()
        return None, failures

    def restart(self) -> None:
        """Close the browser; the next call starts another one, unless the owner is closed."""
        try:
            self._ask(_CLOSE).result(10)
        except TimeoutError:
            self.kill()
        except BrowserFailed:
            return

    def kill(self) -> None:
        """End the browser's processes without asking it."""
        chromium.kill(self.token)

    def close(self) -> None:
        """Close the browser and end the thread; what was asked before is done first."""
        with _lock:
            _owners.discard(self)
            if self in _idle:
                _idle.remove(self)
        with self._asking:
            self._closed = True
            self._jobs.put(None)
        self._thread.join(10)
        self.kill()

    def _ask(self, work: Callable[[Session], T]) -> Future[T]:
        answer: Future[T] = Future()
        with self._asking:
            # Nobody would ever answer what is put behind the end.
            if self._closed:
                answer.set_exception(BrowserFailed("its owner closed the browser"))
            else:
                self._jobs.put((work, answer))
        return answer

    def _serve(self) -> None:
        session: _Open | None = None
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                job = (_CLOSE, Future())
            if job is None or job[0] is _CLOSE:
                if session is not None:
                    session.close()
                session = None
                if job is None:
                    return
                job[1].set_result(None)
                continue
            work, answer = job
            try:
                if session is None:
                    session = _Open(self.site, self.token)
                answer.set_result(work(session.session))
            except BaseException as error:
                answer.set_exception(error)


def _CLOSE(session: Session) -> None:
    """What an owner is asked in order to close its browser."""


class _Open:
    """Playwright, browser, page and server, opened together and closed together."""

    def __init__(self, site: Site, token: str) -> None:
        from playwright.sync_api import Error, sync_playwright

        program = chromium.executable()
        self._server = Server(site)
        width, height = site.window
        self._playwright = sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(
                executable_path=str(program),
                args=[*chromium.FLAGS, f"{chromium.MARK}{token}"],
                proxy={"server": self._server.address, "bypass": "<-loopback>"},
                timeout=LAUNCH_SECONDS * 1000,
            )
            context = self._browser.new_context(
                viewport={"width": width, "height": height}, locale="en-US", timezone_id="UTC"
            )
            errors: list[str] = []
            asked: list[str] = []
            context.on("request", lambda request: _note(request, asked))
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)[:300]))
            page.goto(f"http://{HOST}{site.start}")
        except Error as error:
            self.close()
            raise BrowserFailed(f"{program} does not start: {_first(error)}") from error
        version = f"Chromium {self._browser.version}"
        self.session = Session(page, self._server, version, errors, asked)

    def close(self) -> None:
        """Close everything that is still open."""
        from playwright.sync_api import Error

        try:
            if getattr(self, "_browser", None) is not None:
                self._browser.close()
        except Error:
            pass
        self._playwright.stop()
        self._server.close()


def _note(request: Any, asked: list[str]) -> None:
    parts = urlsplit(request.url)
    if parts.scheme not in ("data", "blob", "about") and parts.hostname != HOST:
        asked.append(f"{request.method} {request.url}"[:500])


def _first(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:300]


_owners: set[Owner] = set()
_idle: list[Owner] = []
_lock = threading.Lock()
_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
_room = threading.BoundedSemaphore(_cores or 1)


@contextmanager
def lent(site: Site, run: str = "") -> Iterator[Owner]:
    """An owner that nobody else is lent meanwhile; waits while as many are lent as there are cores.

    A runner may begin every shard of a build at the same moment, and a browser takes up to a
    gibibyte.
    """
    with _room:
        owner = _taken(site, run)
        try:
            yield owner
        finally:
            with _lock:
                if owner in _owners:
                    _idle.append(owner)


def _taken(site: Site, run: str) -> Owner:
    """One of this site and run that idles, or another in place of all that idle."""
    with _lock:
        for owner in _idle:
            if (owner.site.sha256, owner.run) == (site.sha256, run):
                _idle.remove(owner)
                return owner
        others = [*_idle]
    for owner in others:
        owner.close()
    return Owner(site, run)


def close_all(run: str | None = None) -> None:
    """Close the browsers of a run, or all of this process, each on its own thread."""
    with _lock:
        asked = [owner for owner in _owners if run in (None, owner.run)]
    for owner in asked:
        owner.close()


atexit.register(close_all)
