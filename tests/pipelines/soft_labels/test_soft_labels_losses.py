from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import InputError
from pipelines.soft_labels.losses import (
    GEOMETRIC,
    METHODS,
    gradient_factor,
    pair_loss,
    ropo_weights,
)

BETA = 0.3
# p -> (gdpo, cdpo, gipo, cipo) at u = -4, 0.5, 6, each computed apart in double precision.
REFERENCE = {
    1.00: ((1.463282, 1.463282, 32.1111, 32.1111), (0.620957, 0.620957, 1.3611, 1.3611),
           (0.152978, 0.152978, 18.7778, 18.7778)),
    0.95: ((1.372368, 1.403282, 27.7378, 30.2500), (0.627924, 0.628457, 1.4803, 1.0000),
           (0.180569, 0.242978, 13.9378, 20.2500)),
    0.75: ((1.037488, 1.163282, 13.4444, 23.3611), (0.656350, 0.658457, 2.0069, 0.1111),
           (0.341154, 0.602978, 1.7778, 26.6944)),
    0.55: ((0.754946, 0.923282, 4.2711, 17.3611), (0.685675, 0.688457, 2.6136, 0.1111),
           (0.607192, 0.962978, 1.1378, 34.0278)),
    0.50: ((0.693147, 0.863282, 2.7778, 16.0000), (0.693147, 0.695957, 2.7778, 0.2500),
           (0.693147, 1.052978, 2.7778, 36.0000)),
}  # fmt: skip
LABELS = st.floats(0.5, 1.0)
RATIOS = st.floats(-30, 30)


def double(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("p", REFERENCE)
def test_losses_have_their_reference_values(p: float) -> None:
    for u, expected in zip((-4.0, 0.5, 6.0), REFERENCE[p], strict=True):
        for method, value in zip(("gdpo", "cdpo", "gipo", "cipo"), expected, strict=True):
            found = pair_loss(method, double(u), double(p), beta=BETA).item()
            assert found == pytest.approx(value, abs=6e-5 if "ipo" in method else 6e-7)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_are_those_of_the_closed_form(method: str) -> None:
    """A thousand random pairs in double precision, against automatic differentiation."""
    generator = torch.Generator().manual_seed(7)
    u = (torch.rand(1000, generator=generator, dtype=torch.float64) - 0.5) * 40
    p = 0.5 + torch.rand(1000, generator=generator, dtype=torch.float64) / 2
    u.requires_grad_()
    pair_loss(method, u, p, beta=BETA, alpha=2.0, gamma=0.1).sum().backward()
    assert u.grad is not None
    w = gradient_factor(method, u.detach(), p, beta=BETA, alpha=2.0, gamma=0.1)
    assert (u.grad + BETA * w).abs().max().item() < 1e-12 * max(1.0, w.abs().max().item())


@given(RATIOS)
def test_at_certain_labels_the_families_meet(u: float) -> None:
    one = double(1.0)
    for family in (("dpo", "cdpo", "gdpo"), ("ipo", "cipo", "gipo"), ("ropo", "gropo")):
        values = [pair_loss(m, double(u), one, beta=BETA).item() for m in family]
        assert max(values) - min(values) < 1e-12 * max(1.0, max(values))


@given(RATIOS.filter(lambda u: abs(u) > 1e-3))
def test_at_a_tie_geometric_losses_do_not_pull_and_the_conservative_one_does(u: float) -> None:
    for method in (*GEOMETRIC, "cdpo"):
        x = double(u).requires_grad_()
        pair_loss(method, x, double(0.5), beta=BETA).sum().backward()
        assert x.grad is not None
        assert (x.grad.item() == 0) == (method in GEOMETRIC)


@given(RATIOS, st.floats(0, 1).filter(lambda p: p != 0.5))
def test_naming_the_responses_the_other_way_round_changes_nothing(u: float, p: float) -> None:
    for method in METHODS:
        one = pair_loss(method, double(u), double(p), beta=BETA).item()
        other = pair_loss(method, double(-u), double(1 - p), beta=BETA).item()
        assert one == pytest.approx(other, rel=1e-9, abs=1e-9)


@given(RATIOS, LABELS)
def test_the_conservative_ipo_is_the_mixture_up_to_a_constant(u: float, p: float) -> None:
    x, label = double(u), double(p)
    mixed = p * pair_loss("ipo", x, double(1.0), beta=BETA)
    mixed = mixed + (1 - p) * pair_loss("ipo", -x, double(1.0), beta=BETA)
    q = 2 * p - 1
    constant = (1 - q**2) / (4 * BETA**2)
    found = pair_loss("cipo", x, label, beta=BETA).item() + constant
    assert found == pytest.approx(mixed.item(), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize(
    ("method", "minimiser"),
    [("cdpo", lambda p: math.log(p / (1 - p))), ("ipo", lambda p: 0.5),
     ("cipo", lambda p: (2 * p - 1) / 2), ("gipo", lambda p: 1 / (2 * (2 * p - 1)))],
)  # fmt: skip
@pytest.mark.parametrize("p", [0.55, 0.7, 0.95])
def test_minima_lie_where_the_table_says(method: str, minimiser, p: float) -> None:  # type: ignore[no-untyped-def]
    at = minimiser(p) / BETA
    w = gradient_factor(method, double(at - 0.1, at, at + 0.1), double(p, p, p), beta=BETA)
    assert w[0] > 0 > w[2]
    assert abs(w[1].item()) < 1e-12


@pytest.mark.parametrize("method", ["dpo", "gdpo", "ropo", "gropo"])
@given(u=RATIOS, p=st.floats(0.51, 1.0))
def test_the_others_always_pull(method: str, u: float, p: float) -> None:
    assert gradient_factor(method, double(u), double(p), beta=BETA).item() > 0


@given(st.floats(1, 50))
def test_the_weights_of_ropo_bound_the_gradient_by_one(a: float) -> None:
    alpha, gamma = ropo_weights(a)
    top = (1 + a) / (2 * a)
    peak = -math.log(top / (1 - top)) if top < 1 else -40.0
    grid = torch.cat([torch.linspace(-40, 40, 4001, dtype=torch.float64), double(peak)])
    ones = torch.ones_like(grid)
    w = gradient_factor("ropo", grid, ones, beta=1.0, alpha=alpha, gamma=gamma)
    assert w.max().item() == pytest.approx(1.0, abs=1e-9)


def test_far_values_do_not_overflow() -> None:
    for method in METHODS:
        found = pair_loss(method, double(-1e4, 1e4), double(0.9, 0.9), beta=1.0)
        assert torch.isfinite(found).all()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="unknown loss 'ppo'"):
        pair_loss("ppo", double(1.0), double(1.0), beta=1.0)
    with pytest.raises(InputError, match="unknown loss 'ppo'"):
        gradient_factor("ppo", double(1.0), double(1.0), beta=1.0)
    with pytest.raises(InputError, match="beta 0"):
        pair_loss("dpo", double(1.0), double(1.0), beta=0)
    with pytest.raises(InputError, match=r"a = 0\.5"):
        ropo_weights(0.5)
