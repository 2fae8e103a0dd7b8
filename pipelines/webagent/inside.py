"""What runs inside the sandbox: a program and a real WebDriver whose commands leave by a pipe.

This file is run by itself and imports nothing of the project. It reads a line of JSON with a
program, forks, and the new process runs it: a line for every WebDriver command and one at the end;
answers come as lines. Before the program begins the process limits itself: memory, processor
time, open files, no new processes, no sockets, no signals (a seccomp filter; numbers of system
calls are those of Linux's ``unistd.h`` for x86-64 and for arm64).
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import struct
import sys
from typing import Any

MEMORY = 1 << 30
"""Most bytes of address space."""
_CALLS = {
    "x86_64": (
        0xC000003E,
        # socket, connect, bind, socketpair, clone, fork, vfork, execve, kill, ptrace,
        # rt_sigqueueinfo, mount, tkill, tgkill, add_key, keyctl, unshare, perf_event_open,
        # open_by_handle_at, setns, process_vm_writev, memfd_create, bpf, execveat, userfaultfd,
        # pidfd_send_signal, io_uring_setup, pidfd_open, clone3
        (41, 42, 49, 53, 56, 57, 58, 59, 62, 101, 129, 165, 200, 234, 248, 250, 272, 298, 304,
         308, 311, 319, 321, 322, 323, 424, 425, 434, 435),
    ),
    "aarch64": (
        0xC00000B7,
        (198, 203, 200, 199, 220, 221, 129, 117, 138, 40, 130, 131, 217, 219, 97, 241, 265, 268,
         271, 279, 280, 281, 282, 424, 425, 434, 435),
    ),
}  # fmt: skip
_CONTROL = 2
"""Where the process that waits says that a program is over."""
_LOAD, _EQUAL, _ATLEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
"""Let it be; fail with EPERM; end the process."""


def limit(cpu_seconds: int) -> None:
    """Take away what the program must not have, for good."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 64),
    ):
        resource.setrlimit(what, (most, most))
    machine = platform.machine()
    if machine not in _CALLS:
        raise OSError(f"no list of system calls for {machine}")
    arch, refused = _CALLS[machine]
    code = _filter(arch, refused)
    block = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(block))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((1, 9, 0), (38, 1, 0), (22, 2, ctypes.create_string_buffer(program))):
        # Die with the parent; gain no privileges; take the filter.
        if libc.prctl(words[0], words[1], words[2], 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


def _filter(arch: int, refused: tuple[int, ...]) -> bytes:
    """A program of the kernel's packet filter: the calls that fail, all others pass."""
    lines = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_ATLEAST, len(refused), 0, 0x40000000),  # another calling convention
    ]
    left = len(refused)
    for number in refused:
        left -= 1
        lines.append((_EQUAL, left + 1, 0, number))
    lines += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


class Pipe:
    """Selenium's connection to a driver, by lines on two file descriptors."""

    w3c = True

    def __init__(self, reads: Any, writes: Any) -> None:
        self._reads, self._writes = reads, writes

    def execute(self, command: str, params: dict[str, Any]) -> dict[str, Any]:
        """One command; the driver's answer."""
        if command == "newSession":
            return {"value": {"sessionId": "inside", "capabilities": {"browserName": "chrome"}}}
        answer: dict[str, Any] = self.ask({"do": command, "params": params})
        return answer

    def ask(self, said: dict[str, Any]) -> Any:
        """Say something, hear the answer."""
        self.say(said)
        return json.loads(self._reads.readline() or "null") or {"value": None}

    def say(self, said: dict[str, Any]) -> None:
        """Say something."""
        self._writes.write(json.dumps(said) + "\n")
        self._writes.flush()

    def hear(self) -> dict[str, Any]:
        """The next program; nothing where none comes any more.

        What an earlier program asked for and did not wait for is passed over.
        """
        while line := self._reads.readline():
            try:
                heard = json.loads(line)
            except ValueError:
                continue
            if isinstance(heard, dict) and "program" in heard:
                return heard
        return {}

    def close(self) -> None:
        """Nothing is open."""


def _names(pipe: Pipe) -> dict[str, Any]:
    """What a program is given."""
    import time

    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.common.options import ArgOptions
    from selenium.webdriver.remote.file_detector import UselessFileDetector
    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.support import expected_conditions as EC
    from selenium.webdriver.support.ui import Select, WebDriverWait

    class Options(ArgOptions):  # type: ignore[misc]
        @property
        def default_capabilities(self) -> dict[str, str]:
            return {}

    driver = WebDriver(pipe, options=Options(), file_detector=UselessFileDetector())
    return {
        "driver": driver,
        "By": By,
        "Keys": Keys,
        "Select": Select,
        "WebDriverWait": WebDriverWait,
        "EC": EC,
        "time": time,
    }


def main() -> None:
    """Read programs, run each in a process forked from this one, say how it ended."""
    sys.path[:0] = sys.argv[1:]
    pipe = Pipe(
        os.fdopen(os.dup(0), "r", encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    )
    names = _names(pipe)
    # Printing to None is printing nothing.
    sys.stdout = sys.stderr = None
    pipe.say({"ready": True})
    while told := pipe.hear():
        child = os.fork()
        if child == 0:
            # The other end believes what comes here: only who waits may say that a program ended.
            os.close(_CONTROL)
            _run(pipe, names, told)
            os._exit(0)
        os.waitpid(child, 0)
        os.write(_CONTROL, b"over\n")


def _run(pipe: Pipe, names: dict[str, Any], told: dict[str, Any]) -> None:
    try:
        limit(int(told["cpu_seconds"]))
    except OSError as error:
        pipe.say({"end": "unlimited", "error": str(error)})
        return
    try:
        exec(compile(told["program"], "<program>", "exec"), {**names, "__name__": "program"})
    except MemoryError:
        pipe.say({"end": "memory", "error": "MemoryError"})
    except BaseException as error:
        last = f"{type(error).__name__}: {error}".strip().split("\n")[0]
        pipe.say({"end": "exception", "error": last[:300]})
    else:
        pipe.say({"end": "ok", "error": ""})


if __name__ == "__main__":
    main()
