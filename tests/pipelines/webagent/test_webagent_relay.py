from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.webagent.relay import SCRIPT, Relay, seleniums_own

pytest.importorskip("selenium", reason="programs need selenium: pip install 'measurand[web]'")


def relay() -> tuple[Relay, list[str]]:
    told: list[str] = []

    def execute(name: str, params: dict[str, Any]) -> dict[str, Any]:
        told.append(name)
        return {"value": None}

    return Relay(execute), told


@pytest.mark.parametrize(
    ("command", "params"),
    [
        ("quit", {}),
        ("newSession", {}),
        ("executeCdpCommand", {"cmd": "Browser.close"}),
        ("addCookie", {"cookie": {}}),
        ("getCookies", {}),
        ("uploadFile", {"file": "x"}),
        ("screenshot", {}),
        ("newWindow", {"type": "tab"}),
        ("setTimeouts", {"script": 1}),
        (SCRIPT, {"script": "return 1", "args": []}),
        ("get", {"url": "http://example.org/"}),
        ("get", {"url": "file:///etc/passwd"}),
        ("get", {}),
        ("sendKeysToElement", {"text": "x" * 200_000}),
        (None, {}),
        ("get", "http://pages.invalid/"),
        ({"a": 1}, {}),
    ],
)
def test_what_is_not_meant_for_programs_never_reaches_the_browser(
    command: object, params: object
) -> None:
    made, told = relay()
    answer = made.answer(command, params)
    assert told == []
    assert len(made.refused) == 1
    assert answer["status"] == 404
    assert json.loads(answer["value"])["value"]["error"] == "unknown command"


def test_what_is_meant_for_programs_does() -> None:
    made, told = relay()
    for script in seleniums_own():
        made.answer(SCRIPT, {"script": script, "args": [{}, "x"]})
    made.answer("get", {"url": "http://pages.invalid/map/"})
    made.answer("clickElement", {"id": "e"})
    assert told == [SCRIPT, SCRIPT, "get", "clickElement"]
    assert (made.passed, made.refused) == (4, [])
