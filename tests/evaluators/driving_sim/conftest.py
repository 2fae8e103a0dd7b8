from __future__ import annotations

import pytest

from evaluators.driving_sim import playing
from evaluators.driving_sim.film import Drive
from pipelines.driving_sim import generator


@pytest.fixture(scope="session")
def crash() -> Drive:
    """A car that stands at a light that turns green, and is hit from behind."""
    driver = playing.who("constant_speed", None, None, "")
    return playing.play(generator.scenario("cross", 3), driver, "playback", 0)
