from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from small_site import IN_A_BROWSER, SmallSite

from measurand.errors import InfraError
from measurand.web import browser, chromium
from measurand.web.browser import BrowserFailed, Owner, Session
from measurand.web.view import View

pytestmark = IN_A_BROWSER
SITE = SmallSite(index='<title>small</title><script src="/view.js"></script><p>hello')


def _title(session: Session) -> str:
    return str(session.page.title())


def test_as_many_as_there_is_room_for_are_lent_and_lent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(browser, "_room", threading.BoundedSemaphore(2))
    tokens: list[str] = []
    working: set[str] = set()
    most = []
    pair = threading.Barrier(2)

    def work() -> None:
        with browser.lent(SITE) as own:
            assert own.token not in working
            working.add(own.token)
            pair.wait(60)
            most.append(len(working))
            assert own.call(_title, 60) == "small"
            tokens.append(own.token)
            working.remove(own.token)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 6
    assert len(set(tokens)) == max(most) == 2
    browser.close_all()
    assert [chromium.left_over(token) for token in set(tokens)] == [0, 0]


def test_another_site_or_run_is_another_owner() -> None:
    try:
        with browser.lent(SITE) as own:
            pass
        with browser.lent(SITE) as again:
            assert again is own
        with browser.lent(SmallSite(index="other")) as other:
            assert other is not own
            with pytest.raises(BrowserFailed, match="closed"):
                own.call(_title, 60)
        with browser.lent(SITE, "run") as named:
            assert named.token.startswith("run.")
            browser.close_all()
        with browser.lent(SITE, "run") as fresh:
            assert fresh is not named
    finally:
        browser.close_all()


def test_a_run_closes_its_own_browsers_while_another_works_on() -> None:
    owners = []
    begun, over = threading.Event(), threading.Event()

    def other_run() -> None:
        with browser.lent(SITE, "other") as own:
            owners.append(own)
            assert own.call(_title, 60) == "small"
            begun.set()
            over.wait(60)

    thread = threading.Thread(target=other_run)
    thread.start()
    try:
        assert begun.wait(60)
        with browser.lent(SITE, "own") as own:
            assert own.call(_title, 60) == "small"
        browser.close_all("own")
        assert chromium.left_over(own.token) == 0
        assert owners[0].call(_title, 60) == "small"
    finally:
        over.set()
        thread.join()
        browser.close_all("other")
    assert chromium.left_over(owners[0].token) == 0


def test_a_closed_owner_refuses_at_once_instead_of_letting_its_caller_wait() -> None:
    own, called = Owner(SITE), []
    own.close()
    start = time.monotonic()
    with pytest.raises(BrowserFailed, match="closed"):
        own.call(called.append, 600)
    found, failures = own.tried(called.append, 600, 3)
    assert found is None
    assert len(failures) == 3
    assert time.monotonic() - start < 100
    assert called == []


def test_a_killed_browser_fails_the_call_and_the_next_one_starts_another() -> None:
    own = Owner(SITE)
    try:
        assert own.call(_title, 60) == "small"
        for pid in chromium.processes(own.token):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        with pytest.raises(BrowserFailed):
            own.call(lambda session: View(session).observe(), 60)
        own.restart()
        assert own.call(_title, 60) == "small"
    finally:
        own.close()
    assert chromium.left_over(own.token) == 0


def test_work_is_tried_again_with_another_browser_and_failures_are_told() -> None:
    own, tries = Owner(SITE), 0

    def fails_once(session: Session) -> str:
        nonlocal tries
        tries += 1
        if tries == 1:
            own.kill()
        View(session).observe()
        return _title(session)

    def fails(session: Session) -> str:
        raise InfraError("the server is gone")

    try:
        found, failures = own.tried(fails_once, 60, 3)
        assert (found, tries, len(failures)) == ("small", 2, 1)
        assert own.tried(fails, 60, 2) == (None, ["the server is gone"] * 2)
        with pytest.raises(ValueError, match="a defect"):
            own.tried(lambda session: int("a defect"), 60, 2)
    finally:
        own.close()


def test_a_page_that_asks_elsewhere_is_refused_and_counted() -> None:
    own = Owner(SmallSite(index='<img src="http://example.com/x.png">'))
    try:
        assert own.call(lambda s: s.foreign(), 60) == ["GET http://example.com/x.png"]
    finally:
        own.close()
