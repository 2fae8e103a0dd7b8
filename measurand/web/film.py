"""Film strips: what was seen at every step, and what was done to it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

JPEG_NOISE = 24
"""A colour that is this near to another, of 255, may be the same before it was compressed."""


@dataclass(frozen=True)
class Picture:
    """One picture of a film strip.

    Attributes:
        image: JPEG.
        action: what is done next, in words; empty at the end.
        box: left, top, width and height of the element acted on, in pixels.
    """

    image: bytes
    action: str
    box: list[float] | None


def frames(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """Rows of a figure of :mod:`measurand.report.figures.screens`: the pictures of one episode."""
    shown = held_width([picture.image for picture in pictures])
    found = []
    for picture in pictures:
        width, height = jpeg_size(picture.image)
        found.append(
            {
                "image": base64.b64encode(picture.image).decode(),
                "type": "image/jpeg",
                "width": width,
                "height": height,
                "shown": shown,
                "caption": picture.action,
                "box": picture.box,
            }
        )
    return found


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG, from its first frame header (ITU T.81, B.2.2)."""
    at = 2
    while at + 9 < len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in (0xC0, 0xC1, 0xC2):
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        at += 2 + length
    return 1, 1


def held_width(pictures: Sequence[bytes]) -> int | None:
    """Pixels from the left that hold anything in one of these pictures, beside the panels none.

    What is beside is one colour to the right edge, but for the noise of JPEG. A dialog that
    reaches out of its panel counts.

    Returns:
        The width; None where a picture cannot be read or all are of one colour.
    """
    from PIL import Image, UnidentifiedImageError

    most = 0
    for picture in pictures:
        try:
            pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
        except (UnidentifiedImageError, OSError):
            return None
        beside = np.median(pixels[:, -1], axis=0)
        held = (np.abs(pixels - beside) > JPEG_NOISE).any(axis=(0, 2))
        most = max(most, 0, *(np.flatnonzero(held) + 1).tolist())
    return most or None
