"""Programs in the sandbox, with the guard switched off; a minute on a quiet machine."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile import HOSTILE

from pipelines.webagent.relay import Relay
from pipelines.webagent.sandbox import Ran, Sandbox, works
from schemas.webagent.tables import PLACES, WHATS

pytest.importorskip("selenium", reason="programs need selenium: pip install 'measurand[web]'")
pytestmark = pytest.mark.integration
ROOM = pytest.mark.skipif(
    not works(), reason="no bubblewrap that works: apt-get install bubblewrap"
)
SECRET = "a-word-that-must-not-leave"
ELEMENT = {"element-6066-11e4-a52e-4f735466cecf": "e1"}


class Outside:
    """What a program must not reach: a file, a folder, a port; and what it told the browser."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.secret = folder, folder / "secret"
        self.secret.write_text(SECRET)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.calls = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self._socket.accept()[0].close()
            except OSError:
                return
            self.calls += 1

    def execute(self, name: str, params: dict[str, Any]) -> dict[str, Any]:
        self.told.append((name, params))
        return {"value": ELEMENT if name == "findElement" else "a"}

    def close(self) -> None:
        self._socket.close()

    def untouched(self) -> bool:
        listed = [path.name for path in self.folder.iterdir()]
        return (
            self.secret.read_text() == SECRET
            and listed == ["secret"]
            and self.calls == 0
            and not any(SECRET in str(params) for _, params in self.told)
        )


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    made = Outside(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    # A program has this long once its process is ready.
    made = Sandbox(seconds=6)
    yield made
    made.close()


ENDLESS = {"endless loop", "endless counting", "long loop", "sleep", "wait", "large number"}
"""Programs that do one thing until they are stopped: two seconds show what that is."""


def run(sandbox: Sandbox, outside: Outside, program: str) -> tuple[Ran, Relay]:
    relay = Relay(outside.execute)
    return sandbox.run(program, relay), relay


def left_over() -> list[str]:
    """Processes that run ``inside.py`` beside the one that waits for the next program."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if b"/inside.py" in words and words[0].endswith(b"bwrap") and parent == os.getpid():
            found.append(folder.name)
    return found


@ROOM
@pytest.mark.parametrize(("name", "rule", "program"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_no_hostile_program_has_an_effect_outside(
    sandbox: Sandbox,
    outside: Outside,
    name: str,
    rule: str,
    program: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if name in ENDLESS:
        monkeypatch.setattr(sandbox, "seconds", 2)
    filled = program.format(
        secret=outside.secret, folder=outside.folder, port=outside.port, pid=os.getpid()
    )
    ran, relay = run(sandbox, outside, filled)
    assert outside.untouched()
    assert ran.what in WHATS
    assert ran.place in PLACES
    assert len(left_over()) <= 1
    # Whatever became of it, the next program runs.
    assert not any(name in ("quit", "close", "newWindow", "addCookie") for name, _ in outside.told)
    assert relay.passed == len(outside.told)


@ROOM
@pytest.mark.parametrize(
    ("program", "what", "rule"),
    [
        ("while True: pass", "wall", "wall"),
        ("while True: driver.title", "lost", "commands"),
        ("x = 'a' * (3 << 30)", "memory", "memory"),
        ("import os\nos._exit(0)", "lost", "ended"),
        ("import os\nwhile True:\n    os.write(1, b'x' * 65536)", "lost", "flood"),
        ("import os\nos.write(1, b'no json\\n')", "lost", "noise"),
        ("driver.execute_script('1')", "exception", "relay: w3cExecuteScript"),
        ("driver.get('http://example.org')", "exception", "relay: get"),
        ("1 / 0", "exception", None),
        ("driver.find_element(By.ID, 'a').get_attribute('b')", "ok", None),
    ],
)
def test_what_stopped_a_program_is_recorded(
    sandbox: Sandbox,
    outside: Outside,
    program: str,
    what: str,
    rule: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if what == "wall":
        monkeypatch.setattr(sandbox, "seconds", 2)
    ran, _ = run(sandbox, outside, program)
    assert (ran.what, ran.rule, ran.place) == (what, rule, "bubblewrap")


@ROOM
@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os\nos.fork()", "PermissionError"),
        ("import threading\nthreading.Thread(target=print).start()", "RuntimeError"),
        ("import socket\nsocket.socket()", "PermissionError"),
        ("import os\nos.kill(1, 9)", "PermissionError"),
        ("import os\nos.execv('/bin/sh', ['sh'])", "PermissionError"),
        ("open('/etc/passwd')", "FileNotFoundError"),
        ("open('/new', 'w')", "OSError"),
        ("import os\nraise KeyError(len(os.environ))", "KeyError: 2"),
        ("raise ValueError('one\\ntwo')", "ValueError: one"),
    ],
)
def test_what_a_program_tries_fails_by_name(
    sandbox: Sandbox, outside: Outside, program: str, said: str
) -> None:
    ran, _ = run(sandbox, outside, program)
    assert ran.what == "exception"
    assert ran.error is not None
    assert ran.error.startswith(said)


@ROOM
@pytest.mark.parametrize(
    "program",
    [
        "By.ID = 'broken'\nimport builtins\nbuiltins.len = None",
        'import os\nos.write(1, b\'{"end": "exception", "error": "x"}\\n\')',
        "import os, sys\nsys.modules.clear()\nos.write(1, b'half a line')",
        'import os\nfor _ in range(9):\n    os.write(1, b\'{"do": "getTitle", "params": {}}\\n\')',
        "import os\nos.close(0)\nos.close(1)",
        "import os\nos.write(2, b'over\\n')",
        'import os\nos.write(1, b\'{"end": "ok"}\\n\')\nwhile True: pass',
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
    ],
)
def test_a_program_leaves_nothing_to_the_next(
    sandbox: Sandbox, outside: Outside, program: str
) -> None:
    run(sandbox, outside, program)
    outside.told.clear()
    ran, _ = run(sandbox, outside, "x = len(driver.find_element(By.ID, 'a').text)")
    assert (ran.what, ran.rule, ran.error) == ("ok", None, None)
    assert [name for name, _ in outside.told] == ["findElement", "getElementText"]
    assert outside.told[0][1]["value"] == '[id="a"]'


@ROOM
def test_the_time_that_the_browser_takes_is_not_the_programs(outside: Outside) -> None:
    def slow(name: str, params: dict[str, Any]) -> dict[str, Any]:
        time.sleep(5)
        return outside.execute(name, params)

    short = Sandbox(seconds=4)
    try:
        assert short.run("driver.title", Relay(slow)).what == "ok"
    finally:
        short.close()


@ROOM
def test_programs_drive_a_real_webdriver(sandbox: Sandbox, outside: Outside) -> None:
    program = (
        "e = driver.find_element(By.ID, 'a')\ne.clear()\ne.send_keys('x', Keys.ENTER)\n"
        "assert WebDriverWait(driver, 5).until(lambda d: d.title) == 'a'\n"
        "driver.get('http://pages.invalid/map/')"
    )
    ran, _ = run(sandbox, outside, program)
    assert (ran.what, ran.error) == ("ok", None)
    said = [name for name, _ in outside.told]
    assert said == ["findElement", "clearElement", "sendKeysToElement", "getTitle", "get"]


def test_without_a_sandbox_programs_are_refused_unless_it_is_said(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.webagent.sandbox.works", lambda: False)
    refused, _ = run(Sandbox(), outside, "x = 1")
    assert (refused.what, refused.rule, refused.place) == ("refused", "no_sandbox", "refused")
    bare = Sandbox(seconds=10, bare=True)
    try:
        ran, _ = run(bare, outside, "driver.find_element(By.ID, 'a').click()")
        assert (ran.what, ran.place) == ("ok", "guard_only")
        ran, _ = run(bare, outside, "import os\nos.fork()")
        assert ran.error is not None
        assert "PermissionError" in ran.error
    finally:
        bare.close()
