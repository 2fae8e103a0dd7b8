from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.elastictok.clips import list_clips
from pipelines.elastictok.decoding import cached
from pipelines.elastictok.frames import BrokenClipError
from schemas.elastictok.params import Build


def write_video(path: Path, frames: int = 30, size: tuple[int, int] = (48, 32)) -> Path:
    """A grey ramp: frame i has the level 6 * i; intra frames only."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.gop_size = 1
        for i in range(frames):
            level = np.full((size[1], size[0], 3), 6 * i, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(level, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def build_of(folder: Path, **more: object) -> Build:
    return Build.model_validate({"sources": [{"folder": str(folder)}], "size": 16, **more})


def decoded(folder: Path, name: str, **more: object) -> tuple[object, np.ndarray]:
    build = build_of(folder, **more)
    [clip] = [c for c in list_clips(build, folder).clips if c.clip_id == f"folder/{name}"]
    return cached(clip, build, folder.parent / "cache")


def test_frames_come_at_the_stride_resized_and_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_video(folder / "a.mp4")
    about, pixels = decoded(folder, "a.mp4", fps=10)
    assert (about.stride, about.fps, about.width, about.height) == (3, 10.0, 48, 32)
    assert about.index == list(range(0, 30, 3))
    assert pixels.shape == (10, 16, 16, 3)
    levels = pixels.mean((1, 2, 3))
    assert np.abs(levels - 6 * np.array(about.index)).max() < 4
    assert about.broken == []


def test_a_slow_clip_is_not_stretched(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_video(folder / "a.mp4")
    about, _ = decoded(folder, "a.mp4", fps=100)
    assert (about.stride, about.fps) == (1, 30.0)


def test_gzip_and_zip_hold_the_same_frames(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    data = write_video(tmp_path / "a.mp4").read_bytes()
    (folder / "a.mp4.gz").write_bytes(gzip.compress(data, mtime=0))
    about, pixels = decoded(folder, "a.mp4.gz", fps=30)
    assert len(about.index) == 30
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("in/a.mp4", data)
    from pipelines.elastictok import video
    from pipelines.elastictok.frames import Writer

    with (tmp_path / "raw").open("wb") as file:
        recipe = {"path": str(tmp_path / "z.zip"), "member": "in/a.mp4"}
        again = video.make(recipe, build_of(folder, fps=30), Writer(file, 16))
    assert again.hashes == about.hashes
    assert (tmp_path / "raw").read_bytes() == pixels.tobytes()


def test_broken_frames_are_noted_and_the_rest_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = write_video(folder / "a.avi", frames=40)
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    at, size = packets[20]
    data[at : at + size] = bytes([255]) * size
    path.write_bytes(data)
    about, _ = decoded(folder, "a.avi", fps=30)
    assert [i for i, _ in about.broken] == [20]
    assert "does not decode" in about.broken[0][1] or "corrupt" in about.broken[0][1]
    assert about.index == [i for i in range(40) if i != 20]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.mp4", b"this is no video" * 50, "broken_file"),
        ("b.mp4", b"", "broken_file"),
        ("c.avi.gz", b"not gzip", "broken_file"),
    ],
)
def test_what_is_no_video_is_told(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).write_bytes(data)
    with pytest.raises(BrokenClipError) as caught:
        decoded(folder, name)
    assert caught.value.code == code


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with av.open(str(folder / "a.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(BrokenClipError) as caught:
        decoded(folder, "a.wav")
    assert caught.value.code == "no_video"
