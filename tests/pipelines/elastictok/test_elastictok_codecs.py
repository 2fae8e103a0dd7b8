from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from measurand.errors import InputError
from pipelines.elastictok import codecs
from pipelines.elastictok.codecs import QUALITIES, h264, jpeg, rates, scan_bytes, slice_bytes


def smooth(frames: int = 8, size: int = 32) -> np.ndarray:
    t, y, x = np.mgrid[:frames, :size, :size].astype(float)
    waves = [np.sin((x + 2 * t) / 5), np.cos(y / 6), np.sin((x + y) / 9)]
    return np.stack([127 + 100 * w for w in waves], -1).astype(np.uint8)


@pytest.mark.parametrize("name", ["jpeg", "h264"])
def test_more_bits_give_smaller_errors(name: str) -> None:
    found = rates(name, smooth(), 4, 15.0)
    assert [setting for setting, _, _ in found] == list(QUALITIES[name])
    bits, errors = (np.array([row[i] for row in found]) for i in (1, 2))
    assert bits.shape == errors.shape == (len(found), 2)
    assert (np.diff(bits.sum(1)) > 0).all()
    assert (np.diff(errors.sum(1)) < 0).all()
    assert errors[-1].max() < 0.002


def test_h264_pays_less_for_frames_that_repeat() -> None:
    still = np.repeat(smooth(1), 8, axis=0)
    _, bits = h264(still, 26, 15.0)
    assert len(bits) == 8
    assert max(bits[1:]) < bits[0] / 4


def test_h264_repeats_to_the_bit() -> None:
    a, b = (h264(smooth(), 26, 15.0) for _ in range(2))
    assert a[1] == b[1]
    assert np.array_equal(a[0], b[0])


@pytest.mark.integration
def test_h264_is_the_same_on_every_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 3)).repeat(8, 1).repeat(8, 2)
    here = rates("h264", noise.astype(np.uint8), 4, 15.0)
    monkeypatch.setattr(codecs, "REPEATABLE", codecs.REPEATABLE + ":asm=0")  # plain C
    assert rates("h264", noise.astype(np.uint8), 4, 15.0) == here


def test_only_the_scan_of_a_jpeg_counts() -> None:
    file = io.BytesIO()
    Image.fromarray(smooth()[0]).save(file, "JPEG", quality=40)
    plain = file.getvalue()
    file = io.BytesIO()
    Image.fromarray(smooth()[0]).save(file, "JPEG", quality=40, comment=b"x" * 500)
    commented = file.getvalue()
    assert len(commented) > len(plain) + 500
    assert scan_bytes(commented) == scan_bytes(plain) < len(plain) / 2
    assert jpeg(smooth()[:1], 40)[1][0] <= 8 * scan_bytes(plain)


def test_only_slices_of_h264_count() -> None:
    stream = b"\x00\x00\x00\x01\x67AB\x00\x00\x00\x01\x68C\x00\x00\x01\x65DEFG\x00\x00\x01\x41H"
    assert slice_bytes(stream) == 5 + 2


def test_odd_sides_are_refused() -> None:
    with pytest.raises(InputError, match="even sides"):
        h264(smooth()[:, :31], 26, 15.0)


def test_nothing_heavy_is_imported_for_the_settings() -> None:
    code = (
        "import sys, pipelines.elastictok.codecs; print({'av', 'PIL', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    assert codecs.QUALITIES
