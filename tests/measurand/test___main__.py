from __future__ import annotations

import subprocess
import sys

from measurand.version import __version__


def test_the_command_is_a_module_too() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "measurand", "--version"], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, __version__)
