"""Ends the browser of a process that was killed, and removes its files: nobody else would.

A process that ends in order closes its browser. One that is killed cannot, and neither the driver
nor the browser minds. So a small process waits beside every browser for the end of a pipe, which
comes when whoever holds the other end is gone; then it ends every process with the browser's mark
or with its folder, which would make files there again, and removes the browser's files. It knows
both from the pipe: its own arguments carry neither. It makes their folder too: at no moment is
there one that nobody watches over.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

WAITS = """
import glob, json, os, shutil, signal, sys, time
said = sys.stdin.readline()
if not said.endswith("\\n"):
    sys.exit()
mark, folder = json.loads(said)
try:
    os.mkdir(folder, 0o700)
except OSError as error:
    print(error, flush=True)
    sys.exit()
try:
    print(flush=True)
except OSError:
    pass
sys.stdin.read()
def left():
    for name in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(name, "rb") as file:
                said = file.read()
            exe = said or os.readlink(name.replace("cmdline", "exe"))
        except OSError:
            continue
        pid = int(name.split("/")[2])
        # A browser's own children have its folder among their words, not its mark.
        if mark.encode() in said.split(b"\\0") or b"=" + folder.encode() in said:
            yield pid
        elif not said and exe:
            # It begins: a program's words can be read a moment after its start.
            yield 0
for again in range(100 if mark else 0):
    found = list(left())
    for pid in filter(None, found):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    # Some programs never have words: they are not waited for.
    if not any(found) and (not found or again >= 5):
        break
    time.sleep(0.1)
# What ends at the same moment may still write there.
for _ in range(100):
    shutil.rmtree(folder, ignore_errors=True)
    if not os.path.exists(folder):
        break
    time.sleep(0.1)
"""
END_SECONDS = 15.0


@dataclass
class Watch:
    """A process that waits for the end of this one.

    Attributes:
        process: it.
        folder: an empty folder that goes with this process, whatever its end.
    """

    process: subprocess.Popen[bytes]
    folder: Path

    def close(self) -> None:
        """Let it end what is left, which is nothing where the browser was closed."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def watch(prefix: str, mark: str = "") -> Watch:
    """Begin to wait.

    Args:
        prefix: beginning of the name of the folder among the temporary ones.
        mark: an argument that a process to be ended has, and no other; those whose arguments end
            in ``=`` and the folder are ended too. Empty: none is ended.

    Raises:
        OSError: the folder cannot be made.
    """
    folder = Path(tempfile.gettempdir()) / f"{prefix}{secrets.token_hex(8)}"
    # A session of its own: what is meant for a terminal's processes is not meant for it.
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", WAITS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([mark, str(folder)]).encode() + b"\n")
    process.stdin.flush()
    said = process.stdout.readline()
    process.stdout.close()
    if said != b"\n":
        process.stdin.close()
        process.wait()
        raise OSError(said.decode(errors="replace").strip() or f"{folder} cannot be made")
    return Watch(process, folder)
