"""Near copies: found where they are planted, in the clips that they were planted in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from measurand import shards
from pipelines.elastictok import near
from pipelines.elastictok.leaks import pixels
from pipelines.elastictok.near import near_copies, nearest, small, squares
from schemas.elastictok.params import Build, Params
from schemas.elastictok.tables import BLOCKS


def test_frames_are_means_over_squares() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), dtype=np.uint8)
    found = small(frames)
    assert found.shape == (3, 13 * 13 * 3)  # squares of 3 x 3, the 40th row left out
    assert found[1].reshape(13, 13, 3)[2, 4, 1] == pytest.approx(
        frames[1, 6:9, 12:15, 1].mean() / 255
    )
    assert small(frames[:, :16, :16]) == pytest.approx(frames[:, :16, :16].reshape(3, -1) / 255)


def test_the_nearest_is_that_of_all_pairs() -> None:
    rng = np.random.default_rng(1)
    train = rng.random((700, 48), np.float32)
    own = np.concatenate([rng.random((600, 48), np.float32), train[:3] + np.float32(1e-4)])
    every = np.sqrt(((own[:, None] - train[None]) ** 2).mean(2)).min(1)
    found = nearest(own, train, squares(train))
    assert found == pytest.approx(every, rel=1e-3)
    assert found[-3:] == pytest.approx(1e-4, rel=1e-2)


def test_frames_of_training_are_put_together_once_a_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    looks = {
        (source, split, clip): {
            **{"source": source, "split": split, "clip_id": clip, "start_frame": 0, "stride": 1},
            **{"frames": rng.bytes(2 * 48), "shape": [2, 4, 4, 3], "segments": [0]},
        }
        for source in "ab"
        for split, clips in (("train", "xy"), ("test_clip", "zvw"))
        for clip in clips
    }
    seen: list[tuple[int, ...]] = []

    def counted(train: near.Floats) -> near.Floats:
        seen.append(train.shape)
        return squares(train)

    monkeypatch.setattr(near, "rows", lambda folder, names: iter(looks.values()))
    monkeypatch.setattr(near, "squares", counted)
    build = Build.model_validate({"sources": [{"kind": "moving", "clips": 3, "frames": 64}]})
    assert len(near_copies(tmp_path, build)) == 6
    assert seen == [(4, 48), (4, 48)]


@pytest.mark.integration
def test_a_clip_of_noisy_training_frames_is_a_near_copy(
    built: Path, small: Params, tmp_path: Path
) -> None:
    before = near_copies(built / "dataset/blocks", small.build)
    assert not any(row["near"] for row in before if row["split"] == "test_clip")
    rows = shards.read_table(built / "dataset/blocks").to_pylist()
    [stolen, *_] = [r for r in rows if r["split"] == "train" and len(set(r["segments"])) == 1]
    noise = np.random.default_rng(2).integers(-1, 2, stolen["shape"])
    copied = np.clip(pixels(stolen).astype(int) + noise, 0, 255).astype(np.uint8)
    rows.append({**stolen, "sample_id": "0" * 64, "split": "test_clip", "clip_id": "a/copy",
                 "frames": copied.tobytes()})  # fmt: skip
    columns = {c.name: [r[c.name] for r in rows] for c in BLOCKS.columns}
    shards.write_dataset(tmp_path / "x", BLOCKS, BLOCKS.from_columns(columns))
    after = near_copies(tmp_path / "x", small.build)
    [own] = [row for row in after if row["clip_id"] == "a/copy"]
    assert own["near"] is True
    assert own["near_frames"] == own["frames"] == small.build.window
    assert 0 < own["median_rms"] < small.build.near_rms
    assert [row for row in after if row["clip_id"] != "a/copy"] == before
    strict = small.build.model_copy(update={"near_rms": 1e-4})
    assert not any(row["near"] for row in near_copies(tmp_path / "x", strict))
