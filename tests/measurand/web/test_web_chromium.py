from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from measurand.errors import CapabilityError
from measurand.web import chromium


def test_without_a_browser_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CapabilityError, match="apt-get install chromium"):
        chromium.executable()


def test_what_a_browser_asks_its_maker_is_told_from_what_a_page_asks() -> None:
    assert chromium.own_business("CONNECT update.googleapis.com:443")
    assert chromium.own_business("POST http://update.googleapis.com/service")
    assert not chromium.own_business("GET http://example.com/google.com")
    assert not chromium.own_business("CONNECT notgoogle.com:443")


def test_processes_are_told_by_their_mark_and_ended_by_it() -> None:
    token = f"test.{os.getpid()}"
    sleep = [sys.executable, "-c", "import time; time.sleep(60)", f"{chromium.MARK}{token}"]
    started = subprocess.Popen(sleep)
    try:
        while not chromium.processes(token):
            time.sleep(0.01)
        assert chromium.processes(token) == [started.pid]
        assert chromium.processes("no such token") == []
        assert chromium.left_over(token, 0.2) == 1
        assert started.wait(10) == -9
        assert chromium.left_over(token) == 0
    finally:
        started.kill()
