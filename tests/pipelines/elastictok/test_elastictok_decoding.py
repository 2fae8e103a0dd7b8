from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.elastictok.clips import list_clips
from pipelines.elastictok.decoding import cached
from schemas.elastictok.params import Build


def test_a_clip_is_decoded_once_and_again_when_something_changes(tmp_path: Path) -> None:
    source = {"kind": "moving", "clips": 1, "frames": 12}
    build = Build.model_validate({"sources": [source], "size": 16})
    [clip] = list_clips(build, tmp_path).clips
    about, pixels = cached(clip, build, tmp_path / "cache")
    first = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cache").iterdir()}
    again, same = cached(clip, build, tmp_path / "cache")
    assert again == about
    assert np.array_equal(pixels, same)
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cache").iterdir()} == first
    assert len(first) == 2
    other = build.model_copy(update={"fps": 30.0})
    cached(clip, other, tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 4


@pytest.mark.parametrize("damage", ["no description", "half of it", "half of the pixels"])
def test_what_was_cut_off_is_made_again(tmp_path: Path, damage: str) -> None:
    source = {"kind": "moving", "clips": 1, "frames": 12}
    build = Build.model_validate({"sources": [source], "size": 16})
    [clip] = list_clips(build, tmp_path).clips
    cache = tmp_path / "cache"
    whole = cached(clip, build, cache)[1].tobytes()
    [about], [pixels] = cache.glob("*.json"), cache.glob("*.rgb")
    if damage == "no description":
        about.unlink()
    else:
        path = about if damage == "half of it" else pixels
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert cached(clip, build, cache)[1].tobytes() == whole
