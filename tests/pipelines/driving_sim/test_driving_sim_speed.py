from __future__ import annotations

import pytest

from pipelines.driving_sim import speed
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.world import World
from schemas.driving_sim.tables import THROUGHPUT


def test_every_size_in_every_world(
    scenarios: list[Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    from measurand import runs

    monkeypatch.setattr(speed, "LEAST", 0.0)
    rows = speed.throughput(scenarios[:1], ("playback",), (1, 2))
    assert THROUGHPUT.violations(runs.table(THROUGHPUT, rows)) == []
    assert [(row["others"], row["batch"]) for row in rows] == [("playback", 1), ("playback", 2)]
    assert all(row["steps_per_s"] > 0 for row in rows)


def test_bytes_are_those_of_all_arrays(world: World) -> None:
    one = world.pick(slice(0, 1))
    least = one.log.numel() * 4 + one.path.numel() * 4 + one.light.numel() * 8
    assert least < speed.bytes_of(one) < 20 * least
    assert speed.bytes_of(world) == len(world) * speed.bytes_of(one)
