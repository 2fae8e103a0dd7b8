from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from measurand.web.film import Picture, frames, jpeg_size


def _jpeg(right: int, button: int = 100) -> bytes:
    """Two white panels of 160 pixels on grey: a dialog up to ``right``, a button, text at 290."""
    pixels = np.full((520, 260, 3), 0x55, np.uint8)
    pixels[:210, :160] = pixels[260:470, :160] = 255
    pixels[10:60, 20:right] = 180
    pixels[button : button + 20, 10:60] = 0
    pixels[290:300, 10:100] = 40
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=50)
    return out.getvalue()


def _film(*pictures: Picture) -> list[np.ndarray]:
    found = frames(pictures)
    images = [Image.open(io.BytesIO(base64.b64decode(one["image"]))) for one in found]
    assert [(one["width"], one["height"]) for one in found] == [image.size for image in images]
    return [np.asarray(image.convert("L")).astype(int) for image in images]


def test_pictures_of_an_episode_are_cut_alike_to_what_happens() -> None:
    one, two = _film(Picture(_jpeg(150), "click", None), Picture(_jpeg(150, 150), "", None))
    assert one.shape == two.shape
    height, width = one.shape
    assert width == 160
    # 520 rows: what begins or ends keeps 8 rows on both sides, in either picture.
    assert height < 260
    dark = (one < 100).all(axis=1)
    assert 0 < dark.sum() <= 3 * 16
    # The button of each is there, black.
    assert (one[:, 12:58] < 30).all(axis=1).sum() >= 12
    assert (two[:, 12:58] < 30).all(axis=1).sum() >= 12


def test_what_reaches_out_of_its_panel_is_not_cut() -> None:
    (one,) = _film(Picture(_jpeg(205), "click", None))
    # Blurred by the compression, by less than one block of 16 pixels.
    assert 205 <= one.shape[1] < 221


def test_the_box_moves_with_its_element() -> None:
    (frame,) = frames([Picture(_jpeg(150, 330), "click", [10.0, 330.0, 50.0, 20.0])])
    image = Image.open(io.BytesIO(base64.b64decode(frame["image"]))).convert("L")
    left, top, width, height = frame["box"]
    assert (left, width, height) == (10.0, 50.0, 20.0)
    inside = np.asarray(image)[int(top) : int(top + height), 12:58]
    assert inside.mean() < 20


def test_pictures_that_are_empty_or_cannot_be_read_stay_as_they_are() -> None:
    grey = io.BytesIO()
    Image.new("RGB", (260, 300), (0x55, 0x55, 0x55)).save(grey, "JPEG")
    (frame,) = frames([Picture(grey.getvalue(), "click", [1.0, 2.0, 3.0, 4.0])])
    assert base64.b64decode(frame["image"]) == grey.getvalue()
    both = frames([Picture(_jpeg(150), "a", None), Picture(b"\xff\xd8\xff", "b", None)])
    assert [base64.b64decode(one["image"]) for one in both] == [_jpeg(150), b"\xff\xd8\xff"]


def test_the_size_of_a_jpeg_is_read_from_its_frame() -> None:
    before, frame = b"\xff\xe0\x00\x04ab", b"\xff\xc0\x00\x0b\x08\x00\x10\x00\x20"
    head = b"\xff\xd8" + before + frame + b"\x01\x01\x11\x00"
    assert jpeg_size(head) == (32, 16)
    assert jpeg_size(b"\xff\xd8") == (1, 1)
