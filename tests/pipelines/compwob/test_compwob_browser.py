from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from compwob_web import IN_A_BROWSER, spec

from measurand.errors import CapabilityError
from pipelines.compwob import browser
from pipelines.compwob.browser import BrowserFailed, Owner, Session
from pipelines.compwob.environment import Environment, Rules
from pipelines.compwob.pages import Overlay, Wheel


def test_without_a_browser_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CapabilityError, match="apt-get install chromium"):
        browser.executable()


def _pages(session: Session) -> str:
    return str(session.page.title())


@IN_A_BROWSER[0]
@IN_A_BROWSER[1]
class TestOwner:
    def test_every_thread_has_a_browser_of_its_own_and_none_is_left(self, miniwob: Wheel) -> None:
        tokens: list[str] = []

        def work() -> None:
            own = browser.mine(miniwob)
            assert own.call(_pages, 60) == "episode"
            assert browser.mine(miniwob) is own
            tokens.append(own.token)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(tokens)) == 2
        browser.close_all()
        assert [browser.left_over(token) for token in tokens] == [0, 0]

    def test_a_killed_browser_fails_the_call_and_the_next_one_starts_another(
        self, miniwob: Wheel
    ) -> None:
        own = Owner(miniwob)
        try:
            assert own.call(_pages, 60) == "episode"
            for pid in browser.processes(own.token):
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.2)
            with pytest.raises(BrowserFailed):
                own.call(lambda s: Environment(s, spec("click-button"), Rules()).utterance, 60)
            own.restart()
            assert own.call(_pages, 60) == "episode"
        finally:
            own.close()
        assert browser.left_over(own.token) == 0

    def test_a_page_that_asks_elsewhere_is_refused_and_counted(self, miniwob: Wheel) -> None:
        page = (miniwob.read("/miniwob/click-button.html") or b"").decode()
        spy = page.replace("</body>", '<img src="http://example.com/x.png"></body>')
        own = Owner(Overlay(miniwob, {"/miniwob/click-button.html": spy.encode()}))
        try:

            def work(session: Session) -> list[str]:
                Environment(session, spec("click-button"), Rules()).observe()
                return session.foreign()

            assert "GET http://example.com/x.png" in own.call(work, 60)
        finally:
            own.close()


def test_what_a_browser_asks_its_maker_is_told_from_what_a_page_asks() -> None:
    assert browser.own_business("CONNECT update.googleapis.com:443")
    assert browser.own_business("POST http://update.googleapis.com/service")
    assert not browser.own_business("GET http://example.com/google.com")
    assert not browser.own_business("CONNECT notgoogle.com:443")


def test_processes_are_told_by_their_mark() -> None:
    assert browser.processes("no such token") == []
    assert Path("/proc/self").exists()
