"""Ends the browser of a process that was killed, and removes its files: nobody else would.

A process that ends in order closes its browser. One that is killed cannot, and neither the driver
nor the browser minds. So a small process waits beside every browser for the end of a pipe, which
comes when whoever holds the other end is gone; then it ends every process with the browser's mark
and removes the browser's files. It knows both from the pipe: its own arguments carry no mark.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

WAITS = """
import glob, json, os, shutil, signal, sys, time
mark, folder = json.loads(sys.stdin.readline())
sys.stdin.read()
def left():
    for name in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(name, "rb") as file:
                words = file.read().split(b"\\0")
        except OSError:
            continue
        if mark.encode() in words:
            yield int(name.split("/")[2])
for _ in range(100 if mark else 0):
    found = list(left())
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    if not found:
        break
    time.sleep(0.1)
shutil.rmtree(folder, ignore_errors=True)
"""
END_SECONDS = 15.0


@dataclass
class Watch:
    """A process that waits for the end of this one."""

    process: subprocess.Popen[bytes]

    def close(self) -> None:
        """Let it end what is left, which is nothing where the browser was closed."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def watch(folder: Path, mark: str = "") -> Watch:
    """Begin to wait.

    Args:
        folder: to be removed at the end.
        mark: an argument that every process to be ended has, and no other; empty for none.
    """
    # A session of its own: what is meant for a terminal's processes is not meant for it.
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", WAITS],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps([mark, str(folder)]).encode() + b"\n")
    process.stdin.flush()
    return Watch(process)
