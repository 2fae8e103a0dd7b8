"""Runs a program in a process of its own, inside bubblewrap: no files, no network, no environment.

The process sees an empty, read-only system with Python's own library and Selenium's; it has its
own users, processes and network, in which nothing is; it can start no process, open no socket and
send no signal; memory, processor time and wall time are limited. Its one way out is a pipe, on
which it asks for WebDriver commands (:mod:`pipelines.webagent.relay`).

To start Python with Selenium takes longer than most programs. So one process waits in the sandbox,
with everything loaded, and every program gets a fork of it, which takes the rights away that
are left and ends with the program. A program can change nothing in the process that waits; what it
leaves on the pipe carries its mark and is thrown away. After a program that was stopped the whole
sandbox is ended and another one started.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.webagent import survivors
from pipelines.webagent.relay import Relay

READY_SECONDS = 60.0
CPU_SECONDS = 10
MOST_COMMANDS = 500
MOST_LINE, MOST_SAID = 1 << 20, 8 << 20
"""Bytes of a line, and in all, that a program may send."""
_CACHE = "/compiled"
_PACKAGES = ("selenium", "urllib3", "certifi", "websocket", "typing_extensions", "socks")


@dataclass(frozen=True)
class Ran:
    """What became of a program.

    Attributes:
        what: of ``tables.WHATS``.
        rule: what stopped it; None where nothing did.
        error: last line of the error, None without.
        place: of ``tables.PLACES``.
        passed: WebDriver commands that reached the browser.
    """

    what: str
    rule: str | None
    error: str | None
    place: str
    passed: int = 0


@dataclass
class Sandbox:
    """Where programs are run, one at a time.

    Attributes:
        seconds: longest run of a program, without the time that the browser takes.
        bare: whether programs run where bubblewrap does not work, behind the guard alone.
    """

    seconds: float = 20.0
    bare: bool = False
    _talk: _Talk | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Where a program would run."""
        if works():
            return "bubblewrap"
        return "guard_only" if self.bare else "refused"

    def run(self, program: str, relay: Relay) -> Ran:
        """Run a program.

        Args:
            program: its text; whether it may run was decided before.
            relay: where its WebDriver commands go.
        """
        if self.place == "refused":
            return Ran("refused", "no_sandbox", "bubblewrap does not work here", "refused")
        self.warm()
        assert self._talk is not None
        what, rule, error = self._talk.run(program, relay, self.seconds)
        if what not in ("ok", "exception"):
            self.close()
            self.warm()
        if relay.refused and rule is None:
            rule = f"relay: {relay.refused[0]}"
        return Ran(what, rule, error, self.place, relay.passed)

    def warm(self) -> None:
        """Start the process in which programs run, where none waits."""
        if self._talk is None and self.place != "refused":
            words = command() if self.place == "bubblewrap" else bare_command()
            self._talk = _Talk(
                subprocess.Popen(
                    words,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env={},
                    start_new_session=True,
                )
            )

    def close(self) -> None:
        """End what is left."""
        if self._talk is not None:
            self._talk.close()
            self._talk = None


@cache
def works() -> bool:
    """Whether bubblewrap is here and can make a room."""
    if shutil.which("bwrap") is None:
        return False
    words = [*_room(), "--remount-ro", "/", _python(), "-I", "-S", "-c", "print(1)"]
    try:
        tried = subprocess.run(words, capture_output=True, timeout=60, env={}, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.stdout.strip() == b"1"


def command() -> list[str]:
    """The command of a process inside the sandbox, ready to read a program."""
    return _furnished("--ro-bind", _compiled(), "-B")


def _furnished(bind: str, cache: str, *flags: str) -> list[str]:
    places = [f"/packages/{n}" for n in range(len(_folders()))]
    binds = [w for p, place in zip(_folders(), places, strict=True) for w in _seen(p, place)]
    inside = str(Path(__file__).parent / "inside.py")
    code = ["--ro-bind", inside, "/inside.py", bind, cache, _CACHE, "--remount-ro", "/"]
    run = [
        _python(),
        "-I",
        "-S",
        "-W",
        "ignore",
        *flags,
        "-X",
        f"pycache_prefix={_CACHE}",
        "/inside.py",
    ]
    return [*_room(), *binds, *code, *run, *places]


@cache
def _compiled() -> str:
    """A folder of this process with the modules compiled, as the room sees them.

    A sandbox can write none beside the modules, and to compile them takes ten times as long as to
    load them.
    """
    watch = survivors.watch("measurand-room-")
    atexit.register(watch.close)
    words = _furnished("--bind", str(watch.folder))
    subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, env={}, check=False)
    return str(watch.folder)


def bare_command() -> list[str]:
    """The same without a sandbox: its own limits alone."""
    inside = str(Path(__file__).parent / "inside.py")
    return [sys.executable, "-I", "-S", "-W", "ignore", "-B", inside, *map(str, _folders())]


def _room() -> list[str]:
    """An empty system with Python's own library in it."""
    words = [
        shutil.which("bwrap") or "bwrap",
        *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--uid", "65534", "--gid", "65534", "--hostname", "room", "--clearenv"),
        *("--setenv", "LC_ALL", "C.UTF-8", "--chdir", "/"),
    ]
    base = Path(sys.base_prefix)
    for name in ("/usr/lib", "/usr/lib64", "/lib", "/lib64"):
        path = Path(name)
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), name]
        elif path.is_dir():
            words += ["--ro-bind", name, name]
    words += ["--ro-bind", str(base), str(base)] if base != Path("/usr") else []
    if base == Path("/usr"):
        words += ["--ro-bind", _python(), _python()]
    return words


def _python() -> str:
    """The interpreter itself, behind the links of a virtual environment."""
    return str(Path(sys.executable).resolve())


def _seen(folder: Path, place: str) -> list[str]:
    """Only Selenium and what it needs of a folder of packages."""
    found = []
    for name in _PACKAGES:
        for path in (folder / name, folder / f"{name}.py"):
            if path.exists():
                found += ["--ro-bind", str(path), f"{place}/{path.name}"]
    return found


@cache
def _folders() -> tuple[Path, ...]:
    """Folders in which Selenium and what it needs lie."""
    import importlib.util

    found: dict[Path, None] = {}
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            path = Path(spec.origin)
            found[path.parent.parent if path.name == "__init__.py" else path.parent] = None
    return tuple(found)


class _Talk:
    """Lines to a process and from it, within a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process, self._in = process, process.stdin
        self._out, self._control = process.stdout, process.stderr
        self._end = time.monotonic() + READY_SECONDS
        self._held, self._said, self._ready = b"", 0, False

    def run(self, program: str, relay: Relay, seconds: float) -> tuple[str, str | None, str | None]:
        """What became of a program, the rule that stopped it, the last line of its error."""
        if not self._ready:
            said = self._line()
            if isinstance(said, str) or "ready" not in said:
                return "lost", "start", "its process did not start"
            self._ready = True
        self._held, self._said = b"", 0
        self._end = time.monotonic() + seconds
        self._tell({"program": program, "cpu_seconds": CPU_SECONDS})
        found: tuple[str, str | None, str | None] = ("lost", "ended", "stopped: ended")
        ended = False
        while True:
            said = self._line()
            if said == "over":
                return found
            if isinstance(said, str):
                return "wall" if said == "wall" else "lost", said, f"stopped: {said}"
            if ended:
                continue
            if "end" in said:
                found, ended = _ended(said), True
            elif not self._answered(said, relay):
                return "lost", "commands", "stopped: too many commands"

    def close(self) -> None:
        """End the process with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._in, self._out, self._control):
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def _answered(self, said: dict[str, Any], relay: Relay) -> bool:
        if relay.passed + len(relay.refused) >= MOST_COMMANDS:
            return False
        began = time.monotonic()
        answer = relay.answer(said.get("do"), said.get("params"))
        # What the browser takes is not the program's: a slow machine is not its failure.
        self._end += time.monotonic() - began
        self._tell(answer)
        return True

    def _tell(self, said: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._in.write(json.dumps(said).encode() + b"\n")
            self._in.flush()

    def _line(self) -> dict[str, Any] | str:
        """The next line; in a word why there is none."""
        while b"\n" not in self._held:
            left = self._end - time.monotonic()
            ready = select.select([self._out, self._control], [], [], max(left, 0))[0]
            if left <= 0 or not ready:
                return "wall"
            # What a program said lies in its pipe before it is over.
            if self._out not in ready:
                return "over" if os.read(self._control.fileno(), 1 << 16) == b"over\n" else "ended"
            part = os.read(self._out.fileno(), 1 << 16)
            self._said += len(part)
            self._held += part
            if not part:
                return "ended"
            if len(self._held) > MOST_LINE or self._said > MOST_SAID:
                return "flood"
        line, _, self._held = self._held.partition(b"\n")
        try:
            said = json.loads(line)
        except ValueError:
            return "noise"
        return said if isinstance(said, dict) else "noise"


def _ended(said: dict[str, Any]) -> tuple[str, str | None, str | None]:
    what, error = str(said["end"]), str(said.get("error") or "")[:300] or None
    if what not in ("ok", "exception", "memory"):
        return "lost", "limits", error
    return what, "memory" if what == "memory" else None, error
