from __future__ import annotations

import numpy as np
import pytest

from pipelines.driving_sim import planners, simulate, worlds
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.storage import from_tables, to_tables
from schemas.driving_sim.params import T0
from schemas.driving_sim.tables import DATASET


@pytest.fixture(scope="module")
def back(scenarios: list[Scenario]) -> list[Scenario]:
    split = {s.scenario_id: "test" for s in scenarios}
    tables = to_tables(scenarios, source="generated", licence="Apache-2.0", split=split)
    for spec in DATASET:
        assert spec.violations(tables[spec.name]) == []
    return from_tables(tables)


def test_what_was_stored_comes_back_within_a_millimetre(
    scenarios: list[Scenario], back: list[Scenario]
) -> None:
    assert [s.scenario_id for s in back] == sorted(s.scenario_id for s in scenarios)
    read = {s.scenario_id: s for s in back}
    for one in scenarios:
        two = read[one.scenario_id]
        origin = one.track[0, T0, :2]
        assert np.array_equal(one.valid, two.valid)
        seen = one.valid
        assert np.allclose(one.track[seen][:, :2] - origin, two.track[seen][:, :2], atol=1e-3)
        assert np.allclose(one.track[seen][:, 2:], two.track[seen][:, 2:], atol=1e-3)
        assert (two.track[~seen] == 0).all()
        assert np.allclose(one.path[..., :2] - origin, two.path[..., :2], atol=1e-3)
        assert np.allclose(one.conflict, two.conflict)
        assert np.allclose(one.stop, two.stop, atol=1e-3)
        assert np.allclose(one.idm, two.idm)
        assert np.array_equal(one.light, two.light)
        assert [e.shape for e in one.edges] == [e.shape for e in two.edges]
        assert [(p.junction, p.entry, p.exit) for p in one.lanes] == [
            (p.junction, p.entry, p.exit) for p in two.lanes
        ]
        assert [(w.lanes, w.on_route) for w in one.ways] == [
            (w.lanes, w.on_route) for w in two.ways
        ]
        assert (one.source_id, one.kind, one.retries) == (two.source_id, two.kind, two.retries)


def test_a_stored_log_is_still_driven_without_a_fault(back: list[Scenario]) -> None:
    ids = [s.scenario_id for s in back]
    drive = simulate.rollout(worlds.world(back), planners.RULES["expert"](), scenario_ids=ids)
    assert (drive.measures.hit == -1).all()
    assert drive.measures.error_m.max() < 0.1
    assert not drive.infeasible.any()


def test_what_is_not_known_stays_unknown(scenarios: list[Scenario]) -> None:
    from dataclasses import replace

    idm = scenarios[0].idm.copy()
    idm[0, 1] = np.nan
    lane = replace(scenarios[0].lanes[0], limit=None)
    odd = replace(scenarios[0], idm=idm, lanes=(lane, *scenarios[0].lanes[1:]))
    split = {odd.scenario_id: "train"}
    found = from_tables(to_tables([odd], source="x", licence="x", split=split))[0]
    assert np.isnan(found.idm[0, 1])
    assert found.lanes[0].limit is None
