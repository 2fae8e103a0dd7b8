from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from small_site import IN_A_BROWSER, SmallSite

from measurand.web.browser import Owner
from measurand.web.film import jpeg_size
from measurand.web.view import View

pytestmark = IN_A_BROWSER
PAGE = """<!doctype html><body style="margin:0"><script src="/view.js"></script>
<p id=shown>text</p><p id=secret>secret</p><p style="display:none">gone</p>
<input id=name value=old><input id=day type=date>
<select id=list><option>red</option><option value=g>green</option></select>
<button id=one onclick="this.textContent += '!'">press</button>
<div style="position:relative"><button id=below onclick="this.textContent += '!'">below</button>
<div style="position:absolute;inset:0"></div></div>
<script>agentView.skip(["secret"])</script>"""


@pytest.fixture(scope="module")
def owner() -> Iterator[Owner]:
    own = Owner(SmallSite(index=PAGE))
    yield own
    own.close()


def _do(owner: Owner, work: Any, *, mouse: bool) -> dict[str, tuple[str, str]]:
    """Text and value of every element with an id after ``work(view, refs)`` on a fresh page."""

    def inside(session: Any) -> dict[str, tuple[str, str]]:
        session.page.reload()
        view = View(session, mouse=mouse)
        view.rest()
        refs = {n.get("id"): n.ref for n in view.observe().nodes()}
        work(view, refs)
        return {n.get("id"): (n.text, n.get("value")) for n in view.observe().nodes()}

    return owner.call(inside, 60)


def test_what_is_hidden_or_skipped_is_not_seen(owner: Owner) -> None:
    seen = _do(owner, lambda view, refs: None, mouse=True)
    assert seen["shown"] == ("text", "")
    assert "secret" not in seen
    assert "gone" not in {text for text, _ in seen.values()}


@pytest.mark.parametrize("mouse", [True, False])
def test_clicks_texts_and_choices_arrive(owner: Owner, mouse: bool) -> None:
    def work(view: View, refs: dict[str, int]) -> None:
        assert view.click(refs["one"]) is False
        assert view.click(refs["below"]) is mouse
        view.type(refs["name"], "new")
        view.type(refs["day"], "2026-01-31")
        view.select(refs["list"], "green")

    seen = _do(owner, work, mouse=mouse)
    assert (seen["one"][0], seen["below"][0]) == ("press!", "below!")
    assert (seen["name"][1], seen["day"][1], seen["list"][1]) == ("new", "2026-01-31", "g")


@pytest.mark.parametrize("mouse", [True, False])
def test_an_element_that_is_not_there_changes_nothing(owner: Owner, mouse: bool) -> None:
    def work(view: View, refs: dict[str, int]) -> None:
        view.click(9999)
        view.type(9999, "x")
        view.type(None, "x")
        view.select(refs["name"], "x")

    assert _do(owner, work, mouse=mouse) == _do(owner, lambda view, refs: None, mouse=mouse)


def test_keys_go_to_what_was_clicked_and_boxes_are_told(owner: Owner) -> None:
    def work(view: View, refs: dict[str, int]) -> None:
        view.click(refs["name"])
        view.press("End")
        view.press("Backspace")
        view.scroll(10)
        before = time.perf_counter()
        view.wait(60)
        assert time.perf_counter() - before >= 0.06
        box = view.box(refs["name"])
        assert box is not None
        assert box[2] > 100
        assert view.box(9999) is None
        assert jpeg_size(view.picture(120, 80)) == (120, 80)

    assert _do(owner, work, mouse=True)["name"][1] == "ol"
