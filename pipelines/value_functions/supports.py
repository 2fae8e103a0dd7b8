"""Scalars as distributions over fixed places: the targets of every classification loss.

Two grids, never mixed: *bins* have edges ``low + k w`` and are read out at their centres, *atoms*
lie at both ends and between. Targets are clipped to the support first; beyond it a Gaussian has no
mass in float32, and 0/0 would be a weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from measurand.errors import ParamsError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Support:
    """The range of values, and how finely it is cut.

    Attributes:
        low: least value.
        high: largest value.
        bins: bins, or atoms, m.
        ratio: standard deviation of HL-Gauss in widths of a bin.

    Raises:
        ParamsError: the range is empty or not finite, or there are fewer than two bins.
    """

    low: float
    high: float
    bins: int
    ratio: float = 0.75

    def __post_init__(self) -> None:
        fine = math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high
        if not fine or self.bins < 2 or not self.ratio > 0:
            raise ParamsError(
                f"no support: {self.bins} bins from {self.low} to {self.high}, ratio {self.ratio}",
                hint="give low below high, two bins or more, and a ratio above 0",
            )

    @property
    def width(self) -> float:
        """Width of a bin."""
        return (self.high - self.low) / self.bins

    @property
    def sigma(self) -> float:
        """Standard deviation of HL-Gauss, in the unit of the values."""
        return self.ratio * self.width

    @classmethod
    def around(cls, low: float, high: float, bins: int, ratio: float = 0.75) -> Support:
        """A support that holds ``low..high`` with three standard deviations to spare.

        Nearer to its ends the mean of HL-Gauss is pulled inwards. Values that are all alike get a
        range of width 1.

        Raises:
            ParamsError: too few bins for the margin.
        """
        span = high - low
        if span <= 0:
            low, high, span = low - 0.5, high + 0.5, 1.0
        inner = bins - 6 * ratio
        if inner <= 0:
            raise ParamsError(
                f"{bins} bins leave no room for six standard deviations of {ratio} bins",
                hint="take more bins or a smaller ratio",
            )
        margin = 3 * ratio * span / inner
        return cls(low - margin, high + margin, bins, ratio)


def _places(like: Tensor, low: float, high: float, count: int) -> Tensor:
    """(count,) evenly spaced, made in float64, so that both ends are exact in any dtype."""
    import torch

    dtype = torch.promote_types(like.dtype, torch.float32)
    return torch.linspace(low, high, count, dtype=torch.float64, device=like.device).to(dtype)


def centres(support: Support, like: Tensor) -> Tensor:
    """(m,) centres of the bins, float32 or finer, on the device of ``like``."""
    half = support.width / 2
    return _places(like, support.low + half, support.high - half, support.bins)


def atoms(support: Support, like: Tensor) -> Tensor:
    """(m,) atoms, float32 or finer, on the device of ``like``."""
    return _places(like, support.low, support.high, support.bins)


def edges(support: Support, like: Tensor) -> Tensor:
    """(m + 1,) edges of the bins, float32 or finer, on the device of ``like``."""
    return _places(like, support.low, support.high, support.bins + 1)


def clipped(y: Tensor, support: Support) -> Tensor:
    """Targets in float32 or finer, cut to the support."""
    import torch

    return y.to(torch.promote_types(y.dtype, torch.float32)).clamp(support.low, support.high)


def outside(y: Tensor, support: Support) -> Tensor:
    """Which targets the support does not hold."""
    return (y < support.low) | (y > support.high)


def hl_gauss(y: Tensor, support: Support) -> Tensor:
    """Mass of a Gaussian around the target in every bin, renormalised to the support.

    Source: Imani & White 2018 (arXiv 1806.04613, equation 2) as Farebrother et al. 2024
    (arXiv 2403.03950, section 3.2) use it; checked against ``hl-gauss-pytorch``.

    Args:
        y: (...) targets of any finite size.
        support: bins and standard deviation.

    Returns:
        (..., m) probabilities, float32 or finer.
    """
    import torch

    y = clipped(y, support)
    # In place: most of the time goes into memory.
    away = (edges(support, y) - y[..., None]).div_(math.sqrt(2) * support.sigma)
    cdf = torch.special.erf(away, out=away)
    return (cdf[..., 1:] - cdf[..., :-1]).div_(cdf[..., -1:] - cdf[..., :1])


def one_hot(y: Tensor, support: Support) -> Tensor:
    """All mass in the bin that holds the target, as Ruoss et al. 2024 (arXiv 2402.04494) do."""
    import torch

    y = clipped(y, support)
    at = ((y - support.low) / support.width).long().clamp(0, support.bins - 1)
    return torch.nn.functional.one_hot(at, support.bins).to(y.dtype)


def two_hot(y: Tensor, support: Support) -> Tensor:
    """Mass on the two neighbouring atoms whose mean is the target exactly.

    Source: Farebrother et al. 2024, section 3.1; checked against ``rlax.transform_to_2hot``.
    """
    return project(y[..., None], clipped(y, support)[..., None] * 0 + 1, support)


def project(places: Tensor, mass: Tensor, support: Support) -> Tensor:
    """Mass at any places, dealt to the neighbouring atoms in proportion to nearness.

    An atom takes ``max(0, 1 - distance / spacing)`` of the mass, so a place on an atom gives all to
    it, which a floor and a ceiling would lose. Source: Bellemare, Dabney & Munos 2017
    (arXiv 1707.06887, equation 7); checked against ``rlax.categorical_l2_project``.

    Args:
        places: (..., n) where mass lies; cut to the support.
        mass: (..., n) probabilities.
        support: the atoms.

    Returns:
        (..., m) probabilities.
    """
    places = clipped(places, support)
    spacing = (support.high - support.low) / (support.bins - 1)
    away = (places[..., None, :] - atoms(support, places)[:, None]).abs() / spacing
    return ((1 - away).clamp(min=0) * mass.to(places.dtype)[..., None, :]).sum(-1)
