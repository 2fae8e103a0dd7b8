"""What a trained network makes of its inputs: how many directions, how many units, how sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.value_functions import networks
from pipelines.value_functions.layers import Weights
from pipelines.value_functions.losses import Head
from pipelines.value_functions.net import Net
from schemas.value_functions.params import SCALAR

HELD = 0.99
MOST = 512
"""Inputs that are looked at."""
PENALTY = 1e-3
TAIL = 0.05
FloatArray = npt.NDArray[np.float64]


def effective_rank(features: npt.NDArray[Any], held: float = HELD) -> int:
    """Fewest singular values that hold a share of the sum of all.

    Source: Kumar et al. 2021 (arXiv 2010.14498), definition 1, with delta 0.01.

    Args:
        features: (n, width).
        held: the share.
    """
    values = np.linalg.svd(np.asarray(features, np.float64), compute_uv=False)
    total = values.sum()
    if total == 0:
        return 0
    return int(np.searchsorted(np.cumsum(values) / total, held - 1e-12) + 1)


def described(
    net: Net, weights: Weights, head: Head, x: npt.NDArray[Any], probed: Probed | None = None
) -> list[dict[str, Any]]:
    """Per seed: ``rank``, share of ``dead`` units, mean ``entropy`` of the head, ``probe``.

    ``entropy`` is None of a scalar, ``probe`` where there is nothing to read out.

    Args:
        net: what they look like.
        weights: S networks.
        head: their end.
        x: (n, D) inputs; the first of them are used.
        probed: what a linear read-out is fitted to and tried on.
    """
    import torch

    with torch.inference_mode():
        some = torch.tensor(x[:MOST])
        features = networks.features(net, weights, some)
        out = networks.outputs(net, weights, some)
        entropy: list[float | None] = [None] * len(features)
        if head.loss not in SCALAR:
            logs = head.log_probabilities(out.unflatten(-1, (-1, head.outputs)))
            entropy = (-(logs.exp() * logs).sum(-1).mean((1, 2))).tolist()
    probes = [None] * len(features) if probed is None else _probes(net, weights, probed)
    return [
        {
            "seed": seed,
            "rank": effective_rank(own),
            "dead": float((own <= 0).all(0).mean()),
            "entropy": None if sure is None else max(0.0, sure),
            "probe": probe,
        }
        for seed, (own, sure, probe) in enumerate(
            zip(features.numpy(), entropy, probes, strict=True)
        )
    ]


@dataclass(frozen=True)
class Probed:
    """Inputs with what a linear read-out of the last hidden layer shall say.

    Attributes:
        x: (n, D) inputs that it is fitted to.
        y: (S, n) what it shall say.
        other: (m, D) inputs that it is tried on.
        wanted: (S, m) what it should say.
    """

    x: npt.NDArray[Any]
    y: FloatArray
    other: npt.NDArray[Any]
    wanted: FloatArray


def _probes(net: Net, weights: Weights, probed: Probed) -> list[float | None]:
    import torch

    with torch.inference_mode():
        fitted, tried = (
            networks.features(net, weights, torch.from_numpy(part)).double().numpy()
            for part in (probed.x, probed.other)
        )
    parts = zip(fitted, probed.y, tried, probed.wanted, strict=True)
    return [probe(*part) for part in parts]


def probe(x: FloatArray, y: FloatArray, other: FloatArray, wanted: FloatArray) -> float | None:
    """Share of variance that a ridge regression explains on other rows; None where none varies.

    The penalty is a thousandth of the rows, of standardised features.

    Args:
        x: (n, width) features.
        y: (n,) targets.
        other: (m, width) features of other rows.
        wanted: (m,) their targets.
    """
    if len(y) < 2 or len(wanted) < 2 or np.ptp(wanted) <= 1e-9 or np.ptp(y) <= 1e-9:
        return None
    mean, spread = x.mean(0), x.std(0)
    x, other = ((part - mean) / np.where(spread > 0, spread, 1.0) for part in (x, other))
    # Row after row: a matrix product adds in an order that depends on threads.
    gram = np.einsum("np,nq->pq", x, x) + len(x) * PENALTY * np.eye(x.shape[1])
    slopes = np.linalg.solve(gram, np.einsum("np,n->p", x, y - y.mean()))
    left = wanted - y.mean() - (other * slopes).sum(1)
    found = 1 - float(np.square(left).sum() / np.square(wanted - wanted.mean()).sum())
    # A solver's last bits depend on the machine.
    return round(found, 9)


def covered(logs: FloatArray, edges: FloatArray, y: FloatArray) -> float:
    """Share of targets within the central 90% of distributions over places.

    A distribution's ends are those of the places in which its sums pass 5% and 95%, so that a share
    above .9 is no fault of coarse places.

    Args:
        logs: (n, m) log-probabilities.
        edges: (m + 1,) ends of the places.
        y: (n,) targets.
    """
    sums = np.cumsum(np.exp(logs), axis=1)
    first = (sums < TAIL).sum(1)
    last = np.minimum((sums < 1 - TAIL).sum(1), logs.shape[1] - 1)
    return float(((edges[first] <= y) & (y <= edges[last + 1])).mean())
