"""Which pairs go into which step."""

from __future__ import annotations

from measurand.stats.resample import rng_for


def batches(n: int, size: int, steps: int, *words: str | int) -> list[list[int]]:
    """Indices of the pairs of every step: one permutation after another, cut into steps.

    Every pair is seen once before any is seen twice; a step may hold the end of one permutation and
    the begin of the next.

    Args:
        n: pairs.
        size: pairs a step; fewer where there are fewer pairs.
        steps: steps.
        words: words that the seed is made of.
    """
    size = min(size, n)
    stream: list[int] = []
    epoch = 0
    while len(stream) < steps * size:
        stream += rng_for(*words, epoch).permutation(n).tolist()
        epoch += 1
    return [stream[at : at + size] for at in range(0, steps * size, size)]
