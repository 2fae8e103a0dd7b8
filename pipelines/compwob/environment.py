"""One episode in a browser: build the page, look at it, act on it, read its own reward.

Everything here runs on the thread that owns the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from measurand.web.browser import BrowserFailed, Session
from measurand.web.observation import Observation
from measurand.web.view import View
from pipelines.compwob import sentences
from pipelines.compwob.actions import Action
from pipelines.compwob.pages import TASK_PAGE
from pipelines.compwob.tasks import Composition
from schemas.compwob.params import Order

PAUSE_MS = 300.0
"""How long doing nothing takes on a page of one's own, in milliseconds."""
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
        self._view = View(session, mouse=rules.click == "mouse")
        # The published pages do nothing by themselves; somebody else's may change views slowly.
        self._own_time = spec.source is not None
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
        self._view.rest()
        found = self._view.evaluate("spec => window.episode.start(spec)", request)
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
        return self._view.observe()

    def state(self) -> State:
        """What the pages say now."""
        found = self._view.evaluate("() => window.episode.state()")
        return State(
            tuple(found["states"]), bool(found["done"]), float(found["reward"]), found["reason"]
        )

    def box(self, ref: int | None) -> list[float] | None:
        """Left, top, width and height of an element in the page, after scrolling to it."""
        return self._view.box(ref)

    def picture(self) -> bytes:
        """The panels as JPEG, without the empty page around them."""
        bottom = self._view.evaluate(
            "() => Math.max(1, ...[...document.querySelectorAll('iframe')].map("
            "frame => frame.getBoundingClientRect().bottom + window.scrollY))"
        )
        return self._view.picture(PICTURE_WIDTH, bottom)

    def act(self, action: Action) -> bool:
        """Carry out an action; one on an element that is not there does nothing.

        Returns:
            Whether the element was covered, so that the click was given to it directly.
        """
        text = action.text or ""
        match action.kind:
            case "click":
                return self._view.click(action.ref)
            case "type":
                return self._view.type(action.ref, text)
            case "select":
                self._view.select(action.ref, text)
            case "press":
                self._view.press(text or "Enter")
            case "scroll":
                self._view.scroll(-300 if text == "up" else 300)
            case "noop" if self._own_time:
                self._view.wait(PAUSE_MS)
        return False


def sentence(order: str, parts: tuple[Part, ...]) -> str:
    """The sentence of a composition; of a single task its own."""
    said = [(part.task, part.utterance) for part in parts]
    names = [part.fields for part in parts]
    if order == "single":
        return parts[0].utterance
    return sentences.forward(said, names) if order == "forward" else (
        sentences.reversed_order(said, names)
    )  # fmt: skip
