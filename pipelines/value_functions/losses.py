"""Seven losses of a value: what a head puts out, how a scalar is read from it, what it is told.

``mse`` and ``huber`` put out one standardised number. All others put out logits over a support:
``mse_softmax`` is the squared error of their mean, the control that has the representation without
the cross-entropy; ``one_hot`` and ``hl_gauss`` read bins, ``two_hot`` and ``c51`` atoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from measurand.errors import ParamsError
from pipelines.value_functions import supports
from pipelines.value_functions.supports import Support
from schemas.value_functions.params import SCALAR, Loss

if TYPE_CHECKING:
    from torch import Tensor

_ON_BINS = ("one_hot", "hl_gauss")
_TARGETS = {
    "one_hot": supports.one_hot,
    "two_hot": supports.two_hot,
    "hl_gauss": supports.hl_gauss,
    # A target that is given is a distribution at one place, which C51 projects to two atoms.
    "c51": supports.two_hot,
}


@dataclass(frozen=True)
class Head:
    """The end of a network, as its loss has it.

    Attributes:
        loss: which of the seven.
        support: of the logits, and what targets are counted against.
        mean: of the training targets.
        spread: their standard deviation, above 0; squared errors are in units of it.

    Raises:
        ParamsError: the spread is not above 0.
    """

    loss: Loss
    support: Support
    mean: float
    spread: float

    def __post_init__(self) -> None:
        if not self.spread > 0:
            raise ParamsError(
                "the training targets are all alike: there is nothing to learn",
                hint="give a target that varies",
                code="constant_target",
            )

    @property
    def outputs(self) -> int:
        """Numbers a value."""
        return 1 if self.loss in SCALAR else self.support.bins

    @property
    def stiffness(self) -> float:
        """How much more the loss resists a small shift of its read-out than squared error does.

        A cross-entropy whose target has variance v rises by d^2 / 2v where the read-out is off by
        d, squared error in units of the spread by (d / spread)^2. v is that of HL-Gauss, and on
        average within a bin or between two atoms; C51's targets are as wide as what was learned.
        """
        width, spacing = self.support.width, self.support.width * self.support.bins
        spacing /= self.support.bins - 1
        variance = {
            "one_hot": width**2 / 12,
            "two_hot": spacing**2 / 6,
            "hl_gauss": self.support.sigma**2 + width**2 / 12,
        }.get(self.loss)
        return 1.0 if variance is None else self.spread**2 / (2 * variance)

    def log_probabilities(self, out: Tensor) -> Tensor:
        """(..., m) log-probabilities of logits, in float32 or finer."""
        import torch

        return torch.log_softmax(out.to(torch.promote_types(out.dtype, torch.float32)), -1)

    def value(self, out: Tensor) -> Tensor:
        """Scalars read from (..., outputs): shape (...), in the unit of the targets."""
        import torch

        if self.loss in SCALAR:
            wide = out.to(torch.promote_types(out.dtype, torch.float32))
            return wide[..., 0] * self.spread + self.mean
        grid = supports.centres if self.loss in _ON_BINS else supports.atoms
        p = self.log_probabilities(out).exp()
        return p @ grid(self.support, p)

    def places(self, like: Tensor) -> Tensor:
        """(m + 1,) ends of what each logit stands for: of bins their edges, of atoms half ways."""
        import torch

        if self.loss in _ON_BINS:
            return supports.edges(self.support, like)
        at = supports.atoms(self.support, like)
        return torch.cat([at[:1], (at[1:] + at[:-1]) / 2, at[-1:]])

    def losses(self, out: Tensor, y: Tensor) -> Tensor:
        """Loss of every value, shape (...); its gradient goes to ``out`` alone.

        Args:
            out: (..., outputs) of the network.
            y: (...) finite targets.
        """
        import torch

        y = y.detach()
        if self.loss in _TARGETS:
            return self.cross_entropy(out, _TARGETS[self.loss](y, self.support))
        # A constant read-out must not gain by targets that others may not see: all are clipped.
        y = supports.clipped(y, self.support)
        error = (self.value(out) - y) / self.spread
        if self.loss == "huber":
            return torch.nn.functional.huber_loss(error, torch.zeros_like(error), reduction="none")
        return error.square()

    def cross_entropy(self, out: Tensor, p: Tensor) -> Tensor:
        """Cross-entropy of (..., m) target probabilities, shape (...)."""
        import torch

        return -torch.linalg.vecdot(p.detach(), self.log_probabilities(out))
