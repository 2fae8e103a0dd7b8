"""A browser of one's own behind Debian's ``chromedriver``, with the sites as its only network.

Selenium's driver belongs to whoever made it; one episode is played in it at a time, in a window of
its own that has no history of another. Every request goes to the one local server, which is the
browser's proxy, so what is asked for elsewhere is refused and recorded there.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import re
import secrets
import shutil
import time
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from measurand.errors import CapabilityError
from measurand.web import chromium
from measurand.web.browser import BrowserFailed
from measurand.web.server import HOST, Server
from pipelines.webagent import survivors
from pipelines.webagent.server import Sites
from pipelines.webagent.sessions import Session, Setting

CLOSE_SECONDS = 10.0
PAGE_SECONDS = 120.0
"""Longest loading of a page: a browser on a busy machine is slow, not broken."""
_THERE = "return document.readyState === 'complete' && !window.agentLeaves;"
_START_PAGE = "CONNECT start.duckduckgo.com:"
"""What Debian's Chromium asks for when it starts."""
_TOKEN = re.compile(r'(name="token" value=")[0-9a-f]{20}(?=")')
T = TypeVar("T")
_open: weakref.WeakSet[Driver] = weakref.WeakSet()


@cache
def script() -> str:
    """What numbers the elements of a page and reads it."""
    return (Path(__file__).parent / "observe.js").read_text(encoding="utf-8")


def program() -> str:
    """The machine's ``chromedriver``.

    Raises:
        CapabilityError: code ``missing_driver``, or ``missing_browser``.
    """
    import importlib.util

    chromium.executable()
    if importlib.util.find_spec("selenium") is None:
        raise CapabilityError(
            "programs need the package selenium",
            hint="pip install 'measurand[web]'",
            code="missing_driver",
        )
    found = shutil.which("chromedriver")
    if found is None:
        raise CapabilityError(
            "programs need chromedriver, and none is on the search path",
            hint="apt-get install chromium-driver",
            code="missing_driver",
        )
    return found


class Driver:
    """A browser with the sites behind it.

    Args:
        run: begins the mark of its processes, so that those of one run can be found.

    Attributes:
        sites: the sites that it shows.
        server: where all of its requests go.
        token: mark of its processes.
        version: names and versions of browser and driver.
        episodes: sessions begun.
        web: Selenium's driver; None before it has started.

    Every method raises ``BrowserFailed`` where the browser or its driver does.
    """

    def __init__(self, run: str = "") -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        driver = program()
        self.token = f"{run}.{secrets.token_hex(8)}"
        self.sites = Sites()
        self.server = Server(self.sites)
        self.episodes = 0
        mark = f"{chromium.MARK}{self.token}"
        self._watch = survivors.watch("measurand-browser-", mark)
        self.web: Any = None
        options = webdriver.ChromeOptions()
        options.binary_location = str(chromium.executable())
        options.ignore_local_proxy_environment_variables()
        width, height = self.sites.window
        for word in (
            *chromium.FLAGS,
            mark,
            "--headless",
            f"--window-size={width},{height}",
            f"--proxy-server={self.server.address}",
            "--proxy-bypass-list=<-loopback>",
            f"--user-data-dir={self._watch.folder}",
            "--lang=en-US",
        ):
            options.add_argument(word)
        options.add_experimental_option("prefs", {"download_restrictions": 3})
        # The mark is an argument that the driver does not know, and does not mind.
        service = Service(
            driver,
            service_args=[mark],
            popen_kw={"start_new_session": True},
        )
        _open.add(self)
        try:
            self.web = self._asked(lambda: webdriver.Chrome(options=options, service=service))
            self._asked(lambda: self.web.set_page_load_timeout(PAGE_SECONDS))
        except BrowserFailed:
            self.close()
            raise
        said = self.web.capabilities
        driven = str(said["chrome"]["chromedriverVersion"]).split(" ")[0]
        self.version = f"Chromium {said['browserVersion']}, chromedriver {driven}"

    def begin(self, setting: Setting) -> Session:
        """A new session in a new window: what was before is gone."""
        self.episodes += 1
        self.server.foreign.clear()
        entry, session = self.sites.begin(setting)
        self._asked(lambda: self._fresh(f"http://{HOST}{entry}"))
        return session

    def observe(self, seed: int = 0) -> tuple[str, str]:
        """Address and text of the page, each element with its number.

        Tokens of forms are left out: they are another at every visit, and no agent needs them.

        Args:
            seed: 0 for numbers in the order of the page, another for a mixed order.
        """
        address, html = self._asked(lambda: self.web.execute_script(script(), seed))
        return str(address), _TOKEN.sub(r"\1", str(html))

    def execute(self, command: str, params: dict[str, Any]) -> dict[str, Any]:
        """Pass a WebDriver command on; the answer as the driver gives it, errors included."""
        given = {**params, "sessionId": self.web.session_id}
        answer: dict[str, Any] = self._asked(
            lambda: self.web.command_executor.execute(command, given)
        )
        return answer

    def settle(self) -> None:
        """Wait until the page that a link or a form leads to is there.

        The driver itself waits only for what has begun to load when a click returns, which on a
        busy machine may be nothing yet.
        """
        end = time.monotonic() + PAGE_SECONDS
        while time.monotonic() < end:
            if self._asked(lambda: self.web.execute_script(_THERE)):
                return
            time.sleep(0.02)
        raise BrowserFailed("the page that was asked for did not come")

    def box(self, ref: int) -> list[float] | None:
        """Left, top, width and height of an element in the page; None where it is not there."""
        words = (
            "const e = document.querySelector(`[data-ref='${arguments[0]}']`); if (!e) return null;"
            "const b = e.getBoundingClientRect();"
            "return [b.left + scrollX, b.top + scrollY, b.width, b.height];"
        )
        found = self._asked(lambda: self.web.execute_script(words, int(ref)))
        return None if found is None else [float(one) for one in found]

    def picture(self) -> bytes:
        """What the window shows from the page's top, as JPEG."""
        width, _ = self.sites.window
        tall = self._asked(
            lambda: self.web.execute_script("return document.documentElement.scrollHeight")
        )
        clip = {"x": 0, "y": 0, "width": width, "height": min(int(tall), 2400), "scale": 0.6}
        asked = {"format": "jpeg", "quality": 60, "clip": clip, "captureBeyondViewport": True}
        shot = self._asked(lambda: self.web.execute_cdp_cmd("Page.captureScreenshot", asked))
        return base64.b64decode(shot["data"])

    def foreign(self) -> list[str]:
        """Requests of pages to anywhere but the sites: none of them was let through."""
        refused = [a for a in self.server.foreign if not chromium.own_business(a)]
        return [address for address in refused if _START_PAGE not in address]

    def close(self) -> None:
        """End browser, driver and server; the browser's files go with who watches over it."""
        _open.discard(self)
        if self.web is not None:
            with contextlib.suppress(BrowserFailed):
                self._asked(self.web.quit)
        # What still runs writes into the folder that is removed next.
        chromium.left_over(self.token, CLOSE_SECONDS)
        self.server.close()
        self._watch.close()

    def _fresh(self, address: str) -> None:
        old = self.web.current_window_handle
        self.web.delete_all_cookies()
        self.web.switch_to.new_window("tab")
        new = self.web.current_window_handle
        self.web.switch_to.window(old)
        self.web.close()
        self.web.switch_to.window(new)
        self.web.delete_all_cookies()
        self.web.get(address)

    def _asked(self, work: Callable[[], T]) -> T:
        from selenium.common.exceptions import WebDriverException
        from urllib3.exceptions import HTTPError

        try:
            return work()
        except (WebDriverException, HTTPError, OSError) as error:
            words = str(error).strip().split("\n")[0][:300]
            raise BrowserFailed(f"the browser failed: {words}") from error


def close_all() -> None:
    """Close every browser of this process."""
    for one in list(_open):
        one.close()


atexit.register(close_all)
