from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from measurand.web.film import Picture, frames, held_width, jpeg_size


def _jpeg(right: int) -> bytes:
    """A white page of 160 pixels on grey, with a white dialog up to ``right``."""
    pixels = np.full((300, 260, 3), 0x55, np.uint8)
    pixels[:210, :160] = 255
    pixels[40:90, 100:right] = 250
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=50)
    return out.getvalue()


def test_a_picture_is_shown_up_to_what_reaches_furthest() -> None:
    assert held_width([_jpeg(120), _jpeg(130)]) == 160
    # Blurred by the compression, by less than one block of 16 pixels.
    assert 205 <= (held_width([_jpeg(120), _jpeg(205)]) or 0) < 221
    grey = io.BytesIO()
    Image.new("RGB", (260, 300), (0x55, 0x55, 0x55)).save(grey, "JPEG")
    assert held_width([grey.getvalue()]) is None
    assert held_width([_jpeg(120), b"\xff\xd8\xff"]) is None


def test_frames_hold_the_pictures_as_they_were_taken() -> None:
    (frame,) = frames([Picture(_jpeg(120), "click", [1.0, 2.0, 3.0, 4.0])])
    assert base64.b64decode(frame["image"]) == _jpeg(120)
    assert (frame["width"], frame["height"], frame["shown"]) == (260, 300, 160)
    assert (frame["caption"], frame["box"]) == ("click", [1.0, 2.0, 3.0, 4.0])


def test_the_size_of_a_jpeg_is_read_from_its_frame() -> None:
    before, frame = b"\xff\xe0\x00\x04ab", b"\xff\xc0\x00\x0b\x08\x00\x10\x00\x20"
    head = b"\xff\xd8" + before + frame + b"\x01\x01\x11\x00"
    assert jpeg_size(head) == (32, 16)
    assert jpeg_size(b"\xff\xd8") == (1, 1)
