from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from measurand.errors import InputError
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
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (folder / name).touch()
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


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["001", "002", "003", "006", "007"], [0, 1, 2, 5, 6]),
        (["10", "20", "30", "40"], [0, 1, 2, 3]),
        (["0", "10", "30", "40"], [0, 1, 3, 4]),
        # Sampled frames and times of a clock have no step of their own.
        (["3", "17", "44", "45", "80"], [0, 1, 2, 3, 4]),
        (["1403636579763", "1403636579814", "1403636579863"], [0, 1, 2]),
        (["f_1_64x48", "f_2_64x48", "f_4_64x48"], [0, 1, 3]),
        (["2024-05-01 10.59", "2024-05-01 11.00", "2024-05-01 11.01"], [0, 1, 2]),
        (["-2", "-1", "0", "1"], [0, 1, 2, 3]),
        (["a_1", "a_2", "b_1", "b_2", "b_4"], [0, 1, 3, 4, 6]),
        # Two cameras, numbers first: one after the other, not in turn.
        (["1_l", "2_l", "1_r", "2_r"], [0, 1, 3, 4]),
    ],
)
def test_numbers_that_are_left_out_are_gaps(
    tmp_path: Path, names: list[str], expected: list[int]
) -> None:
    for name in names:
        (tmp_path / f"{name}.png").touch()
    found = numbered.pictures(tmp_path)
    assert [path.stem for path in found] == names
    assert list(numbered.places(found)) == expected


def test_two_pictures_of_one_number_are_refused(tmp_path: Path) -> None:
    for name in ("1.png", "2.png", "02.jpg"):
        (tmp_path / name).touch()
    with pytest.raises(BrokenClipError, match=r"02\.jpg and 2\.png") as caught:
        list(numbered.places(numbered.pictures(tmp_path)))
    assert caught.value.code == "same_number"


def _levels(folder: Path) -> list[float]:
    build = Build.model_validate({"sources": [{"folder": str(folder)}], "size": 16})
    file = io.BytesIO()
    numbered.make({"path": str(folder)}, build, Writer(file, 16))
    pixels = np.frombuffer(file.getvalue(), np.uint8).reshape(-1, 16, 16, 3)
    return [float(one) for one in pixels.mean((1, 2, 3))]


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_grey_of_16_bits_keeps_its_brightness(tmp_path: Path, ending: str) -> None:
    for i in range(4):
        Image.fromarray(np.full((20, 30), 257 * 60 * i, np.uint16)).save(tmp_path / f"{i}.{ending}")
    assert _levels(tmp_path) == [0, 60, 120, 180]


def test_a_transparent_picture_lies_on_white(tmp_path: Path) -> None:
    for i in range(2):
        hidden = np.random.default_rng(i).integers(0, 256, (20, 30, 4)).astype(np.uint8)
        hidden[..., 3] = 0
        Image.fromarray(hidden).save(tmp_path / f"{i}.png")
    assert _levels(tmp_path) == [255, 255]
    half = np.full((20, 30, 4), (0, 0, 0, 128), np.uint8)
    Image.fromarray(half).save(tmp_path / "2.png")
    assert _levels(tmp_path) == [255, 255, 127]


@pytest.mark.parametrize("kind", ["pages", "float", "int"])
def test_what_is_not_one_picture_of_known_brightness_is_noted(tmp_path: Path, kind: str) -> None:
    picture = Image.fromarray(np.full((20, 30), 7, np.uint8))
    for i in range(2):
        if kind == "pages":
            more = {"save_all": True, "append_images": [picture]}
            picture.save(tmp_path / f"{i}.tif", **more)
        else:
            values = np.full((20, 30), 7, np.float32 if kind == "float" else np.int32)
            Image.fromarray(values).save(tmp_path / f"{i}.tif")
    with pytest.raises(BrokenClipError, match="2 of them" if kind == "pages" else "32 bits"):
        _levels(tmp_path)


def test_a_folder_that_is_no_film_is_named(small: Params, tmp_path: Path) -> None:
    folder = _film(tmp_path / "film")
    (folder / "notes.txt").touch()
    with pytest.raises(InputError, match="other things than numbered pictures"):
        encoding.encode(small, tmp_path / "none", "elastic", folder, 0.3, tmp_path / "out")


def test_a_folder_can_be_encoded(trained: Path, small: Params, tmp_path: Path) -> None:
    folder = _film(tmp_path / "film")
    rows = encoding.encode(small, trained / "checkpoint", "elastic", folder, 0.3, tmp_path / "out")
    assert [row["first_frame"] for row in rows] == [0, 2, 4, 6, 8, 10]
