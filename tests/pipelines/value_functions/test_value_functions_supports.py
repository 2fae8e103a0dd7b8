from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from measurand.errors import ParamsError
from pipelines.value_functions.supports import (
    Support,
    atoms,
    centres,
    hl_gauss,
    one_hot,
    outside,
    project,
    two_hot,
)

RLAX = json.loads((Path(__file__).parents[2] / "oracles/value_functions_rlax.json").read_text())
WIDE = torch.float64


@pytest.mark.parametrize("ratio", [0.25, 0.5, 0.75])
def test_bias_inside_the_support_is_that_of_the_formula(ratio: float) -> None:
    support = Support(-8, 8, 32, ratio)
    y = torch.linspace(-1, 1, 4001, dtype=WIDE)
    mean = hl_gauss(y, support) @ centres(support, y)
    found = float((mean - y).abs().max()) / support.width
    assert found == pytest.approx(math.exp(-2 * math.pi**2 * ratio**2) / math.pi, rel=0.02)


def test_variance_sum_and_symmetry() -> None:
    support = Support(-10, 10, 51)
    y = torch.linspace(-3, 3, 301, dtype=WIDE)
    p, grid = hl_gauss(y, support), centres(support, y)
    mean = p @ grid
    variance = (p * (grid - mean[:, None]).square()).sum(-1).mean()
    assert float(variance) == pytest.approx(support.sigma**2 + support.width**2 / 12, rel=1e-4)
    assert float(variance) == pytest.approx(0.09932, abs=1e-5)
    torch.testing.assert_close(p.sum(-1), torch.ones_like(y), rtol=0, atol=1e-12)
    torch.testing.assert_close(p.flip(-1), hl_gauss(-y, support), rtol=0, atol=1e-12)
    entropy = -(p * p.clamp(min=1e-300).log()).sum(-1).mean()
    assert float(entropy) == pytest.approx(1.2003, abs=2e-4)


def test_the_ends_pull_inwards_and_the_margin_keeps_away_from_them() -> None:
    support = Support(-10, 10, 51)
    y = torch.tensor([9.9, 10, -10], dtype=WIDE)
    mean = hl_gauss(y, support) @ centres(support, y)
    torch.testing.assert_close(mean, torch.tensor([9.698, 9.729, -9.729], dtype=WIDE), atol=6e-4,
                               rtol=0)  # fmt: skip
    apart = Support.around(-10, 10, 51)
    assert apart.high - 10 == pytest.approx(3 * apart.sigma)
    mean = hl_gauss(y, apart) @ centres(apart, y)
    # What a cut at three deviations leaves out: sigma phi(3) / Phi(3).
    assert float((mean - y).abs().max()) < 0.005 * apart.sigma


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("make", [hl_gauss, one_hot, two_hot])
def test_any_finite_target_has_probabilities(make: object, dtype: torch.dtype) -> None:
    assert callable(make)
    support = Support(-10, 10, 51)
    y = torch.tensor([-1e6, -10, -0.0, 0.0, 10, 12, 1e6], dtype=dtype)
    p = make(y, support)
    assert p.dtype == torch.float32
    assert torch.isfinite(p).all()
    torch.testing.assert_close(p.sum(-1), torch.ones(7))
    assert outside(y, support).tolist() == [True, False, False, False, False, True, True]


def test_two_hot_has_the_target_as_its_mean_and_equals_rlax() -> None:
    support = Support(-10, 10, 51)
    y = torch.linspace(-10, 10, 777, dtype=WIDE)
    torch.testing.assert_close(two_hot(y, support) @ atoms(support, y), y, rtol=0, atol=1e-12)
    for row in RLAX["two_hot"]:
        theirs = torch.zeros(51)
        theirs[row["at"]] = torch.tensor(row["mass"])
        ours = two_hot(torch.tensor(row["y"]), support)
        torch.testing.assert_close(ours, theirs, rtol=0, atol=5e-5)


def test_one_hot_is_the_nearest_bin() -> None:
    support = Support(0, 1, 4)
    found = one_hot(torch.tensor([0.0, 0.26, 0.999, 1.0, 7.0]), support).argmax(-1)
    assert found.tolist() == [0, 1, 3, 3, 3]


def test_projection_equals_rlax() -> None:
    support = Support(-10, 10, 21)
    for row in RLAX["projected"]:
        p = torch.tensor(row["p"])
        places = row["reward"] + row["discount"] * atoms(support, p)
        torch.testing.assert_close(
            project(places, p, support), torch.tensor(row["projected"]), rtol=0, atol=1e-6
        )


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.floats(-5, 5), st.floats(0, 1), st.integers(0, 2**31))
def test_projection_keeps_mass_and_unclipped_means(r: float, gamma: float, seed: int) -> None:
    support = Support(-16, 16, 33)
    gen = torch.Generator().manual_seed(seed)
    p = torch.rand(33, dtype=WIDE, generator=gen)
    p /= p.sum()
    z = atoms(support, p)
    found = project(r + gamma * z, p, support)
    assert float(found.sum()) == pytest.approx(1, abs=1e-12)
    if abs(r) + 16 * gamma <= 16:
        assert float(found @ z) == pytest.approx(r + gamma * float(p @ z), abs=1e-9)


def test_projection_is_the_identity_and_puts_all_on_one_atom() -> None:
    support = Support(-2, 2, 5)
    p = torch.tensor([0.1, 0.2, 0.3, 0.15, 0.25])
    z = atoms(support, p)
    torch.testing.assert_close(project(z, p, support), p)
    torch.testing.assert_close(project(1 + 0 * z, p, support), torch.tensor([0.0, 0, 0, 1, 0]))


@pytest.mark.parametrize("bad", [(1, 1, 5, 0.75), (0, math.inf, 5, 0.75), (0, 1, 1, 0.75)])
def test_what_is_no_support_is_refused(bad: tuple[float, float, int, float]) -> None:
    with pytest.raises(ParamsError, match="no support"):
        Support(*bad)


def test_a_margin_needs_bins() -> None:
    with pytest.raises(ParamsError, match="leave no room"):
        Support.around(0, 1, 4)
    alike = Support.around(3, 3, 51)
    assert alike.low < 2.6
    assert alike.high > 3.4
