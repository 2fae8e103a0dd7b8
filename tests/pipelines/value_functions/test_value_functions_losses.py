from __future__ import annotations

import pytest
import torch
from hl_gauss_pytorch import HLGaussLoss

from measurand.errors import ParamsError
from pipelines.value_functions.losses import Head
from pipelines.value_functions.supports import Support, hl_gauss, one_hot, project, two_hot
from schemas.value_functions.params import LOSSES, Loss

SUPPORT = Support(-10, 10, 51)
MADE = {"one_hot": one_hot, "two_hot": two_hot, "hl_gauss": hl_gauss, "c51": two_hot}


def head(loss: Loss, support: Support = SUPPORT) -> Head:
    return Head(loss, support, mean=0.5, spread=2.0)


@pytest.mark.parametrize("loss", ["one_hot", "two_hot", "hl_gauss", "c51"])
def test_gradient_is_the_difference_of_the_distributions(loss: Loss) -> None:
    gen = torch.Generator().manual_seed(1)
    out = torch.randn(6, 51, dtype=torch.float64, generator=gen, requires_grad=True)
    y = torch.linspace(-9, 9, 6, dtype=torch.float64)
    head(loss).losses(out, y).sum().backward()
    wanted = out.softmax(-1) - MADE[loss](y, SUPPORT)
    torch.testing.assert_close(out.grad, wanted.detach(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_are_those_of_differences(loss: Loss) -> None:
    gen = torch.Generator().manual_seed(2)
    own = head(loss, Support(-3, 3, 8))
    y = torch.tensor([0.2, -1.7], dtype=torch.float64)
    shape = (2, own.outputs)
    out = torch.randn(*shape, dtype=torch.float64, generator=gen, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: own.losses(x, y), (out,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("loss", LOSSES)
def test_any_finite_target_has_a_finite_loss_and_gradient(loss: Loss, dtype: torch.dtype) -> None:
    own = head(loss)
    y = torch.tensor([-1e6, -10, -0.0, 0.0, 10, 1e6], dtype=dtype)
    gen = torch.Generator().manual_seed(3)
    out = torch.randn(6, own.outputs, generator=gen).to(dtype).requires_grad_()
    found = own.losses(out, y)
    found.sum().backward()
    assert found.dtype == torch.float32
    assert torch.isfinite(found).all()
    assert out.grad is not None
    assert torch.isfinite(out.grad).all()


def test_hl_gauss_equals_the_package() -> None:
    theirs = HLGaussLoss(-10.0, 10.0, 51, sigma_to_bin_ratio=0.75)
    gen = torch.Generator().manual_seed(4)
    out, y = torch.randn(64, 51, generator=gen), torch.rand(64, generator=gen) * 16 - 8
    torch.testing.assert_close(hl_gauss(y, SUPPORT), theirs.transform_to_probs(y), rtol=0,
                               atol=1e-6)  # fmt: skip
    own = head("hl_gauss")
    torch.testing.assert_close(own.losses(out, y), theirs(out, y, reduction="none"))
    torch.testing.assert_close(own.value(out), theirs(out), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_fitted_head_reads_its_target_out(loss: Loss) -> None:
    own = head(loss, Support.around(-4, 4, 51))
    y = torch.tensor([-4.0, -0.3, 1.1, 4.0])
    out = torch.zeros(4, own.outputs, requires_grad=True)
    steps = torch.optim.Adam([out], lr=0.05)
    for _ in range(1500):
        steps.zero_grad()
        own.losses(out, y).sum().backward()
        steps.step()
    # One-hot knows a bin, no more; a softmax nears 0 and 1 slowly.
    near = 0.6 * own.support.width if loss == "one_hot" else 0.02
    assert float((own.value(out).detach() - y).abs().max()) < near


def test_scalar_heads_are_standardised_and_huber_is_linear_far_off() -> None:
    mse, huber = head("mse"), head("huber")
    out = torch.tensor([[1.0]])
    assert float(mse.value(out)) == 2.5
    assert float(mse.losses(out, torch.tensor([0.5]))) == 1.0
    far = torch.tensor([[5.0]])
    assert float(huber.losses(far, torch.tensor([0.5]))) == 4.5


def test_a_distribution_as_the_target_of_c51() -> None:
    own = head("c51", Support(-2, 2, 5))
    out = torch.zeros(1, 5)
    p = torch.tensor([[0.0, 0.25, 0.5, 0.25, 0.0]])
    target = project(torch.tensor([[-2.0, -1, 0, 1, 2]]), p, own.support)
    assert float(own.cross_entropy(out, target)) == pytest.approx(1.6094379)


def test_targets_that_are_all_alike_are_refused() -> None:
    with pytest.raises(ParamsError, match="all alike"):
        Head("mse", SUPPORT, 1.0, 0.0)


@pytest.mark.parametrize("loss", ["mse", "hl_gauss"])
def test_stiffness_is_what_a_shift_costs(loss: Loss) -> None:
    own = head(loss)
    y, shift = torch.tensor([0.3], dtype=torch.float64), 0.1
    scalar = (y[:, None] - 0.5) / 2
    out = hl_gauss(y, SUPPORT).clamp(min=1e-300).log() if loss == "hl_gauss" else scalar
    # Less the least that any read-out could reach: what the target's own entropy costs.
    least = own.losses(hl_gauss(y + shift, SUPPORT).clamp(min=1e-300).log(), y + shift)
    cost = own.losses(out, y + shift) - (least if loss == "hl_gauss" else 0)
    assert float(cost) == pytest.approx(own.stiffness * (shift / own.spread) ** 2, rel=0.05)


def test_narrow_targets_are_stiff() -> None:
    assert head("mse").stiffness == head("huber").stiffness == head("c51").stiffness == 1
    found = {loss: head(loss).stiffness for loss in ("one_hot", "two_hot", "hl_gauss")}
    assert found["one_hot"] > found["two_hot"] > found["hl_gauss"] > 1
