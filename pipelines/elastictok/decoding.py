"""A clip is decoded once: one kind of recipe, one function; and the cache of what they make.

Frames lie uncompressed in a cache that any worker maps into memory, so that windows that overlap
cost nothing and no pixel travels between steps.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from measurand.journal import canonical_json
from measurand.manifest import temporary
from pipelines.elastictok import games, moving, numbered, pictures, video
from pipelines.elastictok.clips import Clip
from pipelines.elastictok.frames import TRANSFORM, Frames, Pixels, Writer
from schemas.elastictok.params import Build


def cached(clip: Clip, build: Build, cache: Path) -> tuple[Frames, Pixels]:
    """The clip's frames, (T, size, size, 3), read-only, decoded now if they never were.

    Raises:
        BrokenClipError: nothing of it can be used.
    """
    settings = {"sha256": clip.sha256, "size": build.size, "fps": build.fps, "v": TRANSFORM}
    if clip.recipe["kind"] in ("file", "numbered"):
        settings["reader"] = video.READER
    key = hashlib.sha256(canonical_json(settings).encode()).hexdigest()
    pixels, about = cache / f"{key}.rgb", cache / f"{key}.json"
    frames = _described(about)
    shape = (0 if frames is None else len(frames.index), build.size, build.size, 3)
    if frames is None or not pixels.is_file() or pixels.stat().st_size != math.prod(shape):
        cache.mkdir(parents=True, exist_ok=True)
        with _whole(pixels) as part, part.open("wb") as file:
            frames = _make(clip, build, Writer(file, build.size))
        with _whole(about) as part:
            part.write_text(json.dumps(asdict(frames)), encoding="utf-8")
        shape = (len(frames.index), *shape[1:])
    if not frames.index:
        return frames, np.empty(shape, np.uint8)
    return frames, np.memmap(pixels, np.uint8, "r", shape=shape)


def _described(path: Path) -> Frames | None:
    """What the cache says of a clip; None where it says nothing that can be read."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        known["broken"] = [(i, why) for i, why in known["broken"]]
        return Frames(**known)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file that is written whole or not at all.

    It is not forced to the disk, which takes longer than decoding: what a power cut leaves of it
    does not fit its description, and is made again.
    """
    part = temporary(path)
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _make(clip: Clip, build: Build, writer: Writer) -> Frames:
    kind: dict[str, Any] = {
        "file": video.make,
        "numbered": numbered.make,
        "game": games.make,
        "moving": moving.make,
        "pictures": pictures.make,
    }
    made: Frames = kind[clip.recipe["kind"]](clip.recipe, build, writer)
    return made
