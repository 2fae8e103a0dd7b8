from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from measurand.errors import InputError
from pipelines.elastictok import masks


def test_kept_counts_are_uniform_on_both_ends() -> None:
    drawn = masks.draw(np.random.default_rng(0), (100_000,), 4, 64)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == list(range(4, 65))
    assert chisquare(counts).pvalue > 0.01


def test_the_official_convention_reproduces_the_official_counts() -> None:
    # Released code, 20,000 draws between 4 and 16: never 4, all others 1,630 to 1,730 times.
    drawn = masks.draw(np.random.default_rng(0), (20_000,), 4, 16, mask_convention="official")
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == list(range(5, 17))
    assert chisquare(counts).pvalue > 0.01
    assert masks.kept(np.array([4, 15, 16]), 16, "official").tolist() == [5, 16, 16]
    assert masks.kept(np.array([4, 15, 16]), 16).tolist() == [4, 15, 16]


def test_log_uniform_counts_have_equal_shares_an_octave() -> None:
    drawn = masks.draw(np.random.default_rng(0), (100_000,), 4, 63, law="log_uniform")
    assert (drawn.min(), drawn.max()) == (4, 63)
    octaves = [((drawn >= 2**i) & (drawn < 2 ** (i + 1))).mean() for i in range(2, 6)]
    assert np.allclose(octaves, 0.25, atol=0.01)


def test_masks_are_left_aligned() -> None:
    found = masks.mask(torch.tensor([[0, 2], [3, 4]]), 4).int().tolist()
    assert found == [[[0, 0, 0, 0], [1, 1, 0, 0]], [[1, 1, 1, 0], [1, 1, 1, 1]]]


def test_shares_are_rounded_up() -> None:
    assert [masks.share(p, 64) for p in (0.25, 0.0625, 0.26, 1.0, 1e-9)] == [16, 4, 17, 64, 1]
    assert masks.share(0.07, 100) == 7


@pytest.mark.parametrize("ends", [(0, 4), (5, 4)])
def test_impossible_ends_are_refused(ends: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="tokens from"):
        masks.draw(np.random.default_rng(0), (1,), *ends)


def test_the_official_convention_refuses_what_it_has_not() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="official"):
        masks.draw(rng, (1,), 4, 8, law="log_uniform", mask_convention="official")
    with pytest.raises(InputError, match="official"):
        masks.draw(rng, (1,), 4, 4, mask_convention="official")
