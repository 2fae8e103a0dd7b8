"""Screenshots in a row, the steps of an episode, each with the element acted on marked.

``data``: ``rows``: list of ``{image, type, width, height, caption}`` and, where something was acted
on, ``box``: ``[left, top, width, height]`` in pixels of the picture. ``image`` is base64,
``type`` its media type. The page's policy admits pictures where a report has such a figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from measurand.errors import InputError
from measurand.reporting import svg

SIDE, GAP, FOOT, PAD = 176.0, 14.0, 34.0, 3.0
TYPES = ("image/jpeg", "image/png")


def draw(data: Mapping[str, Any], width: float) -> tuple[tuple[float, float], Markup]:
    """Picture and its size.

    Raises:
        InputError: a picture is of a type that a page may not show.
    """
    frames = data["rows"]
    if strange := sorted({str(f["type"]) for f in frames} - set(TYPES)):
        raise InputError(
            f"pictures of type {', '.join(strange)}", hint=f"one of {', '.join(TYPES)}"
        )
    parts, heights = [], [0.0]
    for i, frame in enumerate(frames):
        x, scale = i * (SIDE + GAP), SIDE / float(frame["width"])
        heights.append(float(frame["height"]) * scale)
        parts.append(_picture(frame, x, scale))
        columns = int(SIDE / 6.6)
        words = f"{i + 1}. {frame['caption']}"
        parts.append(svg.text(x, heights[-1] + 20, words, columns=columns))
    across = len(frames) * (SIDE + GAP) - GAP
    return (max(across, width / 2), max(heights) + FOOT), Markup("").join(parts)


def _picture(frame: Mapping[str, Any], x: float, scale: float) -> Markup:
    height = float(frame["height"]) * scale
    source = f"data:{frame['type']};base64,{frame['image']}"
    parts = [svg.element("image", x=x, y=0.0, width=SIDE, height=height, href=source)]
    if frame.get("box") is not None:
        left, top, wide, high = (float(v) * scale for v in frame["box"])
        parts.append(
            svg.element(
                "rect", x=x + left - PAD, y=top - PAD, width=wide + 2 * PAD, height=high + 2 * PAD,
                rx=3.0, fill="none", stroke="#d5006d", stroke_width=2.5,
            )
        )  # fmt: skip
    return Markup("").join(parts)


def twin(data: Mapping[str, Any]) -> tuple[list[str], list[list[Any]], list[str]]:
    """One line a picture, in words."""
    rows: list[list[Any]] = [[i + 1, f["caption"]] for i, f in enumerate(data["rows"])]
    return ["picture", "what is done in it"], rows, []
