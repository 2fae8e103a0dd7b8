"""How close a reconstruction is: mean squared error, PSNR, SSIM; pixels are in -1..1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

SIGMA, TRUNCATE, BORDER = 1.5, 3.5, 5
"""The Gaussian window of SSIM: deviation, reach in deviations, pixels left out at the edges."""

Floats = npt.NDArray[Any]


def scaled(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Pixels 0..255 as -1..1."""
    return frames.astype(np.float32) / np.float32(127.5) - 1


def block_errors(a: Floats, b: Floats, block_frames: int) -> npt.NDArray[np.float64]:
    """(S, blocks) mean squared error over the pixels of each block of (S, T, H, W, 3) frames."""
    squares = np.square(a.astype(np.float64) - b)
    each = squares.reshape(len(a), -1, block_frames * a[0, 0].size)
    errors: npt.NDArray[np.float64] = each.mean(2)
    return errors


def psnr(mse: float) -> float | None:
    """Peak signal-to-noise ratio in dB; the peak is 2. None where there is no error."""
    return None if mse <= 0 else 10 * math.log10(4 / mse)


def block_ssim(a: Floats, b: Floats, block_frames: int) -> list[list[float | None]]:
    """SSIM of each block, mean over its frames and colours; None below 11 pixels.

    Wang et al. 2004, IEEE Trans. Image Process. 13, 600-612, with K1 = .01, K2 = .03, a Gaussian
    window of deviation 1.5 and covariances over the population; equal to scikit-image's
    ``structural_similarity`` with these settings.

    Args:
        a: (S, T, H, W, 3).
        b: the same.
        block_frames: frames of a block.
    """
    from scipy.ndimage import gaussian_filter

    blocks = a.shape[1] // block_frames
    if min(a.shape[2:4]) <= 2 * BORDER:
        return [[None] * blocks for _ in range(len(a))]
    x, y = (part.reshape(-1, *a.shape[2:]).astype(np.float64) for part in (a, b))

    def blurred(image: Floats) -> Floats:
        out: Floats = gaussian_filter(image, (0, SIGMA, SIGMA, 0), truncate=TRUNCATE)
        return out

    mx, my = blurred(x), blurred(y)
    vx, vy, vxy = (
        blurred(x * x) - mx * mx, blurred(y * y) - my * my, blurred(x * y) - mx * my
    )  # fmt: skip
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    top = (2 * mx * my + c1) * (2 * vxy + c2)
    each = top / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    inner = each[:, BORDER:-BORDER, BORDER:-BORDER].mean((1, 2, 3))
    means = inner.reshape(len(a), blocks, block_frames).mean(2)
    return [[float(v) for v in row] for row in means]
