from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from measurand.beam import messages

SCRIPT = """
import logging, os, sys
from measurand.beam import messages
logging.warning("a first handler")
with messages.kept() as file:
    logging.getLogger("apache_beam.x").warning("of Beam")
    logging.getLogger("measurand.x").warning("of ours")
    os.write(2, b"of gRPC\\n")
    print("progress", file=sys.stderr)
print("after", file=sys.stderr)
print(file)
"""


def test_what_others_say_goes_into_a_file() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[1:] == ["of ours", "progress", "after"]
    file = Path(done.stdout.strip())
    text = file.read_text()
    assert "WARNING apache_beam.x: of Beam" in text
    assert "of gRPC" in text
    assert "ours" not in text
    assert file.stat().st_mode & 0o077 == 0
    file.unlink()


def test_an_empty_file_goes_again_and_handlers_come_back() -> None:
    handlers = list(logging.getLogger().handlers)
    with messages.kept() as file:
        assert file.exists()
    assert not file.exists()
    assert logging.getLogger().handlers == handlers


def test_a_thread_that_dies_is_told_in_the_file(capfd: pytest.CaptureFixture[str]) -> None:
    def dies() -> None:
        raise OSError("a lost service")

    with messages.kept() as file:
        thread = threading.Thread(target=dies)
        thread.start()
        thread.join()
    assert "a lost service" in file.read_text()
    assert capfd.readouterr().err == ""
    file.unlink()


def test_an_exception_passes(capfd: pytest.CaptureFixture[str]) -> None:
    files = []

    def fails() -> None:
        with messages.kept() as file:
            files.append(file)
            os.write(2, b"before\n")
            raise OSError("on the way")

    with pytest.raises(OSError, match="on the way"):
        fails()
    (file,) = files
    os.write(2, b"behind\n")
    assert capfd.readouterr().err == "behind\n"
    assert file.read_text() == "before\n"
    file.unlink()
