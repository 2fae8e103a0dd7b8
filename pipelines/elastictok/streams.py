"""Opening a video: an allow-list of containers, nothing but the file itself, and the best stream.

A playlist can name files elsewhere and addresses; it is no video here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from pipelines.elastictok.frames import BrokenClipError, Pixels

CONTAINERS = (
    *("mov", "matroska", "avi", "mpegts", "mpeg", "mpegvideo", "ogg", "flv", "asf", "gif", "apng"),
    *("h264", "hevc", "m4v", "av1", "obu", "ivf", "yuv4mpegpipe", "mxf", "dv", "nut", "rm", "wtv"),
    # Sound alone, so that it can be named.
    *("wav", "mp3", "flac", "aac"),
)
"""Demuxers of FFmpeg that read one file and nothing else."""
_LISTS = (b"#EXTM3U", b"<MPD", b"ffconcat", b"[playlist]", b"<SmoothStreamingMedia", b"<asx")
_FAULTS = 1000
_SIDES, _AREA = 16_384, 2**25


@dataclass
class Stream:
    """One stream of pictures.

    Attributes:
        index: in its container.
        times: time stamps of its packets, seconds; empty where the container has none.
        packets: how many there are.
        cover: whether it is a picture attached to sound or film.
        area: pixels of a frame.
    """

    index: int
    cover: bool
    area: int
    packets: int = 0
    times: list[float] = field(default_factory=list)


@contextmanager
def container(file: BinaryIO) -> Iterator[Any]:
    """An open container of the allow-list.

    Raises:
        BrokenClipError: it is none; code ``playlist`` where it names other files.
    """
    import av
    from av.error import FFmpegError

    head = file.read(4096)
    file.seek(0)
    if any(mark.lower() in head.lower()[:1024] for mark in _LISTS) and b"\0" not in head:
        raise BrokenClipError(
            "a list of other files or addresses, which are not opened", code="playlist"
        )
    options = {"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "none"}
    try:
        opened = av.open(file, options=options)
    except (FFmpegError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise BrokenClipError(f"FFmpeg does not open it as a video: {why}") from error
    with opened:
        yield opened


def best(file: BinaryIO) -> Stream:
    """The stream that is the film: no cover, most packets, then the largest, then the first.

    Raises:
        BrokenClipError: code ``no_video``: there is none.
    """
    with container(file) as opened:
        # A stream without a decoder has no context, and nothing can be known of it.
        known = [s for s in opened.streams.video if s.codec_context is not None]
        found = {
            s.index: Stream(s.index, _is_cover(s), (s.width or 0) * (s.height or 0)) for s in known
        }
        ticks = {s.index: float(s.time_base or 0) for s in known}
        for packet in _packets(opened):
            stream = found.get(packet.stream.index)
            if stream is None:
                continue
            stream.packets += 1
            if packet.pts is not None:
                stream.times.append(packet.pts * ticks[stream.index])
    file.seek(0)
    films = [one for one in found.values() if not one.cover]
    if not films:
        covers = "a cover picture and no film in it" if found else "no video stream in it"
        raise BrokenClipError(covers, code="no_video")
    chosen = max(films, key=lambda one: (one.packets, one.area, -one.index))
    if len(chosen.times) < chosen.packets:
        chosen.times.clear()
    return chosen


def _is_cover(stream: Any) -> bool:
    import av

    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _packets(opened: Any) -> Iterator[Any]:
    from av.error import FFmpegError

    if not opened.streams.video:
        return
    packets, faults = opened.demux(video=tuple(range(len(opened.streams.video)))), 0
    while faults < _FAULTS:
        try:
            packet = next(packets, None)
        except (FFmpegError, OSError):
            faults += 1
            continue
        if packet is None:
            return
        if packet.size:
            yield packet


def pixel_aspect(stream: Any) -> float:
    """Width of a pixel by its height; 1 where the header says nothing that can be."""
    ratio = float(stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 0)
    return ratio if 0.1 <= ratio <= 10 else 1.0


@dataclass(frozen=True)
class Turn:
    """How a picture is shown: first perhaps exchanged along its diagonal, then mirrored."""

    exchanged: bool = False
    upside_down: bool = False
    left_right: bool = False

    def __call__(self, pixels: Pixels) -> Pixels:
        """(height, width, 3) as it is shown."""
        shown = pixels.swapaxes(0, 1) if self.exchanged else pixels
        shown = shown[::-1] if self.upside_down else shown
        return shown[:, ::-1] if self.left_right else shown

    def sides(self, width: float, height: float) -> tuple[int, int]:
        """Width and height as they are shown."""
        sides = (height, width) if self.exchanged else (width, height)
        return round(sides[0]), round(sides[1])


def turn(frame: Any) -> Turn:
    """How a frame asks to be shown, from its display matrix.

    The matrix (ISO/IEC 14496-12, 6.2.2) takes a point (x, y) of the stored picture to
    (a x + c y, b x + d y); quarter turns and mirrors are understood, the nearest one is taken.
    """
    data = next((bytes(s) for s in frame.side_data if s.type.name == "DISPLAYMATRIX"), b"")
    if len(data) < 36:
        return Turn()
    a, b, _, c, d = (int(x) for x in np.frombuffer(data[:20], "<i4"))
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Turn(True, upside_down=b < 0, left_right=c < 0)
    return Turn(False, upside_down=d < 0, left_right=a < 0)


def refuse_huge(width: int, height: int) -> None:
    """Refuse pictures that no camera makes, before memory is asked for them.

    Raises:
        BrokenClipError: a side is too long.
    """
    if max(width, height) > _SIDES or width * height > _AREA:
        raise BrokenClipError(f"pictures of {width} x {height} pixels", code="too_large")
