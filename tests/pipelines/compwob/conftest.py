from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from compwob_web import wheel

from measurand.errors import InfraError
from measurand.web.browser import Owner
from pipelines.compwob.pages import Composed, Wheel


@pytest.fixture(scope="session")
def miniwob() -> Wheel:
    try:
        return wheel()
    except InfraError as error:
        pytest.skip(f"no package index: {error}")


@pytest.fixture(scope="session")
def owner(miniwob: Wheel) -> Iterator[Owner]:
    # Its own, and not this thread's: an evaluation in another module closes that one.
    with closing(Owner(Composed(miniwob))) as made:
        yield made
