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

from pipelines.elastictok.frames import (
    BrokenClipError,
    Frames,
    Pixels,
    Writer,
    resized,
    stride_for,
)
from schemas.elastictok.params import Build

THREADS, AHEAD = 2, 16
"""Threads that resize, and frames that may wait for them."""


def make(recipe: dict[str, Any], build: Build, writer: Writer) -> Frames:
    """Decode a file, or a member of a zip archive.

    Args:
        recipe: ``path``, and ``member`` or None.
        build: size and rate.
        writer: takes the frames.

    Raises:
        BrokenClipError: it cannot be opened or holds no picture.
    """
    with _opened(recipe) as file, _container(file) as container:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            raise BrokenClipError("no video stream in it", code="no_video")
        stream.thread_type = "AUTO"
        rate = float(stream.average_rate or stream.guessed_rate or build.fps)
        stride = stride_for(rate, build.fps)
        about = Frames(stream.width or 1, stream.height or 1, stride, rate / stride)
        wanted = (one for one in _decoded(container, stream, about) if one[0] % stride == 0)
        for index, frame, pixels in _resized(wanted, build.size):
            if not about.index:
                about.width, about.height = frame.width, frame.height
            writer.add(about, index, pixels)
    if not about.index:
        why = about.broken[0][1] if about.broken else "it holds no frame"
        raise BrokenClipError(why, code="no_frames")
    return about


def _resized(frames: Iterable[tuple[int, Any]], size: int) -> Iterator[tuple[int, Any, Pixels]]:
    """Frames with their pixels, in order.

    Resizing takes longer than decoding and lets other threads run, so two frames are resized at a
    time while the decoder goes on.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[tuple[int, Any, Future[Pixels]]] = deque()
        for index, frame in frames:
            waiting.append((index, frame, pool.submit(resized, frame, size)))
            if len(waiting) > AHEAD:
                first, kept, pixels = waiting.popleft()
                yield first, kept, pixels.result()
        for index, frame, pixels in waiting:
            yield index, frame, pixels.result()


def _decoded(container: Any, stream: Any, about: Frames) -> Iterator[tuple[int, Any]]:
    """Frames that decoded, with their number; the others go to ``about.broken``."""
    from av.error import FFmpegError

    index = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            frames = [] if packet is None else packet.decode()
        except (FFmpegError, OSError) as error:
            # At least one frame is lost; more cannot be known.
            about.broken.append((index, f"does not decode: {error.strerror}"))
            index += 1
            if len(about.broken) > 10_000:
                return
            continue
        if packet is None:
            return
        for frame in frames:
            if frame.is_corrupt:
                about.broken.append((index, "flagged corrupt by the decoder"))
            else:
                yield index, frame
            index += 1


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


@contextmanager
def _container(file: BinaryIO) -> Iterator[Any]:
    import av
    from av.error import FFmpegError

    try:
        container = av.open(file)
    except (FFmpegError, OSError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise BrokenClipError(f"FFmpeg does not open it: {why}") from error
    with container:
        yield container
