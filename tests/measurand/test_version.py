from __future__ import annotations

import re

import measurand
from measurand.version import __version__


def test_there_is_one_version() -> None:
    assert measurand.__version__ == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|rc\d+)?", __version__)
