from __future__ import annotations

from pathlib import Path

import driving_sim_files as made
import numpy as np
import pytest

from pipelines.driving_sim import commonroad, recorded
from pipelines.driving_sim.recording import RecordError
from pipelines.driving_sim.scenario import Scenario


@pytest.mark.parametrize(("step", "every", "most"), [(0.1, 1, 1e-9), (0.2, 2, 0.05)])
def test_a_scenario_written_as_specified_comes_back(
    scenarios: list[Scenario], tmp_path: Path, step: float, every: int, most: float
) -> None:
    given = next(s for s in scenarios if s.family == "cross")
    read = commonroad.recording(made.commonroad(given, tmp_path, step=step, every=every))
    found = recorded.scenario_of(read)
    order = [int(name) - 5000 for name in found.source_id]
    both = found.valid & given.valid[order]
    assert both.sum() > 0.9 * given.valid.sum()
    assert np.abs(found.track - given.track[order])[both][:, :2].max() < most
    assert np.array_equal(found.size[:, :2], given.size[order, :2])
    assert found.cluster_id == "ZAM_Made-1"
    for one, two in zip(found.lanes, given.lanes, strict=True):
        assert np.abs(one.line - two.line).max() < 0.1
        assert (one.exit, one.junction, one.limit) == (two.exit, two.junction, two.limit)
    assert found.edges
    # The driven car is the one that goes farthest.
    far = np.hypot(*np.diff(given.track[:, 10:, :2], axis=1).T).T.sum(1)
    assert far[order[0]] == far[given.valid[:, 10]].max()


def _obstacle(shape: str, state: str = "", kind: str = "car") -> str:
    first = state or (
        "<position><point><x>1</x><y>2</y></point></position><orientation><exact>0</exact>"
        "</orientation><time><exact>0</exact></time><velocity><exact>3</exact></velocity>"
    )
    return (
        f'<dynamicObstacle id="1"><type>{kind}</type><shape>{shape}</shape><initialState>{first}'
        "</initialState><trajectory>"
        + "".join(
            f"<state><position><point><x>{1 + 0.3 * t}</x><y>2</y></point></position><orientation>"
            f"<exact>0</exact></orientation><time><exact>{t}</exact></time></state>"
            for t in range(1, 40)
        )
        + "</trajectory></dynamicObstacle>"
    )


def written(tmp_path: Path, body: str, head: str = "", version: str = "2020a") -> Path:
    path = tmp_path / "a.xml"
    path.write_text(
        f'<?xml version="1.0"?>{head}<commonRoad commonRoadVersion="{version}" '
        f'benchmarkID="DEU_A-1_2_T-1" timeStepSize="0.1">{body}</commonRoad>'
    )
    return path


BOX = "<rectangle><length>4</length><width>2</width></rectangle>"


def test_shapes_intervals_and_areas_are_told(tmp_path: Path) -> None:
    state = (
        "<position><rectangle><length>1</length><width>1</width><center><x>1</x><y>2</y></center>"
        "</rectangle></position><orientation><intervalStart>-.2</intervalStart><intervalEnd>.4"
        "</intervalEnd></orientation><time><exact>0</exact></time>"
    )
    circle = "<circle><radius>0.4</radius></circle>"
    read = commonroad.recording(written(tmp_path, _obstacle(circle, state)))
    assert read.size[0, :2].tolist() == [0.8, 0.8]
    assert read.track[0, 0, :3] == pytest.approx([1, 2, 0.1])
    told = set(read.assumed)
    assert {"circles are the squares round them", "intervals are their middles",
            "areas are their centres"} <= told  # fmt: skip
    assert read.segment == "DEU_A-1"


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


@pytest.mark.parametrize(
    ("body", "head", "code"),
    [
        ("&i;", BOMB, "xml_bomb"),
        ("", '<!DOCTYPE x SYSTEM "file:///etc/passwd">', "xml_bomb"),
        ("", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "xml_bomb"),
        ("<lanelet>", "", "not_xml"),
        ("", "", "no_sdc"),
        (_obstacle(BOX, kind="pedestrian"), "", "no_sdc"),
        (_obstacle(BOX).replace("<exact>30<", "<exact>3<"), "", "time"),
        (_obstacle(BOX).replace("<x>4.0<", "<x>nan<"), "", "not_finite"),
        (_obstacle(BOX).replace("<x>4.0<", "<x>four<"), "", "not_finite"),
        ('<lanelet id="1"><leftBound/></lanelet>' + _obstacle(BOX), "", "bad_map"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, body: str, head: str, code: str) -> None:
    with pytest.raises(RecordError) as error:
        recorded.scenario_of(commonroad.recording(written(tmp_path, body, head)))
    assert error.value.code == code


def test_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError) as error:
        commonroad.recording(written(tmp_path, "", version="2017a"))
    assert error.value.code == "version"
