from __future__ import annotations

from xml.etree.ElementTree import fromstring

import numpy as np
import pytest

from pipelines.driving_sim.commonroad_map import edges_of, lanes_of, signals_of
from pipelines.driving_sim.recording import RecordError
from pipelines.driving_sim.timing import clock

LANE = (
    '<lanelet id="{id}"><leftBound>{left}</leftBound><rightBound>{right}</rightBound>{more}'
    "</lanelet>"
)


def line(*points: tuple[float, float]) -> str:
    return "".join(f"<point><x>{x}</x><y>{y}</y></point>" for x, y in points)


def lane(number: int, begin: float, end: float, more: str = "") -> str:
    left, right = line((begin, 2), (end, 2)), line((begin, -2), (end, -2))
    return LANE.format(id=number, left=left, right=right, more=more)


ROAD = fromstring(
    "<commonRoad>"
    + lane(1, 0, 50, '<successor ref="2"/><trafficLightRef ref="7"/><trafficSignRef ref="8"/>')
    + lane(2, 50, 90, '<predecessor ref="1"/><laneletType>intersection</laneletType>')
    + LANE.format(id=3, left=line((0, -3), (90, -3)), right=line((0, -5), (90, -5)),
                  more="<laneletType>sidewalk</laneletType>")
    + '<trafficSign id="8"><trafficSignElement><trafficSignID>274</trafficSignID>'
    "<additionalValue>13.9</additionalValue></trafficSignElement></trafficSign>"
    '<trafficLight id="7"><cycle><cycleElement><duration>20</duration><color>green</color>'
    "</cycleElement><cycleElement><duration>5</duration><color>yellow</color></cycleElement>"
    "<cycleElement><duration>30</duration><color>red</color></cycleElement>"
    "<timeOffset>10</timeOffset></cycle></trafficLight></commonRoad>"
)  # fmt: skip


def test_lanes_lie_between_their_sides() -> None:
    lanes = lanes_of(ROAD)
    assert np.allclose(lanes[1].line[:, 1], 0)
    assert (lanes[1].exits, lanes[2].entries) == ((2,), (1,))
    assert (lanes[1].limit, lanes[2].limit) == (13.9, None)
    assert (lanes[1].junction, lanes[2].junction) == (False, True)
    assert [lanes[k].cars for k in (1, 2, 3)] == [True, True, False]


def test_edges_are_open_where_the_map_ends_and_have_the_road_on_their_left() -> None:
    edges = list(edges_of(ROAD, lanes_of(ROAD)))
    assert len(edges) == 2
    for edge in edges:
        x, y = edge[:, 0], edge[:, 1]
        assert np.allclose((x.min(), x.max()), (0, 90))
        # Below the road it runs to the right, above it to the left.
        assert np.allclose(y, -2) == (x[-1] > x[0])
        assert np.allclose(y, 2) == (x[-1] < x[0])


def test_lights_run_through_their_cycle() -> None:
    (signal,) = signals_of(ROAD, lanes_of(ROAD), clock(91))
    assert (signal.lane, signal.stop) == (1, (50.0, 0.0))
    light = signal.light.tolist()
    # It begins 10 moments in: the end of the red before, then green, yellow, red.
    assert light[:66] == [1] * 10 + [3] * 20 + [2] * 5 + [1] * 30 + [3]


def test_a_lane_without_a_side_or_number_is_named() -> None:
    for text in (
        '<lanelet id="1"><leftBound/></lanelet>',
        LANE.format(id="x", left=line((0, 0), (1, 0)), right=line((0, 1), (1, 1)), more=""),
    ):
        with pytest.raises(RecordError) as error:
            lanes_of(fromstring(f"<commonRoad>{text}</commonRoad>"))
        assert error.value.code == "bad_map"
