from __future__ import annotations

from dataclasses import replace

import driving_sim_files as made
import numpy as np
import pytest

from pipelines.driving_sim import recorded, womd
from pipelines.driving_sim.recording import RecordError
from pipelines.driving_sim.scenario import Scenario


def test_a_scenario_written_by_field_numbers_comes_back(scenarios: list[Scenario]) -> None:
    given = next(s for s in scenarios if made.lights(s))
    found = recorded.scenario_of(womd.recording(made.womd(given)))
    order = [int(name) for name in found.source_id]
    assert order[0] == 0
    assert sorted(order) == list(range(len(given.kind)))
    seen = given.valid[order]
    assert np.array_equal(found.valid, seen)
    assert np.abs(found.track - given.track[order])[seen].max() < 1e-3
    assert np.abs(found.size - given.size[order]).max() < 1e-3
    assert len(found.edges) == len(given.edges)
    assert all(np.abs(a - b).max() < 1e-9 for a, b in zip(found.edges, given.edges, strict=True))
    for one, two in zip(found.lanes, given.lanes, strict=True):
        assert np.abs(one.line - two.line).max() < 1e-9
        assert (one.entry, one.exit, one.junction) == (two.entry, two.exit, two.junction)
        assert one.limit == pytest.approx(two.limit)
    assert found.light.any()
    assert found.kind == given.kind


def test_sizes_are_medians_of_what_is_seen() -> None:
    each = np.array([[[4.0, 2, 1], [5, 2, 1], [99, 99, 99]], [[9.0, 9, 9]] * 3])
    found = womd.sizes(each, np.array([[True, True, False], [False] * 3]))
    assert found.tolist() == [[4.5, 2, 1], [1, 1, 1]]


def test_what_does_not_fit_together_is_named(scenarios: list[Scenario]) -> None:
    given = replace(scenarios[0], lanes=(), edges=())
    short = made.womd(given, seconds=np.arange(90) * 0.1)
    cases = [
        (made.womd(given, sdc=99), "no_sdc"),
        (short, "ragged"),
        (b"\xff\xff\xff", "not_a_scenario"),
    ]
    for data, code in cases:
        with pytest.raises(RecordError) as error:
            womd.recording(data)
        assert error.value.code == code


def test_a_size_is_the_median_of_where_an_object_is_seen() -> None:
    rng = np.random.default_rng(0)
    each, valid = rng.random((40, 91, 3)), rng.random((40, 91)) < 0.5
    valid[3] = valid[4] = False
    valid[4, 7] = True
    each[~valid] = np.nan
    found = womd.sizes(each, valid)
    assert found[3].tolist() == [1, 1, 1]
    for i in np.flatnonzero(valid.any(1)):
        assert np.array_equal(found[i], np.median(each[i, valid[i]], axis=0))
