from __future__ import annotations

import io

import av
import numpy as np
import pytest

from measurand.errors import InputError
from pipelines.elastictok.frames import Frames, Writer, resized, runs, stride_for


def picture(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * x / width, 255 * y / height, 0 * x], -1).astype(np.uint8)


@pytest.mark.parametrize("shape", [(64, 64), (64, 128), (120, 40)])
def test_the_middle_at_the_shorter_side(shape: tuple[int, int]) -> None:
    found = resized(av.VideoFrame.from_ndarray(picture(*shape), format="rgb24"), 32)
    assert found.shape == (32, 32, 3)
    scale = min(shape) / 32
    # Red is the column, green the row: the middle stays in the middle.
    for channel, side in ((0, shape[1]), (1, shape[0])):
        low, high = (side / 2 - 16 * scale) / side, (side / 2 + 16 * scale) / side
        values = found[..., channel].astype(float)
        assert values.min() == pytest.approx(255 * low, abs=8)
        assert values.max() == pytest.approx(255 * high, abs=8)


def test_strides_come_nearest_to_the_rate() -> None:
    assert [stride_for(r, 15) for r in (60, 29.97, 25, 10, 15)] == [4, 2, 2, 1, 1]


def test_runs_end_where_a_frame_is_missing() -> None:
    assert list(runs([0, 2, 4, 8, 10, 20], 2)) == [(0, 3), (3, 5), (5, 6)]
    assert list(runs([], 2)) == []


def test_a_writer_refuses_frames_of_another_shape() -> None:
    about = Frames(1, 1, 1, 1.0)
    writer = Writer(io.BytesIO(), 16)
    with pytest.raises(InputError, match="not"):
        writer.add(about, 0, np.zeros((16, 15, 3), np.uint8))
    with pytest.raises(InputError, match="not"):
        writer.add(about, 0, np.zeros((16, 16, 3), np.float32))
    writer.add(about, 0, np.zeros((16, 16, 3), np.uint8))
    writer.add(about, 1, np.zeros((16, 16, 3), np.uint8))
    assert about.hashes[0] == about.hashes[1]
