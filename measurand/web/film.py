"""Film strips: what was seen at every step, and what was done to it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.int_]
"""Rows, columns, colours."""
MARGIN = 8
"""Rows kept above and below what begins or ends."""
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
    """Rows of a figure of :mod:`measurand.reporting.figures.screens`: the pictures of one episode.

    They are cut to what happens: the empty right side and rows in which nothing begins or ends in
    any of them are left out. Where one cannot be read, all stay as they are.
    """
    found = []
    for picture in _cut(pictures):
        width, height = jpeg_size(picture.image)
        found.append(
            {
                "image": base64.b64encode(picture.image).decode(),
                "type": "image/jpeg",
                "width": width,
                "height": height,
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


def _cut(pictures: Sequence[Picture]) -> Sequence[Picture]:
    from PIL import Image, UnidentifiedImageError

    try:
        opened = [Image.open(io.BytesIO(one.image)).convert("RGB") for one in pictures]
    except (UnidentifiedImageError, OSError):
        return pictures
    pixels = [np.asarray(image).astype(int) for image in opened]
    wide = max((_held_width(some) for some in pixels), default=0)
    if wide == 0:
        return pictures
    kept = np.zeros(max(len(some) for some in pixels), bool)
    for some in pixels:
        kept[: len(some)] |= _rows(some[:, :wide])
    made = []
    for picture, some in zip(pictures, pixels, strict=True):
        rows = kept[: len(some)]
        out = io.BytesIO()
        shown = some[rows][:, :wide].astype(np.uint8)
        Image.fromarray(shown).save(out, "JPEG", quality=80)
        made.append(Picture(out.getvalue(), picture.action, _moved(picture.box, rows)))
    return made


def _held_width(pixels: Pixels) -> int:
    """Pixels from the left that hold anything beside the colour of the right edge; 0 for none."""
    beside = np.median(pixels[:, -1], axis=0)
    held = (np.abs(pixels - beside) > JPEG_NOISE).any(axis=(0, 2))
    return int(np.flatnonzero(held)[-1]) + 1 if held.any() else 0


def _rows(pixels: Pixels) -> npt.NDArray[np.bool_]:
    """Rows near a place where one row differs from the next."""
    differs = (np.abs(np.diff(pixels, axis=0)) > JPEG_NOISE).any(axis=(1, 2))
    kept = np.zeros(len(pixels), bool)
    for at in np.flatnonzero(differs):
        kept[max(at + 1 - MARGIN, 0) : at + 1 + MARGIN] = True
    return kept


def _moved(box: list[float] | None, rows: npt.NDArray[np.bool_]) -> list[float] | None:
    """A box where it lies once rows are left out."""
    if box is None:
        return None
    left, top, width, height = box
    first, last = round(top), round(top + height)
    return [left, float(rows[:first].sum()), width, float(rows[first:last].sum())]
