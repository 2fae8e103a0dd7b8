"""Any container that PyAV (FFmpeg) reads: a frame that does not decode is noted, the rest is kept.

What a damaged stream gives after a lost frame may be a guess of the decoder; frames that FFmpeg
itself flags as corrupt are left out as well.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.elastictok import streams, timing
from pipelines.elastictok.frames import (
    BrokenClipError,
    Frames,
    Pixels,
    Writer,
    resized,
)
from schemas.elastictok.params import Build

READER = 3
"""Version of what is taken of a file and how it is turned; part of its cache key."""
THREADS, AHEAD = 2, 16
"""Threads that resize, and frames that may wait for them."""


def make(recipe: dict[str, Any], build: Build, writer: Writer) -> Frames:
    """Decode a file, or a member of a zip archive.

    Frames are turned and stretched as a player shows them; what is taken follows time stamps.

    Args:
        recipe: ``path``, and ``member`` or None.
        build: size and rate.
        writer: takes the frames.

    Raises:
        BrokenClipError: it cannot be opened or holds no picture.
    """
    with _opened(recipe) as file:
        chosen = streams.best(file)
        with streams.container(file) as container:
            stream = container.streams[chosen.index]
            streams.refuse_huge(stream.width or 1, stream.height or 1)
            stated = stream.average_rate or stream.guessed_rate
            tick = float(stream.time_base or 0)
            rate = float(stated) if stated else None
            known = timing.pace(chosen.times, tick, rate, build.fps, chosen.last)
            about = timing.begin(stream.width or 1, stream.height or 1, known, build.fps)
            aspect = streams.pixel_aspect(stream)
            wanted = timing.taken(_decoded(container, stream, about, tick), known, about)
            for index, frame, pixels in _resized(wanted, build.size, aspect):
                shown = streams.turn(frame)
                if not about.index:
                    about.width, about.height = shown.sides(frame.width * aspect, frame.height)
                writer.add(about, index, shown(pixels))
    if not about.index:
        why = about.broken[0][1] if about.broken else "it holds no frame"
        raise BrokenClipError(why, code="no_frames")
    return about


def _resized(
    frames: Iterable[tuple[int, Any]], size: int, aspect: float
) -> Iterator[tuple[int, Any, Pixels]]:
    """Frames with their pixels, in order.

    Resizing takes longer than decoding and lets other threads run, so two frames are resized at a
    time while the decoder goes on.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[tuple[int, Any, Future[Pixels]]] = deque()
        for index, frame in frames:
            streams.refuse_huge(frame.width, frame.height)
            # A frame that is shown again is the same object, which two threads must not convert.
            again = bool(waiting) and waiting[-1][1] is frame
            done = waiting[-1][2] if again else pool.submit(resized, frame, size, aspect)
            waiting.append((index, frame, done))
            if len(waiting) > AHEAD:
                first, kept, pixels = waiting.popleft()
                yield first, kept, _got(pixels)
        for index, frame, pixels in waiting:
            yield index, frame, _got(pixels)


def _got(pixels: Future[Pixels]) -> Pixels:
    """The pixels; a picture that FFmpeg cannot convert belongs to a broken clip."""
    from av.error import FFmpegError

    try:
        return pixels.result()
    except (FFmpegError, ValueError, MemoryError) as error:
        raise BrokenClipError(f"a picture cannot be converted: {error}") from error


def _decoded(
    container: Any, stream: Any, about: Frames, tick: float
) -> Iterator[tuple[int, float | None, Any]]:
    """Number, time and picture of every frame; what does not decode is noted, without a picture."""
    from av.error import FFmpegError

    index, decoder = 0, streams.decoder(stream)
    packets = container.demux(stream)
    packet = None
    while True:
        try:
            packet = next(packets, None)
            frames = [] if packet is None else decoder.decode(packet)
        except (FFmpegError, OSError) as error:
            # At least one frame is lost; more cannot be known.
            about.broken.append((index, f"does not decode: {error.strerror}"))
            yield index, None if packet is None else _time(packet, tick), None
            index += 1
            if len(about.broken) > 10_000:
                return
            continue
        if packet is None:
            return
        for frame in frames:
            good = not frame.is_corrupt
            if not good:
                about.broken.append((index, "flagged corrupt by the decoder"))
            yield index, _time(frame, tick), frame if good else None
            index += 1


def _time(one: Any, tick: float) -> float | None:
    return None if one.pts is None else one.pts * tick


@contextmanager
def _opened(recipe: dict[str, Any]) -> Iterator[BinaryIO]:
    path = Path(recipe["path"])
    if not recipe["member"] and path.suffix != ".gz":
        with path.open("rb") as file:
            yield file
        return
    try:
        if recipe["member"]:
            with zipfile.ZipFile(path) as archive:
                data = archive.read(recipe["member"])
        else:
            data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise BrokenClipError(f"cannot be unpacked: {error}") from error
    yield io.BytesIO(data)
