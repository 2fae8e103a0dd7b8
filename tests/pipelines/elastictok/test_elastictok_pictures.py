from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from pipelines.elastictok import pictures
from pipelines.elastictok.clips import picture_path
from pipelines.elastictok.frames import BrokenClipError, Writer
from schemas.elastictok.params import Build

BUILD = Build.model_validate({"sources": [{"folder": "x"}], "size": 16})


def crops(path: Path, **changes: object) -> np.ndarray:
    recipe = {"path": str(path), "crops": 5, "smallest": 0.3, "seed": 1, **changes}
    file = io.BytesIO()
    about = pictures.make(recipe, BUILD, Writer(file, 16))
    assert about.still
    assert about.index == list(range(5))
    return np.frombuffer(file.getvalue(), np.uint8).reshape(-1, 16, 16, 3)


def test_crops_are_seeded_and_differ() -> None:
    path = picture_path("scikit-learn", "flower.jpg")
    found = crops(path)
    assert np.array_equal(found, crops(path))
    assert not np.array_equal(found, crops(path, seed=2))
    assert len(np.unique(found.reshape(5, -1), axis=0)) == 5


def test_the_whole_picture_is_the_largest_crop() -> None:
    path = picture_path("scikit-learn", "china.jpg")
    found = crops(path, smallest=1.0)
    # 640 x 427: only the place differs, along the longer side.
    assert np.abs(found.mean((1, 2, 3)) - found.mean()).max() < 20


def test_a_file_that_is_no_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(BrokenClipError, match="no picture"):
        crops(tmp_path / "a.png")
