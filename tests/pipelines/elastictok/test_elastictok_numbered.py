from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.elastictok import encoding, numbered
from pipelines.elastictok.clips import list_clips
from pipelines.elastictok.decoding import cached
from pipelines.elastictok.frames import BrokenClipError, Writer
from schemas.elastictok.params import Build, Params


def _film(folder: Path, n: int = 12) -> Path:
    folder.mkdir(parents=True)
    for i in range(n):
        picture = np.full((20, 30, 3), 10 * i, np.uint8)
        Image.fromarray(picture).save(folder / f"frame{i}.png")
    return folder


def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    folder = _film(tmp_path / "in" / "film")
    assert [p.stem for p in numbered.pictures(folder)] == [f"frame{i}" for i in range(12)]
    build = Build.model_validate({"sources": [{"folder": str(tmp_path / "in")}], "size": 16})
    [clip] = list_clips(build, tmp_path).clips
    assert clip.clip_id == "folder/film"
    about, pixels = cached(clip, build, tmp_path / "cache")
    assert (about.width, about.height, about.fps, about.index) == (30, 20, 15.0, list(range(12)))
    assert pixels.mean((1, 2, 3)).tolist() == [10.0 * i for i in range(12)]


def test_a_folder_with_anything_else_is_no_film(tmp_path: Path) -> None:
    folder = _film(tmp_path / "film")
    (folder / ".DS_Store").touch()
    assert numbered.pictures(folder)
    (folder / "notes.txt").touch()
    assert numbered.pictures(folder) == []
    one = _film(tmp_path / "one", 1)
    assert numbered.pictures(one) == []


def test_pictures_that_cannot_be_read_are_noted(tmp_path: Path) -> None:
    folder = _film(tmp_path / "film")
    (folder / "frame3.png").write_bytes(b"no picture")
    cut = (folder / "frame5.png").read_bytes()[:60]
    (folder / "frame5.png").write_bytes(cut)
    build = Build.model_validate({"sources": [{"folder": str(tmp_path)}], "size": 16})
    about = numbered.make({"path": str(folder)}, build, Writer(io.BytesIO(), 16))
    assert [i for i, _ in about.broken] == [3, 5]
    assert about.index == [i for i in range(12) if i not in (3, 5)]
    for path in folder.iterdir():
        path.write_bytes(b"x")
    with pytest.raises(BrokenClipError) as caught:
        numbered.make({"path": str(folder)}, build, Writer(io.BytesIO(), 16))
    assert caught.value.code == "no_frames"


def test_a_folder_can_be_encoded(trained: Path, small: Params, tmp_path: Path) -> None:
    folder = _film(tmp_path / "film")
    rows = encoding.encode(small, trained / "checkpoint", "elastic", folder, 0.3, tmp_path / "out")
    assert [row["first_frame"] for row in rows] == [0, 2, 4, 6, 8, 10]
