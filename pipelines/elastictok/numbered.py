"""A folder of numbered pictures is a film: one picture a frame, at the rate of the build."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from measurand.errors import InputError
from pipelines.elastictok import streams
from pipelines.elastictok.frames import BrokenClipError, Frames, Pixels, Writer, over_white, resized
from schemas.elastictok.params import Build

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"}
BESIDE = {"thumbs.db", "ehthumbs.db", "desktop.ini"}
"""What a system of folders writes beside pictures."""


def pictures(folder: Path) -> list[Path]:
    """The pictures of a folder that holds numbered pictures and nothing else; else none.

    In the order of their numbers: ``9.png`` before ``10.png``; of those that are named differently
    around the numbers, one kind after the other.
    """
    found = [
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name.lower() not in BESIDE
    ]
    numbered = all(
        path.suffix.lower() in SUFFIXES and re.search(r"\d", path.stem) and path.is_file()
        for path in found
    )
    return sorted(found, key=_place) if numbered and len(found) > 1 else []


def _parts(path: Path) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """What is written around the numbers of a name, and the numbers."""
    parts = re.findall(r"^-\d+|\d+|\D+", path.stem)
    words = tuple("" if re.fullmatch(r"-?\d+", part, re.ASCII) else part for part in parts)
    return words, tuple(int(part) for part, word in zip(parts, words, strict=True) if not word)


def _place(path: Path) -> tuple[tuple[str, ...], tuple[int, ...], str]:
    return (*_parts(path), path.name)


def places(found: Sequence[Path]) -> Iterator[int]:
    """Number of the frame that each picture is, ascending, from 0.

    Where one number of the names counts, in steps that half of the pictures or more keep, those
    that are left out are a gap. Between pictures that are named differently there is one, too.

    Raises:
        BrokenClipError: code ``same_number``: two pictures are one frame.
    """
    at = 0
    for _, group in itertools.groupby(found, key=lambda path: _parts(path)[0]):
        paths = list(group)
        numbers = [_parts(path)[1] for path in paths]
        for one, two in itertools.pairwise(range(len(paths))):
            if numbers[one] == numbers[two]:
                names = f"{paths[one].name} and {paths[two].name}"
                raise BrokenClipError(f"{names} have one number", code="same_number")
        steps = _steps(numbers)
        yield from itertools.accumulate(steps, initial=at)
        at += sum(steps) + 2


def _steps(numbers: Sequence[tuple[int, ...]]) -> list[int]:
    """Frames from each picture to the next."""
    varying = [column for column in zip(*numbers, strict=True) if len(set(column)) > 1]
    apart = [b - a for a, b in itertools.pairwise(varying[0])] if len(varying) == 1 else []
    if apart:
        step = min(apart)
        if 2 * apart.count(step) >= len(apart) and all(one % step == 0 for one in apart):
            return [one // step for one in apart]
    return [1] * (len(numbers) - 1)


def make(recipe: dict[str, Any], build: Build, writer: Writer) -> Frames:
    """Read the pictures of ``recipe["path"]``; one that cannot be read is noted.

    Raises:
        BrokenClipError: code ``no_frames``: none can be read; ``same_number``.
    """
    import av

    about = Frames(1, 1, 1, build.fps)
    found = pictures(Path(recipe["path"]))
    for index, path in zip(places(found), found, strict=True):
        try:
            shown = _read(path)
        except InputError:
            raise
        except Exception as error:  # Pillow raises what its formats raise.
            why = str(error) if isinstance(error, NoPictureError) else type(error).__name__
            about.broken.append((index, f"no picture: {why}"))
            continue
        if not about.index:
            about.height, about.width = shown.shape[:2]
        frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
        writer.add(about, index, resized(frame, build.size))
    if not about.index:
        why = f" ({about.broken[0][1]})" if about.broken else ""
        raise BrokenClipError(f"none of its pictures can be read{why}", code="no_frames")
    return about


class NoPictureError(ValueError):
    """A file that is not one picture of known brightness."""


def _read(path: Path) -> Pixels:
    """(height, width, 3) of a picture, turned as its camera was held, over white."""
    from PIL import Image, ImageOps

    with Image.open(path) as picture:
        streams.refuse_huge(*picture.size)
        # Cameras write several views into a JPEG file (MPO), the first of which is the picture.
        count = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
        if count > 1:
            raise NoPictureError(f"it holds {count} of them")
        turned = ImageOps.exif_transpose(picture)
        if turned.mode in ("I", "F"):
            raise NoPictureError("values of 32 bits, of which it does not say what is white")
        if turned.mode.startswith("I;16"):
            grey = np.rint(np.asarray(turned, np.float64) / 257).astype(np.uint8)
            return np.repeat(grey[..., None], 3, 2)
        if turned.has_transparency_data:
            return over_white(np.asarray(turned.convert("RGBA")))
        return np.ascontiguousarray(turned.convert("RGB"))
