"""The DPO family for soft labels, as functions of one number per pair.

A pair has a label p, the probability that its first response is preferred, and a log-ratio
difference u = [log pi(y1|x) - log pi_ref(y1|x)] - [log pi(y2|x) - log pi_ref(y2|x)]. With
h = beta u and q = 2p - 1, the geometric losses see q u in place of u: the likelihoods of both
responses, averaged geometrically with weights p and 1 - p, and their normalisers left out.

Sources: DPO, Rafailov et al. 2023 (arXiv 2305.18290); cDPO, Mitchell 2023; IPO, Azar et al. 2023
(arXiv 2310.12036); ROPO, Liang et al. 2024 (arXiv 2404.04102); GDPO, GIPO, GROPO, Furuta et al.
2024 (arXiv 2409.06691). The minimisers in h of a pair that is free to move, for 0.5 < p < 1:

======  ================  ===========================================================
loss    minimiser         so
======  ================  ===========================================================
DPO     infinite          p counts as 1; steps are a hyper-parameter
cDPO    logit(p)          the label is reproduced
GDPO    infinite, slower  near-ties hardly move
IPO     1/2               p counts as 1
cIPO    q/2               the label sets the margin
GIPO    1/(2q)            near-ties move slowly, and furthest
ROPO    infinite          p counts as 1; doubtful pairs are held back
GROPO   infinite          both
======  ================  ===========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from measurand.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

METHODS = ("dpo", "cdpo", "gdpo", "ipo", "cipo", "gipo", "ropo", "gropo")
GEOMETRIC = ("gdpo", "gipo", "gropo")
"""Losses that give no gradient at p = 0.5."""


def pair_loss(
    method: str, u: Tensor, p: Tensor, *, beta: float, alpha: float = 2.0, gamma: float = 0.1
) -> Tensor:
    """Loss of every pair.

    Args:
        method: one of ``METHODS``.
        u: (n,) log-ratio differences, in nats.
        p: (n,) labels in 0..1; the losses that know no soft label take p >= 0.5 for 1 and p < 0.5
            for 0.
        beta: inverse temperature, above 0.
        alpha: weight of the noise-robust part of ROPO and GROPO.
        gamma: weight of the likelihood part of ROPO and GROPO.

    Returns:
        (n,) losses.

    Raises:
        InputError: unknown method, or beta not above 0.
    """
    if method not in METHODS:
        raise InputError(f"unknown loss {method!r}", hint=f"one of {', '.join(METHODS)}")
    if not beta > 0:
        raise InputError(f"beta {beta}", hint="give a number above 0")
    if method == "cdpo":
        return p * _nll(beta * u) + (1 - p) * _nll(-beta * u)
    q = 2 * p - 1
    if method == "cipo":
        return (u - q / (2 * beta)) ** 2
    seen = q * u if method in GEOMETRIC else u.where(p >= 0.5, -u)
    if method in ("ipo", "gipo"):
        return (seen - 1 / (2 * beta)) ** 2
    h = beta * seen
    if method in ("ropo", "gropo"):
        return gamma * _nll(h) + alpha * (-h).sigmoid()
    return _nll(h)


def ropo_weights(a: float) -> tuple[float, float]:
    """(alpha, gamma) with which no pair has a larger gradient than 1 beta, for a >= 1.

    With them the gradient's factor sigma(-h) (gamma + alpha sigma(h)) has its maximum 1 at
    sigma(-h) = (1 + a) / (2a).

    Raises:
        InputError: a below 1.
    """
    if a < 1:
        raise InputError(f"a = {a}", hint="give 1 or more")
    return 4 * a**2 / (1 + a) ** 2, 4 * a / (1 + a) ** 2


def gradient_factor(
    method: str, u: Tensor, p: Tensor, *, beta: float, alpha: float = 2.0, gamma: float = 0.1
) -> Tensor:
    """W in dL/du = -beta w, in closed form; what a pair weighs in a step.

    Args and errors as :func:`pair_loss`; for p >= 0.5.
    """
    q, h = 2 * p - 1, beta * u
    g = q * h
    formulas: dict[str, Callable[[], Tensor]] = {
        "dpo": lambda: (-h).sigmoid(),
        "cdpo": lambda: p - h.sigmoid(),
        "gdpo": lambda: q * (-g).sigmoid(),
        "ipo": lambda: (1 - 2 * h) / beta**2,
        "cipo": lambda: (q - 2 * h) / beta**2,
        "gipo": lambda: q * (1 - 2 * g) / beta**2,
        "ropo": lambda: (-h).sigmoid() * (gamma + alpha * h.sigmoid()),
        "gropo": lambda: q * (-g).sigmoid() * (gamma + alpha * g.sigmoid()),
    }
    if method not in formulas:
        raise InputError(f"unknown loss {method!r}", hint=f"one of {', '.join(METHODS)}")
    return formulas[method]()


def _nll(z: Tensor) -> Tensor:
    """-log sigma(z), without overflow."""
    from torch.nn.functional import softplus

    return softplus(-z)
