"""What a trained network makes of its inputs: how many directions, how many units, how sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.value_functions import networks
from pipelines.value_functions.losses import Head
from pipelines.value_functions.networks import Weights
from schemas.value_functions.params import SCALAR

HELD = 0.99
MOST = 512
"""Inputs that are looked at."""


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


def described(weights: Weights, head: Head, x: npt.NDArray[Any]) -> list[dict[str, Any]]:
    """Per seed: ``rank``, share of ``dead`` units, mean ``entropy`` of the head (None of a scalar).

    Args:
        weights: S networks.
        head: their end.
        x: (n, D) inputs; the first of them are used.
    """
    import torch

    with torch.inference_mode():
        some = torch.from_numpy(x[:MOST]).float()
        features = networks.features(weights, some)
        out = networks.outputs(weights, some)
        entropy: list[float | None] = [None] * len(features)
        if head.loss not in SCALAR:
            logs = head.log_probabilities(out.unflatten(-1, (-1, head.outputs)))
            entropy = (-(logs.exp() * logs).sum(-1).mean((1, 2))).tolist()
    return [
        {
            "seed": seed,
            "rank": effective_rank(own),
            "dead": float((own <= 0).all(0).mean()),
            "entropy": None if sure is None else max(0.0, sure),
        }
        for seed, (own, sure) in enumerate(zip(features.numpy(), entropy, strict=True))
    ]
