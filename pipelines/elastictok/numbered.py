"""A folder of numbered pictures is a film: one picture a frame, at the rate of the build."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from measurand.errors import InputError
from pipelines.elastictok import streams
from pipelines.elastictok.frames import BrokenClipError, Frames, Writer, resized
from schemas.elastictok.params import Build

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"}


def pictures(folder: Path) -> list[Path]:
    """The pictures of a folder that holds numbered pictures and nothing else; else none.

    In the order of their numbers: ``9.png`` before ``10.png``.
    """
    found = [path for path in folder.iterdir() if not path.name.startswith(".")]
    numbered = all(
        path.suffix.lower() in SUFFIXES and re.search(r"\d", path.stem) and path.is_file()
        for path in found
    )
    return sorted(found, key=_place) if numbered and len(found) > 1 else []


def _place(path: Path) -> tuple[list[tuple[int, str]], str]:
    parts = re.findall(r"\d+|\D+", path.stem)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts], path.name


def make(recipe: dict[str, Any], build: Build, writer: Writer) -> Frames:
    """Read the pictures of ``recipe["path"]``; one that cannot be read is noted.

    Raises:
        BrokenClipError: code ``no_frames``: none can be read.
    """
    import av
    from PIL import Image, ImageOps

    about = Frames(1, 1, 1, build.fps)
    for index, path in enumerate(pictures(Path(recipe["path"]))):
        try:
            with Image.open(path) as picture:
                streams.refuse_huge(*picture.size)
                shown = np.ascontiguousarray(ImageOps.exif_transpose(picture).convert("RGB"))
        except InputError:
            raise
        except Exception as error:  # Pillow raises what its formats raise.
            about.broken.append((index, f"no picture: {type(error).__name__}"))
            continue
        if not about.index:
            about.height, about.width = shown.shape[:2]
        frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
        writer.add(about, index, resized(frame, build.size))
    if not about.index:
        raise BrokenClipError("none of its pictures can be read", code="no_frames")
    return about
