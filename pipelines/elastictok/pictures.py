"""Seeded crops of a picture: each is a still block of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.elastictok.frames import BrokenClipError, Frames, Writer
from schemas.elastictok.params import Build


def make(recipe: dict[str, Any], build: Build, writer: Writer) -> Frames:
    """Crop squares of random place and side, resized with a filter.

    Args:
        recipe: ``path``, ``crops``, ``smallest`` (share of the shorter side), ``seed``.
        build: the size.
        writer: takes the crops.

    Raises:
        BrokenClipError: it is no picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(recipe["path"]) as opened:
            picture = opened.convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise BrokenClipError(f"no picture: {type(error).__name__}") from error
    rng = np.random.default_rng(recipe["seed"])
    width, height = picture.size
    short = min(width, height)
    about = Frames(width, height, 1, build.fps, still=True)
    for i in range(recipe["crops"]):
        side = max(build.size, round(short * rng.uniform(recipe["smallest"], 1.0)))
        side = min(side, short)
        left, top = int(rng.integers(width - side + 1)), int(rng.integers(height - side + 1))
        crop = picture.crop((left, top, left + side, top + side))
        small = crop.resize((build.size, build.size), Image.Resampling.BILINEAR)
        writer.add(about, i, np.asarray(small, np.uint8))
    return about
