"""Opening a video: an allow-list of containers, nothing but the file itself, and the best stream.

A playlist can name files elsewhere and addresses; it is no video here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from pipelines.elastictok import timing
from pipelines.elastictok.frames import BrokenClipError, Pixels

CONTAINERS = (
    *("mov", "matroska", "avi", "mpegts", "mpeg", "mpegvideo", "ogg", "flv", "asf", "gif", "apng"),
    *("h264", "hevc", "m4v", "av1", "obu", "ivf", "yuv4mpegpipe", "mxf", "dv", "nut", "rm", "wtv"),
    # Sound alone, so that it can be named.
    *("wav", "mp3", "flac", "aac"),
)
"""Demuxers of FFmpeg that read one file and nothing else."""
_TIMED = {"mov", "gif", "apng"}
"""Of these, those that say how long each frame stays."""
_OFTEN = 4
"""A film has at least one packet for so many of the stream that has most; others are thumbnails."""
_LISTS = (b"#EXTM3U", b"<MPD", b"ffconcat", b"[playlist]", b"<SmoothStreamingMedia", b"<asx")
_FAULTS = 1000
_SIDES, _AREA = 16_384, 2**25


@dataclass
class Stream:
    """One stream of pictures.

    Attributes:
        index: in its container.
        cover: whether it is a picture attached to sound or film.
        chosen: whether the container says that it is shown unless others are asked for.
        area: pixels of a frame.
        packets: how many are shown.
        times: their time stamps, seconds; empty where the container has none.
        last: how long the last one stays, seconds; 0 where the container does not say.
    """

    index: int
    cover: bool
    chosen: bool
    area: int
    packets: int = 0
    times: list[float] = field(default_factory=list)
    last: float = 0.0


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
    """The stream that is the film.

    Of those that are no covers or thumbnails: one that the container says is shown, then the
    largest, then the one of most packets, then the first.

    Raises:
        BrokenClipError: code ``no_video``: there is none; ``encrypted``.
    """
    with container(file) as opened:
        # A stream without a decoder has no context, and nothing can be known of it.
        known = [s for s in opened.streams.video if s.codec_context is not None]
        timed = not _TIMED.isdisjoint(opened.format.name.split(","))
        found = {s.index: _Reading(s, timed) for s in known}
        for packet in _packets(opened):
            if packet.stream.index in found:
                found[packet.stream.index].add(packet)
    file.seek(0)
    films = [one.stream for one in found.values() if not one.stream.cover]
    if not films:
        covers = "a cover picture and no film in it" if found else "no video stream in it"
        raise BrokenClipError(covers, code="no_video")
    most = max(one.packets for one in films)
    often = [one for one in films if one.packets * _OFTEN >= most]
    chosen = max(often, key=lambda one: (one.chosen, one.area, one.packets, -one.index))
    reading = found[chosen.index]
    if reading.encrypted:
        raise BrokenClipError("its pictures are encrypted", code="encrypted")
    chosen.times = timing.joined(reading.films) if reading.complete else []
    return chosen


class _Reading:
    """What the packets of a stream say.

    Args:
        stream: of an open container.
        timed: whether this says how long each frame stays.

    Attributes:
        stream: what is known of it.
        films: time stamps of films that are joined end to end.
        complete: whether every packet has one.
        encrypted: whether packets are.
    """

    def __init__(self, stream: Any, timed: bool) -> None:
        from av.stream import Disposition

        covers = Disposition.attached_pic | Disposition.timed_thumbnails
        cover, chosen = (bool(stream.disposition & one) for one in (covers, Disposition.default))
        area = (stream.width or 0) * (stream.height or 0)
        self.stream = Stream(stream.index, cover, chosen, area)
        self.films: list[list[float]] = [[]]
        self.complete, self.encrypted = True, False
        self._timed, self._tick = timed, float(stream.time_base or 0)
        self._order, self._latest = -math.inf, -math.inf

    def add(self, packet: Any) -> None:
        """Note a packet, in the order of the container."""
        self.encrypted = self.encrypted or packet.has_sidedata("encryption_info")
        if packet.is_discard:  # decoded for the sake of others, not shown
            return
        self.stream.packets += 1
        if packet.pts is None:
            self.complete = False
            return
        # Time of decoding never falls within a film, time of showing does.
        if packet.dts is not None:
            if packet.dts * self._tick < self._order - timing.BACK:
                self.films.append([])
                self._latest = -math.inf
            self._order = packet.dts * self._tick
        time = packet.pts * self._tick
        self.films[-1].append(time)
        if time >= self._latest:
            self._latest = time
            self.stream.last = (packet.duration or 0) * self._tick if self._timed else 0.0


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


def decoder(stream: Any) -> Any:
    """What decodes a stream; FFmpeg's own decoders of VP8 and VP9 leave out what is transparent."""
    from av.codec import CodecContext

    apart = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(stream.codec_context.name)
    if apart and stream.metadata.get("alpha_mode") == "1":
        return CodecContext.create(apart, "r")
    stream.thread_type = "AUTO"
    return stream.codec_context


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
