from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from evaluators.webagent.strips import HEIGHT, strip
from measurand.web.film import Picture


def picture(height: int, box: list[float] | None) -> Picture:
    """A page of white with a black element where the box is."""
    image = Image.new("RGB", (720, height), "white")
    if box is not None:
        left, top, wide, tall = map(int, box)
        image.paste("black", (left, top, left + wide, top + tall))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return Picture(out.getvalue(), 'Press "Search".', box)


def dark(row: dict[str, object]) -> tuple[int, int, int, int]:
    """Where a shown picture is black."""
    data = base64.b64decode(str(row["image"]))
    shown = Image.open(io.BytesIO(data)).convert("L").point(lambda v: 255 * (v < 128))
    found = shown.getbbox()
    assert found is not None
    return found


@pytest.mark.parametrize("top", [0, 40, 700, 1400])
def test_the_element_is_in_the_picture_and_in_its_frame(top: int) -> None:
    (row,) = strip([picture(1440, [100, top, 60, 24])])
    assert (row["width"], row["height"]) == (720, HEIGHT)
    left, first, wide, tall = row["box"]
    seen = dark(row)
    assert seen == pytest.approx((left, first, left + wide, first + tall), abs=2)


def test_without_an_element_the_top_is_shown_and_short_pages_whole() -> None:
    end, short = strip([picture(1440, None), picture(200, [10, 20, 30, 10])])
    assert (end["box"], end["height"]) == (None, HEIGHT)
    assert (short["height"], short["box"]) == (200, [10, 20.0, 30, 10.0])


def test_an_element_higher_than_the_picture_is_framed_as_far_as_it_is_seen() -> None:
    (row,) = strip([picture(1440, [0, 100, 700, 1000])])
    assert row["box"] == [0, 0.0, 700, float(HEIGHT)]


def test_an_element_below_what_was_pictured_has_no_frame() -> None:
    (row,) = strip([Picture(picture(1440, None).image, "x", [0, 2000, 10, 10])])
    assert row["box"] is None


def test_a_picture_that_cannot_be_read_stays() -> None:
    (row,) = strip([Picture(b"no picture", "x", None)])
    assert base64.b64decode(row["image"]) == b"no picture"
