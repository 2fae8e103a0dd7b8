"""What can be seen of a session's page, and what can be done to it: elements by number.

Everything here runs on the thread that owns the browser. The page must have loaded ``view.js``,
which a site serves from :func:`script`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from measurand.web.browser import BrowserFailed, Session
from measurand.web.observation import Observation

STEP_SECONDS = 20.0
WAITING = (1.0, 1.0)
"""Where the mouse waits while a page is built: nothing there reacts to it."""
_IN_PARTS = ("date", "time", "month", "week", "color", "range")
"""Fields that take their value in parts, by keys that depend on the machine."""
T = TypeVar("T")


@cache
def script() -> bytes:
    """The script that a page needs, as a file to serve."""
    return (Path(__file__).parent / "view.js").read_bytes()


class View:
    """Eyes and hands on a session's page.

    Args:
        session: the browser.
        mouse: whether clicks are made by a real mouse at coordinates and texts by keys; otherwise
            events are given to the element.

    Every method raises ``BrowserFailed`` where the browser does.
    """

    def __init__(self, session: Session, *, mouse: bool = True) -> None:
        self._page, self._mouse = session.page, mouse
        self._page.set_default_timeout(STEP_SECONDS * 1000)

    def rest(self) -> None:
        """Take the mouse away from the page."""
        _guarded(lambda: self._page.mouse.move(*WAITING))

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """What a script of the page gives."""
        return _guarded(lambda: self._page.evaluate(script, argument))

    def observe(self) -> Observation:
        """What can be seen now."""
        return Observation.from_page(self.evaluate("() => window.agentView.observe()"))

    def box(self, ref: int | None) -> list[float] | None:
        """Left, top, width and height of an element in the page, after scrolling to it."""
        place = self._locate(ref)
        return None if place is None else [float(x) for x in place["box"]]

    def picture(self, width: float, height: float) -> bytes:
        """The page from its top left corner as JPEG, so many pixels of it."""
        clip = {"x": 0, "y": 0, "width": width, "height": height}
        shot = _guarded(
            lambda: self._page.screenshot(full_page=True, clip=clip, type="jpeg", quality=50)
        )
        return bytes(shot)

    def click(self, ref: int | None) -> bool:
        """Click an element; one that is not there is not clicked.

        Returns:
            Whether another element covered it, so that the click was given to it directly.
        """
        if not self._mouse:
            self.evaluate("ref => window.agentView.click(ref)", ref)
            return False
        place = self._locate(ref)
        if place is None:
            return False
        if place["covered"]:
            self.evaluate("ref => window.agentView.click(ref)", ref)
            return True
        _guarded(lambda: self._page.mouse.click(place["x"], place["y"]))
        return False

    def type(self, ref: int | None, text: str) -> bool:
        """Put a text into a field, in place of what is there; whether it was covered."""
        place = self._locate(ref) if self._mouse else None
        if self._mouse and place is None:
            return False
        if place is None or place["type"] in _IN_PARTS:
            self.evaluate("([ref, text]) => window.agentView.put(ref, text)", [ref, text])
            return place is not None and bool(place["covered"])
        covered = self.click(ref)
        if self.evaluate("ref => window.agentView.focused(ref)", ref):
            self.evaluate("ref => window.agentView.emptied(ref)", ref)
            keyboard = self._page.keyboard
            _guarded(lambda: keyboard.press("Backspace"))
            _guarded(lambda: keyboard.type(text))
        return covered

    def select(self, ref: int | None, option: str) -> None:
        """Choose an option of a list by its value or text."""
        self.evaluate("([ref, option]) => window.agentView.choose(ref, option)", [ref, option])

    def press(self, key: str) -> None:
        """Press a key, by its name in the browser."""
        _guarded(lambda: self._page.keyboard.press(key))

    def scroll(self, pixels: int) -> None:
        """Scroll down, or up by a negative number."""
        self.evaluate("by => window.scrollBy(0, by)", pixels)

    def wait(self, ms: float) -> None:
        """Let the page go on by itself."""
        _guarded(lambda: self._page.wait_for_timeout(ms))

    def _locate(self, ref: int | None) -> dict[str, Any] | None:
        found = self.evaluate("ref => window.agentView.locate(ref)", ref)
        return None if found is None else dict(found)


def _guarded(work: Callable[[], T]) -> T:
    from playwright.sync_api import Error

    try:
        return work()
    except Error as error:
        words = str(error).strip().split("\n")[0][:300]
        raise BrowserFailed(f"the browser failed: {words}") from error
