"""What the tests in a real browser share: the pages, a browser, and episodes of one line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from measurand.web.browser import Owner
from measurand.web.observation import Node, Observation
from pipelines.compwob import agents, pages, solvers
from pipelines.compwob.environment import Rules, Spec
from pipelines.compwob.episodes import Played, Setting, play
from pipelines.compwob.tasks import composition

ROOT = Path(__file__).parents[3]
MISSING = shutil.which("chromium") is None and shutil.which("chromium-browser") is None
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(MISSING, reason="no chromium on the PATH: install it to run this"),
]


def element(tag: str, ref: int, *content: Any, **attributes: str) -> dict[str, Any]:
    return {"t": tag, "r": ref, "a": attributes, "c": list(content)}


def page(*content: Any) -> Node:
    """The outermost element of a page without panels."""
    return Observation.from_page([element("div", 1, *content)]).roots[0]


def box(ref: int, kind: str = "radio", name: str = "", **more: str) -> dict[str, Any]:
    named = {"name": name} if name else {}
    return element("input", ref, type=kind, **named, **more)


def button(ref: int, text: str) -> dict[str, Any]:
    return element("button", ref, text)


def text(ref: int, value: str = "", **more: str) -> dict[str, Any]:
    return element("input", ref, type="text", value=value, **more)


def wheel() -> pages.Wheel:
    return pages.Wheel(pages.fetch(ROOT / "data" / "sources"))


def spec(name: str, order: Any = "single", seed: int = 1_000_000) -> Spec:
    return Spec(composition(name), order, seed)


def episode(
    owner: Owner, name: str, agent: str = "oracle", order: Any = "single", seed: int = 1_000_000,
    **rules: str,
) -> Played:  # fmt: skip
    who = agents.scripted(agent, solvers.synonyms_of(owner.site.pages))
    return play(owner, spec(name, order, seed), who, Setting(Rules(**rules)))
