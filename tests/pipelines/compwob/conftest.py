from __future__ import annotations

from collections.abc import Iterator

import pytest
from compwob_web import wheel

from pipelines.compwob import browser
from pipelines.compwob.browser import Owner
from pipelines.compwob.pages import Wheel


@pytest.fixture(scope="session")
def miniwob() -> Wheel:
    return wheel()


@pytest.fixture(scope="session")
def owner(miniwob: Wheel) -> Iterator[Owner]:
    yield browser.mine(miniwob)
    browser.close_all()
