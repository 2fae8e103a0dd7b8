from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from evaluators.driving_sim import film
from evaluators.driving_sim.film import Drive
from measurand.reporting import figures


def test_a_strip_says_what_is_seen_and_marks_what_follows_a_failure(crash: Drive) -> None:
    shown = film.strip(crash, "a film")
    rows = shown.data["rows"]
    assert [row["alarm"] for row in rows] == [False, False, False, True, True]
    assert rows[3]["caption"] == "6 s: collision"
    assert "collision at 4.6 s" in rows[3]["words"]
    assert "its light is red" in rows[0]["words"]
    assert "its light is green" in rows[1]["words"]
    # The car that is driven lies in the middle of every picture, on top.
    for row in rows:
        kind, x, y, *_ = row["boxes"][-1]
        assert (kind, x, y) == ("own", 0, 0)
    assert [box[0] for box in rows[4]["boxes"]].count("hit") == 1
    assert not any(box[0] == "hit" for box in rows[0]["boxes"])
    assert figures.twin(shown).rows[3][1] == rows[3]["words"]


def test_lights_stand_at_stop_lines_that_lie_ahead(crash: Drive) -> None:
    places = film.stops(crash.scenario)
    assert 1 <= len(places) <= 4
    for i, x, y in places:
        assert 0 <= crash.scenario.stop[i] + 4 <= 175
        assert np.hypot(*(crash.scenario.path[i, :, :2] - [x, y]).T).min() < 1


def test_the_moving_picture_is_inert_and_moves_as_the_drive_did(crash: Drive) -> None:
    text = film.animated(crash, 'a <title> & "more"')
    root = ElementTree.fromstring(text)
    tags = {el.tag.split("}")[1] for el in root.iter()}
    assert tags <= {
        "svg", "title", "desc", "style", "rect", "path", "g", "line", "animate", "animateTransform",
    }  # fmt: skip
    names = {name for el in root.iter() for name in el.attrib}
    assert not any("href" in name or name.startswith("on") for name in names)
    assert "url(" not in text
    assert "@import" not in text
    assert "collision at 4.6 s" in text
    # The car that is driven is drawn last of all and stands still; the one that hits it moves.
    moves = re.findall(
        r'values="([^"]*)" dur="8s" begin="0s;film.click" fill="freeze" type="tran', text
    )
    own, others = moves[-1].split(";"), moves[:-1]
    assert len(own) == 41
    assert len(set(own)) == 1
    assert any(len(set(values.split(";"))) == 41 for values in others)
    assert len(text) < 60_000


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ([[-3, 0], [-2, 0]], []),
        ([[-3, 0], [3, 0]], [2]),
        ([[-3, 0], [0, 0], [3, 0], [5, 0], [5, 5], [0, 0.5], [0.5, 0.5]], [3, 3]),
        ([[0, 0]], []),
    ],
)
def test_lines_are_cut_to_what_is_near(line: list[list[float]], parts: list[int]) -> None:
    assert [len(part) for part in film.near(np.array(line, np.float64), 1.0)] == parts
