from __future__ import annotations

import driving_sim_files as made
import numpy as np
import pytest

from pipelines.driving_sim import recorded, tf_example, womd
from pipelines.driving_sim.recording import RecordError
from pipelines.driving_sim.scenario import Scenario


def test_an_example_written_by_hand_comes_back(scenarios: list[Scenario]) -> None:
    given = next(s for s in scenarios if made.lights(s))
    found = recorded.scenario_of(tf_example.recording(made.tf_example(given)))
    order = [int(name) for name in found.source_id]
    assert sorted(order) == list(range(len(given.kind)))
    seen = given.valid[order]
    assert np.array_equal(found.valid, seen)
    assert np.abs(found.track - given.track[order])[seen].max() < 1e-3
    assert found.size == pytest.approx(given.size[order], abs=1e-3)
    assert all(np.abs(a - b).max() < 1e-3 for a, b in zip(found.edges, given.edges, strict=True))
    # Lanes that meet follow each other, as on the map that they come from.
    assert [sorted(lane.exit) for lane in found.lanes] == [
        sorted(lane.exit) for lane in given.lanes
    ]
    assert found.light.any()


def test_lights_are_those_of_the_other_form_of_the_same_recording(
    scenarios: list[Scenario],
) -> None:
    some = [s for s in scenarios if made.lights(s)]
    most = max(some, key=lambda s: len(made.lights(s)))
    one = {s.lane: s for s in tf_example.recording(made.tf_example(most)).signals}
    two = {s.lane: s for s in womd.recording(made.womd(most)).signals}
    assert set(one) == set(two)
    for lane, signal in one.items():
        assert np.array_equal(signal.light, two[lane].light)
        assert signal.stop == pytest.approx(two[lane].stop, abs=1e-4)
    assert len({colour for signal in one.values() for colour in signal.light.tolist()}) > 1


def test_a_name_is_read_without_the_rest() -> None:
    found = tf_example.features(made.example({"scenario/id": "abc", "x": [1.5], "n": [-3, 9]}))
    assert tf_example.name_of(found) == "abc"
    assert found["x"].tolist() == [1.5]
    assert found["n"].tolist() == [-3, 9]
    assert tf_example.name_of({}) == ""


@pytest.mark.parametrize(
    ("features", "code"),
    [
        ({}, "no_feature"),
        ({"state/id": [1], "state/type": [1], "state/is_sdc": [0]}, "no_sdc"),
        ({"state/id": [1, 2], "state/type": [1], "state/is_sdc": [0]}, "ragged"),
        (
            {"state/id": [1, 2], "state/type": [1, 1], "state/is_sdc": [1, 0],
             "state/past/x": [0.0] * 3},
            "ragged",
        ),
    ],
)  # fmt: skip
def test_what_is_lacking_is_named(features: dict[str, list[float]], code: str) -> None:
    given = {k: np.array(v) for k, v in features.items()}
    with pytest.raises(RecordError) as error:
        tf_example.recording(made.example(given))
    assert error.value.code == code
