"""Pictures of an episode for a report: the part of the page in which something is done."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

from measurand.web.film import Picture, frames

HEIGHT = 300
"""Rows of a picture that are shown: pages of these sites are three to ten times as long."""
ABOVE = 0.4
"""Where in them the element's middle lies."""
QUALITY = 45


def strip(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """Rows of a figure of :mod:`measurand.reporting.figures.screens`.

    Each picture is cut to rows around the element, or to the first ones without any. Where one
    cannot be read, all stay as they are.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        return [_row(one, Image.open(io.BytesIO(one.image)).convert("RGB")) for one in pictures]
    except (UnidentifiedImageError, OSError):
        return frames(pictures)


def _row(picture: Picture, opened: Any) -> dict[str, Any]:
    top = 0
    if picture.box is not None:
        _, first, _, height = picture.box
        middle = first + height / 2
        top = round(min(max(middle - ABOVE * HEIGHT, 0), max(opened.height - HEIGHT, 0)))
    shown = opened.crop((0, top, opened.width, min(top + HEIGHT, opened.height)))
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=QUALITY)
    return {
        "image": base64.b64encode(out.getvalue()).decode(),
        "type": "image/jpeg",
        "width": shown.width,
        "height": shown.height,
        "caption": picture.action,
        "box": _seen(picture.box, top, shown.height),
    }


def _seen(box: list[float] | None, top: int, height: int) -> list[float] | None:
    """A box where it lies in the rows that are shown; None for one below them."""
    if box is None:
        return None
    left, first, width, tall = box
    start, end = max(first - top, 0.0), min(first + tall - top, float(height))
    return [left, start, width, end - start] if end > start else None
