"""One episode in a browser: build the page, look at it, act on it, read its own reward.

Everything here runs on the thread that owns the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.compwob import sentences
from pipelines.compwob.actions import Action
from pipelines.compwob.browser import BrowserFailed, Session
from pipelines.compwob.observation import Observation
from pipelines.compwob.pages import TASK_PAGE
from pipelines.compwob.tasks import Composition
from schemas.compwob import Order

STEP_SECONDS = 20.0
PICTURE_WIDTH = 260
"""Pixels of a page that pictures show, from the left: pages are 160 wide, dialogs reach further."""
REUSABLE = frozenset(
    {
        "click-button",
        "click-button-sequence",
        "click-checkboxes",
        "click-checkboxes-soft",
        "click-checkboxes-transfer",
        "click-link",
        "click-option",
        "click-widget",
        "enter-password",
        "login-user",
        "multi-layouts",
    }
)
"""Pages that a new problem leaves without a trace of the old one: they need no reload."""


@dataclass(frozen=True)
class Rules:
    """How attempts become a reward.

    Attributes:
        order: ``strict`` or ``flags``, see ``schemas.compwob.Evaluate``.
        errors: ``latch`` or ``terminal``.
        click: ``mouse`` or ``dispatch``.
    """

    order: str = "strict"
    errors: str = "latch"
    click: str = "mouse"


@dataclass(frozen=True)
class Spec:
    """What an episode is of.

    Attributes:
        task: the composition, or a base task as one of one part.
        order: wording of the sentence; ``single`` for base tasks.
        seed: of the problem.
        source: path of a page to show instead of the task's own.
    """

    task: Composition
    order: Order
    seed: int
    source: str | None = None

    @property
    def sources(self) -> list[str]:
        """Path of the page of every part."""
        if self.source is not None:
            return [self.source]
        return [TASK_PAGE.format(task=part) for part in self.task.parts]

    @property
    def seeds(self) -> list[str]:
        """Seed of every part.

        It depends on the seed and the base task alone (and on how often that came before), so that
        a part of a composition is the same problem as the base task alone with the same seed.
        """
        seen: dict[str, int] = {}
        found = []
        for part in self.task.parts:
            seen[part] = seen.get(part, -1) + 1
            found.append(f"{self.seed}|{part}|{seen[part]}")
        return found


@dataclass(frozen=True)
class Part:
    """What only the oracle is told of a part.

    Attributes:
        task: the base task.
        utterance: its own sentence.
        fields: what the page says that the sentence means.
        ref: number of the element that holds its page.
    """

    task: str
    utterance: str
    fields: Mapping[str, str]
    ref: int


@dataclass(frozen=True)
class State:
    """What the pages say.

    Attributes:
        parts: 1 done, -1 done wrongly, 0 not done.
        done: whether the episode is over.
        reward: 1 or -1; 0 while undecided.
        reason: how it ended.
    """

    parts: tuple[int, ...]
    done: bool
    reward: float
    reason: str


class Environment:
    """An episode's page.

    Args:
        session: the browser.
        spec: what to show.
        rules: how attempts become a reward.

    Attributes:
        parts: what only the oracle is told.
        utterance: the sentence.

    Raises:
        BrowserFailed: the page cannot be built, or a script of it fails while it is.
    """

    def __init__(self, session: Session, spec: Spec, rules: Rules) -> None:
        self._session, self._page, self._rules = session, session.page, rules
        session.errors.clear()
        session.episodes += 1
        before = len(session.server.missing)
        request = {
            "sources": spec.sources,
            "seeds": spec.seeds,
            "views": [list(view) for view in spec.task.views],
            "order": rules.order,
            "errors": rules.errors,
            "reuse": REUSABLE.issuperset(spec.task.parts) and spec.source is None,
        }
        self._page.set_default_timeout(STEP_SECONDS * 1000)
        self._guard(lambda: self._page.mouse.move(*WAITING))
        found = self._evaluate("spec => window.episode.start(spec)", request)
        if session.errors:
            raise BrowserFailed(f"{spec.task.name}: a page fails: {session.errors[0]}")
        if missing := session.server.missing[before:]:
            raise BrowserFailed(f"{spec.task.name}: the pages lack {', '.join(missing)}")
        self.parts = tuple(
            Part(task, one["utterance"], one["fields"], one["ref"])
            for task, one in zip(spec.task.parts, found, strict=True)
        )
        self.utterance = sentence(spec.order, self.parts)

    def observe(self) -> Observation:
        """What can be seen now."""
        return Observation.from_page(self._evaluate("() => window.agentView.observe()"))

    def state(self) -> State:
        """What the pages say now."""
        found = self._evaluate("() => window.episode.state()")
        return State(
            tuple(found["states"]), bool(found["done"]), float(found["reward"]), found["reason"]
        )

    def box(self, ref: int | None) -> list[float] | None:
        """Left, top, width and height of an element in the page, after scrolling to it."""
        place = self._locate(ref)
        return None if place is None else [float(x) for x in place["box"]]

    def picture(self) -> bytes:
        """The panels as JPEG, without the empty page around them."""
        bottom = self._evaluate(
            "() => Math.max(1, ...[...document.querySelectorAll('iframe')].map("
            "frame => frame.getBoundingClientRect().bottom + window.scrollY))"
        )
        clip = {"x": 0, "y": 0, "width": PICTURE_WIDTH, "height": bottom}
        shot = self._guard(
            lambda: self._page.screenshot(full_page=True, clip=clip, type="jpeg", quality=50)
        )
        return bytes(shot)

    def act(self, action: Action) -> bool:
        """Carry out an action; one on an element that is not there does nothing.

        Returns:
            Whether the element was covered, so that the click was given to it directly.
        """
        do = {
            "click": self._click,
            "type": self._type,
            "select": self._select,
            "press": self._press,
            "scroll": self._scroll,
        }.get(action.kind)
        return False if do is None else do(action)

    def _click(self, action: Action) -> bool:
        if self._rules.click == "dispatch":
            self._evaluate("ref => window.agentView.click(ref)", action.ref)
            return False
        place = self._locate(action.ref)
        if place is None:
            return False
        if place["covered"]:
            self._evaluate("ref => window.agentView.click(ref)", action.ref)
            return True
        self._guard(lambda: self._page.mouse.click(place["x"], place["y"]))
        return False

    def _type(self, action: Action) -> bool:
        text = action.text or ""
        if self._rules.click == "dispatch":
            given = [action.ref, text]
            self._evaluate("([ref, text]) => window.agentView.put(ref, text)", given)
            return False
        place = self._locate(action.ref)
        if place is None:
            return False
        if place["type"] in ("date", "time", "month", "week", "color", "range"):
            # Such fields take their value in parts, by keys that depend on the machine.
            given = [action.ref, text]
            self._evaluate("([ref, text]) => window.agentView.put(ref, text)", given)
            return bool(place["covered"])
        covered = self._click(action)
        if self._evaluate("ref => window.agentView.focused(ref)", action.ref):
            self._evaluate("ref => window.agentView.emptied(ref)", action.ref)
            keyboard = self._page.keyboard
            self._guard(lambda: keyboard.press("Backspace"))
            self._guard(lambda: keyboard.type(text))
        return covered

    def _select(self, action: Action) -> bool:
        given = [action.ref, action.text or ""]
        self._evaluate("([ref, option]) => window.agentView.choose(ref, option)", given)
        return False

    def _press(self, action: Action) -> bool:
        self._guard(lambda: self._page.keyboard.press(action.text or "Enter"))
        return False

    def _scroll(self, action: Action) -> bool:
        down = -300 if action.text == "up" else 300
        self._evaluate("by => window.scrollBy(0, by)", down)
        return False

    def _locate(self, ref: int | None) -> dict[str, Any] | None:
        found = self._evaluate("ref => window.agentView.locate(ref)", ref)
        return None if found is None else dict(found)

    def _evaluate(self, script: str, argument: Any = None) -> Any:
        return self._guard(lambda: self._page.evaluate(script, argument))

    def _guard(self, work: Any) -> Any:
        from playwright.sync_api import Error

        try:
            return work()
        except Error as error:
            words = str(error).strip().split("\n")[0][:300]
            raise BrowserFailed(f"the browser failed: {words}") from error


WAITING = (1.0, 1.0)
"""Where the mouse waits while a page is built: nothing there reacts to it."""


def sentence(order: str, parts: tuple[Part, ...]) -> str:
    """The sentence of a composition; of a single task its own."""
    said = [(part.task, part.utterance) for part in parts]
    names = [part.fields for part in parts]
    if order == "single":
        return parts[0].utterance
    return sentences.forward(said, names) if order == "forward" else (
        sentences.reversed_order(said, names)
    )  # fmt: skip
