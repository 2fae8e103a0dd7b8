"""Sequential parity: after every bit, is the number of ones so far odd or even?

Agarwal et al. 2024, section 4 (20 bits there). A small model can hold neither the rule nor the
state; exact match and the share of right positions tell how far it gets.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from measurand.errors import ParamsError
from measurand.stats.resample import rng_for
from pipelines.many_shot.example import Drawn, Example
from pipelines.many_shot.tasks import wanted
from schemas.many_shot.params import Parity, Task

WORDS = ("Even", "Odd")
_ALL = 20
"""Up to so many bits, all strings are listed and shuffled."""


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Distinct bit strings, uniformly without replacement.

    Raises:
        ParamsError: there are fewer strings than the task needs.
    """
    bits = cast(Parity, task.source).bits
    needed = task.train + task.dev + task.test
    if needed > 2**bits:
        raise ParamsError(
            f"{task.id}: {needed} examples of {bits} bits, there are {2**bits}",
            hint="ask for fewer, or for more bits",
        )
    rng = rng_for("many_shot", task.id, seed)
    n = min(wanted(task), 2**bits)
    if bits <= _ALL:
        numbers = rng.permutation(2**bits)[:n].tolist()
    else:
        found: dict[int, None] = {}
        while len(found) < n:
            found |= dict.fromkeys(rng.integers(0, 2**bits, n, np.uint64).tolist())
        numbers = list(found)[:n]
    texts = [" ".join(format(number, f"0{bits}b")) for number in numbers]
    return Drawn([_example(text) for text in texts], "measurand", f"{bits} bits; seed {seed}")


def answer(text: str) -> str:
    """The right answer to a question's text: one word a bit."""
    odd, words = 0, []
    for bit in text.split():
        odd ^= int(bit)
        words.append(WORDS[odd])
    return " ".join(words)


def _example(text: str) -> Example:
    return Example(text, answer(text), text.replace(" ", ""), text, verifier="sequence")
