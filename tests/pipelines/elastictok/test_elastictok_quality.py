from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from pipelines.elastictok import quality

RNG = np.random.default_rng(0)
A = RNG.uniform(-1, 1, (2, 4, 20, 24, 3))
B = np.clip(A + RNG.normal(0, 0.2, A.shape), -1, 1)


def test_errors_are_means_over_the_pixels_of_blocks() -> None:
    found = quality.block_errors(A, B, 2)
    assert found.shape == (2, 2)
    assert found[1, 0] == pytest.approx(((A[1, :2] - B[1, :2]) ** 2).mean())


def test_psnr_is_that_of_scikit_image() -> None:
    mse = float(((A - B) ** 2).mean())
    assert quality.psnr(mse) == pytest.approx(peak_signal_noise_ratio(A, B, data_range=2))
    assert quality.psnr(0.0) is None


def test_ssim_is_that_of_scikit_image() -> None:
    found = quality.block_ssim(A, B, 2)
    expected = np.mean([
        structural_similarity(
            A[1, t], B[1, t], data_range=2, channel_axis=-1, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )
        for t in (2, 3)
    ])  # fmt: skip
    assert found[1][1] == pytest.approx(expected, abs=1e-9)
    assert quality.block_ssim(A, A, 4)[0] == [pytest.approx(1.0)]


def test_frames_too_small_for_the_window_have_none() -> None:
    assert quality.block_ssim(A[:, :, :10], B[:, :, :10], 2) == [[None, None]] * 2


def test_pixels_are_scaled_to_both_ends() -> None:
    assert quality.scaled(np.array([0, 255], np.uint8)).tolist() == [-1, 1]
