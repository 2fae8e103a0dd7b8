from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from measurand import shards
from measurand.errors import InputError
from pipelines.elastictok.leaks import pixels
from pipelines.elastictok.sequences import join, read, spread


def test_frames_and_rows_belong_together(built: Path) -> None:
    found = read(built / "dataset/blocks", "train")
    rows = shards.read_table(built / "dataset/blocks").to_pylist()
    by_id = {r["sample_id"]: r for r in rows if r["split"] == "train"}
    assert len(found) == len(by_id)
    assert [r["sample_id"] for r in found.rows] == sorted(by_id)
    for row, frames, segments in zip(found.rows, found.frames, found.segments, strict=True):
        assert np.array_equal(frames, pixels(by_id[row["sample_id"]]))
        assert segments.tolist() == row["segments"]
    some = found.take([3, 1])
    assert some.rows == [found.rows[3], found.rows[1]]
    both = join([some, found.take([0])])
    assert np.array_equal(both.frames, found.frames[[3, 1, 0]])


def test_a_split_without_rows_is_named(built: Path) -> None:
    with pytest.raises(InputError, match="no sequences of split nowhere"):
        read(built / "dataset/blocks", "nowhere")


def test_clips_take_turns() -> None:
    rows = [{"sample_id": f"{i:03d}", "clip_id": f"c{i % 4}"} for i in range(40)]
    rows += [{"sample_id": f"x{i:03d}", "clip_id": "long"} for i in range(100)]
    picked = spread(rows, 25)
    assert picked == sorted(set(picked))
    assert set(Counter(rows[i]["clip_id"] for i in picked).values()) == {5}
    assert spread(rows, 1000) == list(range(140))
