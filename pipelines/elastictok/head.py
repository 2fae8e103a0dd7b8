"""Regression of the number of tokens from pixels, threshold and cached past: one evaluation.

Yan et al. 2024 fine-tune their network to predict it from the frames. Here a small network is
trained after the tokenizer, whose weights stay: error curves of training blocks are measured at a
few numbers of tokens, and for thresholds from the lowest that a block reaches to one for all blocks
it learns the number that a search would find. With the pinball loss (Koenker & Bassett 1978) it
predicts a quantile of it.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for, seed_for
from measurand.training.fit import Plan
from measurand.training.fit import fit as fit_weights
from measurand.training.schedules import warm_then
from pipelines.elastictok import searches
from pipelines.elastictok.coding import Coder, Stream
from pipelines.elastictok.searches import Found, Search
from pipelines.elastictok.sequences import Sequences, spread
from schemas.elastictok.params import Params

Tensor = Any
Floats = npt.NDArray[np.float64]
Row = dict[str, Any]

LEVELS = (25, 50, 75, 90)
"""Percentiles of the training blocks' errors at which the regression is held against a constant."""
DRAWN = "reached, to a common top"
"""How thresholds are drawn; another way makes other weights."""


def curves(coder: Coder, data: Sequences, params: Params) -> tuple[Tensor, Floats, list[int]]:
    """Error curves of training blocks, each with a past of random length.

    Returns:
        (M, F) features, (M, B) errors, and the B numbers of tokens.
    """
    import torch

    head, train = params.train.head, params.train
    some = data.take(spread(data.rows, head.sequences))
    points = np.geomspace(train.min_tokens, coder.size.slots, head.budgets)
    grid = sorted({int(n) for n in np.rint(points)})
    rng = rng_for("elastictok", train.seed, "head", "past")
    chosen = rng.integers(train.min_tokens, coder.size.slots + 1, some.segments.shape)
    errors: dict[tuple[int, int], list[float]] = {}
    seen: list[Tensor] = []

    def probe(s: int, block: int) -> Search:
        errors[s, block] = yield grid
        [error] = yield [int(chosen[s, block])]
        return Found(int(chosen[s, block]), error, True, len(grid) + 1)

    def opened(stream: Stream, block: int) -> None:
        seen.append(stream.features())

    coder.code(some.frames, some.segments, probe, opened)
    pairs = [(s, b) for b in range(some.segments.shape[1]) for s in range(len(some))]
    return torch.cat(seen), np.array([errors[pair] for pair in pairs]), grid


def tokens_for(errors: Floats, grid: list[int], thresholds: Floats) -> Floats:
    """Tokens at which each curve first reaches its threshold, linear between measured ones.

    Args:
        errors: (M, B) errors.
        grid: B numbers of tokens, ascending.
        thresholds: (M,) thresholds.

    Returns:
        (M,) tokens; the last of the grid where the threshold is never reached.
    """
    n = np.array(grid, float)
    reached = errors <= thresholds[:, None]
    at = np.where(reached.any(1), reached.argmax(1), len(n) - 1)
    before = np.maximum(at - 1, 0)
    rows = np.arange(len(errors))
    high, low = errors[rows, before], errors[rows, at]
    with np.errstate(divide="ignore", invalid="ignore"):
        way = np.clip((high - thresholds) / (high - low), 0, 1)
    between = (at > 0) & reached.any(1)
    found: Floats = np.where(between, n[before] + way * (n[at] - n[before]), n[at])
    return found


def fit(coder: Coder, data: Sequences, params: Params) -> tuple[dict[str, Tensor], list[Row]]:
    """Train the regression.

    Returns:
        Its weights, with the scale of the features; and what :func:`check` says of them.
    """
    import torch

    head, seed = params.train.head, params.train.seed
    features, errors, grid = curves(coder, data, params)
    features = features.float().clone()  # measured in inference mode
    lowest, highest = np.quantile(errors, [0.02, 0.98])
    # Thresholds that a block does not reach all ask for K, and would drown the others. Those that
    # it reaches with the fewest tokens are drawn too: else easy blocks are never seen with them.
    least = np.log(errors.min(1))
    most = np.log(np.maximum(errors.max(1), highest))
    generator = torch.Generator().manual_seed(seed_for("elastictok", seed, "head", "weights"))
    sizes = [features.shape[1] + 1, head.width, head.width, 1]
    weights = {
        "mean": features.mean(0),
        "sd": features.std(0) + 1e-6,
        "scale": torch.tensor([np.log(lowest), np.log(highest)], dtype=torch.float32),
    }
    trained: dict[str, Tensor] = {}
    for i, (a, b) in enumerate(pairwise(sizes)):
        drawn = torch.randn(a, b, generator=generator) / a**0.5
        trained |= {f"w{i}": drawn.to(features.device), f"b{i}": torch.zeros(b).to(features.device)}
    for w in trained.values():
        w.requires_grad_()
    weights |= trained
    weights["scale"] = weights["scale"].to(features.device)

    def batch(step: int) -> tuple[Tensor, Tensor, Tensor]:
        rng = rng_for("elastictok", seed, "head", step)
        rows = rng.integers(0, len(errors), head.batch)
        limits = np.exp(rng.uniform(least[rows], most[rows]))
        target = tokens_for(errors[rows], grid, limits) / coder.size.slots
        on = features.device
        return (
            features[torch.from_numpy(rows)],
            torch.from_numpy(limits),
            torch.from_numpy(target).float().to(on),
        )

    def loss(asked: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        rows, limits, target = asked
        return pinball(target - predict(weights, rows, limits), head.quantile)

    rates = partial(warm_then, peak=head.lr, steps=head.steps)
    plan = Plan(head.steps, rates, weight_decay=1e-4, clip=None, log_every=head.steps)
    fit_weights(trained, batch, loss, plan, device=coder.device, label="train regression")
    weights = {name: w.detach() for name, w in weights.items()}
    return weights, check(weights, features, errors, grid, head.quantile)


def pinball(gap: Tensor, quantile: float) -> Tensor:
    """Mean pinball loss of truth minus prediction."""
    import torch

    return torch.maximum(quantile * gap, (quantile - 1) * gap).mean()


def check(
    weights: dict[str, Tensor], features: Tensor, errors: Floats, grid: list[int], quantile: float
) -> list[Row]:
    """Rows of ``elastictok.regression`` without their model: what it learned of its own blocks.

    The constant is the best there is for each threshold: the same quantile of the true numbers.

    Args:
        weights: the trained regression.
        features: (M, F) features of its training blocks.
        errors: (M, B) their errors.
        grid: B numbers of tokens, ascending; the last is K.
        quantile: that it predicts.
    """
    import torch

    rows = []
    for level in LEVELS:
        limit = float(np.percentile(errors, level))
        truth = tokens_for(errors, grid, np.full(len(errors), limit))
        limits = torch.full((len(errors),), limit)
        found = (predict(weights, features, limits) * grid[-1]).double().cpu().numpy()
        constant = np.quantile(truth, quantile, method="inverted_cdf")
        losses = [
            float(pinball(torch.from_numpy(truth - guess), quantile)) for guess in (found, constant)
        ]
        rows.append({
            "level": level,
            "limit": limit,
            "blocks": len(errors),
            "true_tokens": float(truth.mean()),
            "predicted_tokens": float(found.mean()),
            "loss": losses[0],
            "constant_loss": losses[1],
        })  # fmt: skip
    return rows


def predict(weights: dict[str, Tensor], features: Tensor, thresholds: Tensor) -> Tensor:
    """(B,) predicted share of K.

    Args:
        weights: from :func:`fit`.
        features: (B, F) of :meth:`pipelines.elastictok.coding.Stream.features`.
        thresholds: (B,) errors.
    """
    import torch

    low, high = weights["scale"]
    asked = (thresholds.float().to(features.device).log() - low) / (high - low) * 2 - 1
    scaled = (features - weights["mean"]) / weights["sd"]
    h = torch.cat((scaled, asked[:, None]), 1)
    h = torch.nn.functional.silu(h @ weights["w0"] + weights["b0"])
    h = torch.nn.functional.silu(h @ weights["w1"] + weights["b1"])
    return torch.sigmoid((h @ weights["w2"] + weights["b2"])[:, 0])


class Regression:
    """The search by regression: give both of its functions to :meth:`Coder.code`.

    Args:
        weights: from :func:`fit`.
        slots: K.
        span: tokens that may be used.
        threshold: the threshold.
    """

    def __init__(
        self, weights: dict[str, Tensor], slots: int, span: searches.Range, threshold: float
    ) -> None:
        self._weights = weights
        self._slots = slots
        self._span = span
        self._threshold = threshold
        self._predicted: list[float] = []

    def opened(self, stream: Stream, block: int) -> None:
        """Predict for every sequence at once."""
        import torch

        features = stream.features()
        limits = torch.full((len(features),), self._threshold)
        with torch.inference_mode():
            share = predict(self._weights, features, limits)
        self._predicted = (share * self._slots).tolist()

    def make(self, s: int, block: int) -> Search:
        """The search of one sequence's block."""
        return searches.regression(self._span, self._threshold, self._predicted[s])
