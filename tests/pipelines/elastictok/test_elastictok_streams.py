from __future__ import annotations

import io
import itertools
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from pipelines.elastictok import streams, video
from pipelines.elastictok.frames import BrokenClipError, Frames, Writer
from pipelines.elastictok.streams import Turn
from schemas.elastictok.params import Build

BUILD = Build.model_validate({"sources": [{"folder": "x"}], "size": 16, "fps": 15})
TOP = np.array([250, 0, 0])


def _made(path: Path) -> tuple[Frames, np.ndarray]:
    file = io.BytesIO()
    about = video.make({"path": str(path), "member": None}, BUILD, Writer(file, 16))
    return about, np.frombuffer(file.getvalue(), np.uint8).reshape(-1, 16, 16, 3)


def _frame(i: int, width: int = 64, height: int = 32) -> np.ndarray:
    """Red above blue, brighter with time, a bright bar on the left."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, :, 0] = 200
    picture[height // 2 :, :, 2] = 200
    picture[:, : width // 4, 1] = 200
    picture[-2:, -2:] = i
    return picture


def _write(
    path: Path,
    times: list[int],
    codec: str = "mpeg4",
    base: int = 1000,
    rate: int = 30,
    **more: Any,
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        if sar := more.get("sar"):
            stream.codec_context.sample_aspect_ratio = sar
        for i, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(_frame(i), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:4,\n{other}\n",
        "#EXTM3U\n#EXTINF:4,\nhttp://127.0.0.1:1/t.ts\n",
        "ffconcat version 1.0\nfile {other}\n",
        "<?xml version='1.0'?>\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>",
        "[playlist]\nFile1={other}\n",
        "\ufeff#EXTM3U\n{other}\n",
    ],
)
@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4", "list"])
def test_lists_of_other_files_are_no_videos(tmp_path: Path, text: str, name: str) -> None:
    other = _write(tmp_path / "secret.mp4", list(range(0, 1000, 33)))
    (tmp_path / name).write_text(text.replace("{other}", str(other)))
    with pytest.raises(BrokenClipError) as caught:
        _made(tmp_path / name)
    assert caught.value.code == "playlist"


def test_a_list_that_hides_is_not_followed(tmp_path: Path) -> None:
    other = _write(tmp_path / "secret.mp4", list(range(0, 1000, 33)))
    hidden = tmp_path / "hidden.mp4"
    hidden.write_text("\n" * 5000 + f"#EXTM3U\n#EXTINF:4,\n{other}\n")
    with pytest.raises(BrokenClipError):
        _made(hidden)


def test_a_cover_is_not_the_film(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width = cover.height = 128
        cover.pix_fmt = "yuvj420p"
        film = container.add_stream("mpeg4", rate=30)
        film.width, film.height, film.pix_fmt = 64, 32, "yuv420p"
        still = av.VideoFrame.from_ndarray(np.zeros((128, 128, 3), np.uint8), format="rgb24")
        container.mux(cover.encode(still))
        for i in range(30):
            container.mux(film.encode(av.VideoFrame.from_ndarray(_frame(i), format="rgb24")))
        container.mux(film.encode(None))
    with path.open("rb") as file:
        assert streams.best(file).index == 1
    about, pixels = _made(path)
    assert (about.width, about.height, len(pixels)) == (64, 32, 15)


def _several(path: Path, films: list[tuple[int, int, int]], shown: list[int] | None = None) -> Path:
    """A file of films, each (frames a second and frames, height, grey); and which are shown."""
    packets = []
    with av.open(str(path), "w") as container:
        made = []
        for rate, height, _ in films:
            stream = container.add_stream("mpeg4", rate=rate)
            stream.width, stream.height, stream.pix_fmt = 2 * height, height, "yuv420p"
            made.append(stream)
        for at, stream in enumerate(made):
            default = shown is None or at in shown
            stream.disposition = av.stream.Disposition.default if default else 0
        for stream, (rate, height, grey) in zip(made, films, strict=True):
            for _ in range(rate):
                picture = np.full((height, 2 * height, 3), grey, np.uint8)
                packets += stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24"))
            packets += stream.encode(None)
        for packet in sorted(packets, key=lambda one: one.dts * one.time_base):
            container.mux(packet)
    return path


@pytest.mark.parametrize(
    ("films", "shown", "expected"),
    [
        # A preview has more frames but is smaller; pictures of chapters are larger but few.
        ([(30, 32, 50), (15, 64, 200)], None, 200),
        ([(2, 128, 50), (30, 64, 200)], None, 200),
        ([(30, 32, 50), (30, 32, 200)], None, 50),
        ([(30, 32, 50), (30, 32, 200)], [1], 200),
        ([(30, 64, 50), (30, 32, 200)], [1], 200),
    ],
)
def test_of_several_films_the_one_that_is_shown_or_largest(
    tmp_path: Path, films: list[tuple[int, int, int]], shown: list[int] | None, expected: int
) -> None:
    _, pixels = _made(_several(tmp_path / "a.mkv", films, shown))
    assert pixels.mean() == pytest.approx(expected, abs=3)


def test_films_end_to_end_are_one(tmp_path: Path) -> None:
    # 30 a second in 90 kHz, with pauses in which nothing is sent.
    path = tmp_path / "a.ts"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        for i, at in enumerate([0, 1, 2, 3, 12, 13, 14, 15, 27, 28, 29, 30]):
            frame = av.VideoFrame.from_ndarray(_frame(i), format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    alone, pixels = _made(path)
    path.write_bytes(path.read_bytes() * 2)
    about, twice = _made(path)
    assert (about.fps, alone.fps) == (pytest.approx(15), pytest.approx(15))
    assert len(twice) == pytest.approx(2 * len(pixels), abs=1)
    assert about.index == list(range(0, 2 * len(twice), 2))


def test_what_is_encrypted_is_named(tmp_path: Path) -> None:
    path, key = tmp_path / "a.mp4", "0123456789abcdef" * 2
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key, "encryption_kid": key}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        for i in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_frame(i), format="rgb24")))
        container.mux(stream.encode(None))
    with pytest.raises(BrokenClipError) as caught:
        _made(path)
    assert caught.value.code == "encrypted"


@pytest.mark.parametrize(
    ("name", "codec", "kind"),
    [("a.mov", "qtrle", "argb"), ("a.mov", "prores_ks", "yuva444p10le"), ("a.mkv", "ffv1", "bgra"),
     ("a.webm", "libvpx-vp9", "yuva420p")],
)  # fmt: skip
def test_what_is_transparent_shows_white(tmp_path: Path, name: str, codec: str, kind: str) -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (32, 64, 4)).astype(np.uint8)
    picture[..., 3], picture[:, :32] = 0, (200, 60, 40, 255)
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codec, rate=15)
        stream.width, stream.height, stream.pix_fmt = 64, 32, kind
        if codec == "libvpx-vp9":
            stream.codec_context.bit_rate = 8_000_000
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgba")))
        container.mux(stream.encode(None))
    _, pixels = _made(tmp_path / name)
    # The middle square of 64 x 32 is 16 pixels wide here, half of it opaque.
    assert np.abs(pixels[:, :, :7].mean((0, 1, 2)) - (200, 60, 40)).max() < 5
    assert pixels[:, :, 9:].min() > 250


@pytest.mark.parametrize("ending", ["gif", "apng"])
def test_a_last_picture_that_stays(tmp_path: Path, ending: str) -> None:
    pictures = [Image.fromarray(np.full((32, 64, 3), 40 * i, np.uint8)) for i in range(5)]
    stay = [200, 200, 1000, 200, 1000]
    path = tmp_path / f"a.{ending}"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=stay, loop=0)
    about, pixels = _made(path)
    assert about.fps == 5
    levels = [0, 1, *[2] * 5, 3, *[4] * 5]
    assert np.abs(pixels.mean((1, 2, 3)) - 40 * np.array(levels)).max() < 3


@pytest.mark.parametrize("ending", ["webm", "mkv", "mp4"])
def test_times_decide_and_not_the_header(tmp_path: Path, ending: str) -> None:
    rng = random.Random(3)
    times = list(itertools.accumulate(rng.choice([31, 33, 34, 38]) for _ in range(90)))
    codec = "libvpx" if ending == "webm" else "mpeg4"
    path = _write(tmp_path / f"a.{ending}", times, codec, rate=1000)
    about, pixels = _made(path)
    seconds = (times[-1] - times[0]) / 1000
    assert len(pixels) / about.fps == pytest.approx(seconds, rel=0.1)
    assert about.fps == pytest.approx(15, rel=0.1)


def test_pixels_that_are_no_squares(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.mkv", list(range(0, 1000, 33)), sar=Fraction(2, 1))
    about, pixels = _made(path)
    assert (about.width, about.height) == (128, 32)
    # The middle square of 128 x 32 holds nothing of the bar that ends at 32.
    assert pixels[..., 1].max() < 90


SQUARE = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(0, SQUARE), (90, np.rot90(SQUARE)), (180, np.rot90(SQUARE, 2)), (270, np.rot90(SQUARE, 3))],
)
def test_turns_are_those_that_a_player_makes(degrees: int, expected: np.ndarray) -> None:
    # av_display_rotation_get: counterclockwise degrees of the matrix.
    matrix = {
        0: (1, 0, 0, 1),
        90: (0, -1, 1, 0),
        180: (-1, 0, 0, -1),
        270: (0, 1, -1, 0),
    }[degrees]
    assert (_turn(*matrix)(SQUARE) == expected).all()
    sides = (3, 7) if degrees % 180 == 0 else (7, 3)
    assert _turn(*matrix).sides(3, 7) == sides


@pytest.mark.parametrize(("matrix", "axis"), [((-1, 0, 0, 1), 1), ((1, 0, 0, -1), 0)])
def test_mirrors(matrix: tuple[int, int, int, int], axis: int) -> None:
    assert (_turn(*matrix)(SQUARE) == np.flip(SQUARE, axis)).all()


class _Side:
    class type:
        name = "DISPLAYMATRIX"

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bytes__(self) -> bytes:
        return self._data


def _turn(a: int, b: int, c: int, d: int) -> Turn:
    numbers = np.array([a, b, 0, c, d, 0, 0, 0, 1], "<i4") * 65536
    frame = type("Frame", (), {"side_data": [_Side(numbers.tobytes())]})()
    return streams.turn(frame)


def test_a_frame_without_a_matrix_stays() -> None:
    assert streams.turn(av.VideoFrame(8, 8, "rgb24")) == Turn()


@pytest.mark.integration
@pytest.mark.parametrize("ending", ["mp4", "mkv", "webm", "avi", "gif", "ts"])
def test_damaged_videos_are_decoded_or_named(tmp_path: Path, ending: str) -> None:
    codec = {"webm": "libvpx", "gif": "gif", "ts": "mpeg2video"}.get(ending, "mpeg4")
    path = tmp_path / f"a.{ending}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height = 64, 32
        stream.pix_fmt = "rgb8" if ending == "gif" else "yuv420p"
        for i in range(20):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_frame(i), format="rgb24")))
        container.mux(stream.encode(None))
    codes: set[str] = set()
    data, rng = path.read_bytes(), random.Random(ending)
    for _ in range(40 if ending == "ts" else 300):
        broken = bytearray(data[: rng.randrange(len(data))] if rng.random() < 0.3 else data)
        # Headers decide most, so half of the damage lies there.
        reach = len(broken) if rng.random() < 0.5 else min(len(broken), 600)
        for _ in range(rng.choice([1, 3, 30])):
            if reach:
                broken[rng.randrange(reach)] = rng.randrange(256)
        path.write_bytes(broken)
        try:
            about, pixels = _made(path)
        except BrokenClipError as error:
            codes.add(error.code)
            continue
        assert len(pixels) == len(about.index) == len(set(about.index))
    assert codes <= {"broken_file", "no_video", "no_frames", "playlist", "too_large", "encrypted"}
