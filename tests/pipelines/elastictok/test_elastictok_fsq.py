from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pipelines.elastictok import fsq

LEVELS = (8, 8, 8, 5, 5, 5)


def formula(z: np.ndarray, levels: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The specification in float64 numpy: bounded numbers, and codes."""
    n = np.array(levels, float)
    half = (n - 1) * (1 - 1e-3) / 2
    offset = np.where(n % 2 == 0, 0.5, 0.0)
    bounded = np.tanh(z + np.tan(offset / half)) * half - offset
    return bounded, np.rint(bounded) / np.floor(n / 2)


def test_all_64000_numbers_are_codes_and_back() -> None:
    numbers = torch.arange(math.prod(LEVELS))
    assert len(numbers) == 64_000
    codes = fsq.codes(numbers, LEVELS)
    assert torch.equal(fsq.index(codes, LEVELS), numbers)
    assert len(codes.unique(dim=0)) == 64_000
    assert codes.min() == -1
    assert codes.max() <= 1


def test_the_first_dimension_runs_fastest() -> None:
    codes = fsq.codes(torch.tensor([0, 1, 8]), LEVELS)
    assert codes[1, 0] > codes[0, 0]
    assert torch.equal(codes[1, 1:], codes[0, 1:])
    assert codes[2, 1] > codes[0, 1]
    assert codes[2, 0] == codes[0, 0]


@pytest.mark.parametrize("levels", [LEVELS, (2, 3, 4), (7,)])
def test_every_level_is_reached(levels: tuple[int, ...]) -> None:
    grid = torch.linspace(-20, 20, 20_001)[:, None].expand(-1, len(levels))
    found = fsq.quantize(grid, levels)
    for d, n in enumerate(levels):
        assert len(found[:, d].unique()) == n


def test_codes_equal_the_formula_in_float64_away_from_ties() -> None:
    z = np.random.default_rng(0).normal(0, 4, (20_000, 6))
    z[:200] *= 10
    assert (np.abs(z) > 10).sum() > 100
    bounded, expected = formula(z, LEVELS)
    clear = np.abs(np.abs(bounded - np.floor(bounded)) - 0.5) > 1e-5
    assert clear.mean() > 0.999
    for dtype in (torch.float32, torch.float64):
        found = fsq.quantize(torch.tensor(z, dtype=dtype), LEVELS).double().numpy()
        assert np.abs(found - expected)[clear].max() < 1e-6


def test_the_gradient_passes_the_rounding_unchanged() -> None:
    z = torch.randn(500, 6, dtype=torch.float64, requires_grad=True)
    halves = torch.tensor([n // 2 for n in LEVELS])
    (fsq.quantize(z, LEVELS) * halves).sum().backward()
    smooth = z.detach().clone().requires_grad_()
    fsq.bound(smooth, LEVELS).sum().backward()
    assert torch.equal(z.grad, smooth.grad)


def test_codes_equal_those_of_vector_quantize_pytorch_away_from_ties() -> None:
    from vector_quantize_pytorch import FSQ

    peer = FSQ(list(LEVELS))
    z = torch.tensor(np.random.default_rng(1).normal(0, 1.5, (20_000, 6)), dtype=torch.float32)
    theirs, _ = peer(z[None])
    bounded, _ = formula(z.double().numpy(), LEVELS)
    # It widens by 1e-3 where the paper's code narrows: borders lie up to 4e-3 apart.
    clear = torch.tensor(np.abs(np.abs(bounded - np.floor(bounded)) - 0.5) > 0.01)
    ours = fsq.quantize(z, LEVELS)
    assert clear.float().mean() > 0.95
    assert torch.equal(ours[clear], theirs[0][clear])
    whole = clear.all(-1)
    assert torch.equal(
        fsq.index(ours[whole], LEVELS), peer.codes_to_indices(theirs[0][whole]).long()
    )


def test_bits_of_a_token() -> None:
    assert fsq.bits(LEVELS) == pytest.approx(15.97, abs=0.005)
