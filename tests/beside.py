"""Shell commands side by side, told one after the other: ``python tests/beside.py COMMAND...``.

What the first prints appears as it comes, what another does once all before it have ended. All run
to their end; those that failed are named last, and the exit status is that of the first of them.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO


def main(commands: list[str]) -> int:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running: list[subprocess.Popen[bytes]] = []
        told, signals = [], []

        def end(number: int, _: object) -> None:
            signals.append(number)
            for process in running:
                process.terminate()

        signal.signal(signal.SIGTERM, end)
        # Whoever interrupts at a terminal interrupts all of these too, and they tell how they end.
        signal.signal(signal.SIGINT, lambda *_: None)
        for number, command in enumerate(commands):
            out = stack.enter_context((folder / str(number)).open("wb"))
            # The first one has the terminal, where there is one: Python writes there at once.
            to = out if number else None
            running.append(subprocess.Popen(["bash", "-c", command], stdout=to, stderr=to))
            told.append(stack.enter_context((folder / str(number)).open("rb")))
        if signals:  # it came while they were begun
            end(signals[0], None)
        for process, text in zip(running, told, strict=True):
            _tell(process, text)
    failed = [
        (process.returncode, command) for process, command in zip(running, commands, strict=True)
    ]
    failed = [(status, command) for status, command in failed if status]
    for status, command in failed:
        print(f"failed with {status}: {command}", flush=True)
    return abs(failed[0][0]) if failed else 0


def _tell(process: subprocess.Popen[bytes], text: IO[bytes]) -> None:
    ended = False
    while not ended:
        ended = process.poll() is not None
        while part := text.read():
            sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
        if not ended:
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
