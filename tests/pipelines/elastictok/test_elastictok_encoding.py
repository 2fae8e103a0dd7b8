from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from test_elastictok_video import write_video

from measurand import shards
from measurand.errors import InputError
from pipelines.elastictok import encoding, fsq
from pipelines.elastictok.measuring import Subject
from schemas.elastictok.params import Params


def test_codes_are_those_of_the_decoder(trained: Path, small: Params, tmp_path: Path) -> None:
    import torch

    from pipelines.elastictok import model
    from pipelines.elastictok.attention import block_causal

    path = write_video(tmp_path / "a.mp4", frames=20)
    rows = encoding.encode(small, trained / "checkpoint", "elastic", path, 0.3, tmp_path / "out")
    assert len(rows) == shards.read_table(tmp_path / "out/codes").num_rows == 5
    # Decode the first sequence from its token numbers alone.
    coder = Subject(small, "elastic", trained / "checkpoint").coder
    z = torch.zeros(1, 32, 3)
    for block, row in enumerate(rows[:2]):
        codes = fsq.codes(torch.tensor(row["codes"]), (8, 5, 5))
        z[0, block * 16 : block * 16 + len(codes)] = codes
    y, _ = model.decode(coder._weights, coder.size, z, block_causal(16))
    frames = model.unpatchify(y, small.train.patch, 16)
    shown = ((frames[0, [1, 3]] + 1) * 127.5).round().clamp(0, 255).numpy()
    for row, picture in zip(rows[:2], shown, strict=True):
        assert np.abs(row["coded_frame"].astype(int) - picture).max() <= 1


def test_a_gap_ends_a_sequence(trained: Path, small: Params, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", frames=40)
    with av.open(str(path)) as container:
        at, size = [(p.pos, p.size) for p in container.demux(video=0) if p.size][14]
    data = bytearray(path.read_bytes())
    data[at : at + size] = bytes([255]) * size
    path.write_bytes(data)
    rows = encoding.encode(small, trained / "checkpoint", "elastic", path, 0.3, tmp_path / "out")
    starts = [row["first_frame"] for row in rows]
    # 15 frames a second of 30: frames 0 to 12, a gap, then from 16 on.
    assert starts == [0, 4, 8, 16, 20, 24, 28, 32, 36]


def test_a_video_shorter_than_a_block_is_named(small: Params, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=2)
    with pytest.raises(InputError, match="make no block"):
        encoding.decode(path, small)


def test_small_frames_are_enlarged_whole(tmp_path: Path) -> None:
    frames = np.zeros((4, 20, 20, 3), np.uint8)
    frames[:, :10] = 200
    encoding.write_video(tmp_path / "a.mp4", frames, 15.0)
    with av.open(str(tmp_path / "a.mp4")) as container:
        found = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    assert len(found) == 4
    assert found[0].shape == (260, 260, 3)
    assert found[0][:120].mean() > 190
    assert found[0][140:].mean() < 10
