from __future__ import annotations

from typing import get_args

from pipelines.driving_sim.families import FAMILIES
from schemas.driving_sim import params


def test_every_kind_that_can_be_asked_for_is_made() -> None:
    assert tuple(FAMILIES) == get_args(params.Family)
    assert tuple(FAMILIES)[:4] == params.FAMILIES
