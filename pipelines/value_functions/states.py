"""States as bytes: one bit a number, the newest picture alone, or float32; and back to arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.value_functions.atari import STACK, stacked
from pipelines.value_functions.players import bits
from schemas.value_functions.params import Atari, Control, Source

Array = npt.NDArray[Any]


def packer(source: Source) -> Callable[[Array], bytes]:
    """Makes bytes of a state of a source."""
    if isinstance(source, Atari):
        size = source.side**2
        return lambda state: state[-size:].tobytes()
    if isinstance(source, Control):
        return lambda state: state.astype("<f4").tobytes()
    return bits


def unpacked(states: Sequence[bytes], inputs: int) -> npt.NDArray[np.uint8]:
    """(n, inputs) of 0 and 1 from bits as the tables hold them."""
    flat = np.frombuffer(b"".join(states), np.uint8).reshape(len(states), -1)
    found: npt.NDArray[np.uint8] = np.unpackbits(flat, axis=1, count=inputs)
    return found


def arrays(
    source: Source,
    states: Sequence[bytes],
    after: Sequence[bytes],
    episode: Array,
    t: Array,
    inputs: int,
) -> tuple[Array, Array]:
    """(n, inputs) states and those that followed, of rows in the order of episode and step."""
    if isinstance(source, Atari):
        old, new = (
            np.frombuffer(b"".join(part), np.uint8).reshape(len(part), -1)
            for part in (states, after)
        )
        before = stacked(old, episode, t)
        followed = np.concatenate([before[:, old.shape[1] :], new], 1)
        assert before.shape[1] == inputs == STACK * old.shape[1]
        return before, followed
    if isinstance(source, Control):
        found = [
            np.frombuffer(b"".join(part), "<f4").reshape(len(part), inputs)
            for part in (states, after)
        ]
        return found[0], found[1]
    return unpacked(states, inputs), unpacked(after, inputs)
