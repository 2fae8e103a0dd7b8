"""Apache Beam's Prism for tests, where this machine has it."""

from __future__ import annotations

import os
import shutil

import pytest


def binary() -> str:
    """The program named by ``MEASURAND_PRISM``, or `prism` on the PATH; skips the test without."""
    found = os.environ.get("MEASURAND_PRISM") or shutil.which("prism")
    if not found:
        pytest.skip("no Prism: name its binary in MEASURAND_PRISM or put it on the PATH")
    return found
