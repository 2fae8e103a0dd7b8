"""Losses of a Q-network as programs, with their gradients.

After the space of Co-Reyes, Miao, Peng, Real, Levine, Le, Lee and Faust (2021), Evolving
reinforcement learning algorithms, ICLR, arXiv 2101.03958: a loss is a graph over a step that was
taken, of the network's values before and behind it and of those of a copy that lags behind. The
operations are ours. Gradients run through both values of the network, never through the copy's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.guided_evolution.programs import Grammar, Op, Program, tidy

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
TINY = 1e-12
"""Least probability whose logarithm is taken."""
_V, _P, _A, _N = "values", "policy", "action", "number"
GRAMMAR = Grammar(
    (
        Op("q", gives=_V),
        Op("q_next", gives=_V),
        Op("target", gives=_V),
        Op("action", gives=_A),
        Op("reward", gives=_N),
        Op("discount", gives=_N),
        Op("constant", gives=_N, constant=True),
        Op("at", (_V, _A), _N),
        Op("highest", (_V,), _N),
        Op("average", (_V,), _N),
        Op("logsumexp", (_V,), _N),
        Op("argmax", (_V,), _A),
        Op("softmax", (_V,), _P),
        Op("expected", (_P, _V), _N),
        Op("entropy", (_P,), _N),
        Op("add", (_N, _N), _N, commutes=True),
        Op("sub", (_N, _N), _N),
        Op("mul", (_N, _N), _N, commutes=True),
        Op("minimum", (_N, _N), _N, commutes=True),
        Op("maximum", (_N, _N), _N, commutes=True),
        Op("square", (_N,), _N),
        Op("abs", (_N,), _N),
    ),
    gives=_N,
    max_nodes=20,
    constants=(0.01, 2.0),
    signed=False,
    inputs=("q",),
)
"""Losses; ``discount`` is 0 where an episode ended, ``target`` the values of the copy behind."""


class Batch(NamedTuple):
    """Steps that were taken, n of them in any shape.

    Attributes:
        q: (..., actions) the network's values before each step.
        q_next: (..., actions) its values behind it.
        target: (..., actions) those of the copy behind it.
        action: (...) what was done.
        reward: (...) what it brought.
        discount: (...) what the future counts for; 0 where there is none.
    """

    q: FloatArray
    q_next: FloatArray
    target: FloatArray
    action: IntArray
    reward: FloatArray
    discount: FloatArray


class Slopes(NamedTuple):
    """Gradients of each step's loss by the network's values; None where there are none."""

    q: FloatArray | None
    q_next: FloatArray | None


def _put(values: FloatArray, action: IntArray, what: FloatArray) -> FloatArray:
    flat = np.zeros((action.size, values.shape[-1]))
    flat[np.arange(len(flat)), action.ravel()] = what.ravel()
    return flat.reshape(values.shape)


def _at(values: FloatArray, action: IntArray) -> FloatArray:
    flat = values.reshape(-1, values.shape[-1])
    out: FloatArray = flat[np.arange(len(flat)), action.ravel()].reshape(action.shape)
    return out


def _softmax(values: FloatArray) -> FloatArray:
    z = np.exp(values - values.max(-1, keepdims=True))
    out: FloatArray = z / z.sum(-1, keepdims=True)
    return out


def _logsumexp(values: FloatArray) -> FloatArray:
    top = values.max(-1, keepdims=True)
    out: FloatArray = np.log(np.exp(values - top).sum(-1)) + top[..., 0]
    return out


def _less(a: Any, b: Any) -> Any:
    """1 where a is less, 0 where b is, and a half where they are equal, as PyTorch has it."""
    return 0.5 * (1 - np.sign(np.subtract(a, b)))


@dataclass(frozen=True)
class _Does:
    """What an operation computes, and its gradients by its arguments.

    Attributes:
        value: of the arguments.
        slopes: of the gradient by the value, the value and the arguments: one an argument, None
            of an action.
    """

    value: Callable[..., Any]
    slopes: Callable[..., tuple[Any, ...]]


_DO: Mapping[str, _Does] = {
    "at": _Does(_at, lambda g, y, v, a: (_put(v, a, g), None)),
    "highest": _Does(lambda v: v.max(-1), lambda g, y, v: (_put(v, v.argmax(-1), g),)),
    "average": _Does(
        lambda v: v.mean(-1),
        lambda g, y, v: (np.broadcast_to(g[..., None] / v.shape[-1], v.shape),),
    ),
    "logsumexp": _Does(_logsumexp, lambda g, y, v: (g[..., None] * _softmax(v),)),
    "argmax": _Does(lambda v: v.argmax(-1), lambda g, y, v: (None,)),
    "softmax": _Does(_softmax, lambda g, y, v: (y * (g - (g * y).sum(-1, keepdims=True)),)),
    "expected": _Does(
        lambda p, v: (p * v).sum(-1), lambda g, y, p, v: (g[..., None] * v, g[..., None] * p)
    ),
    "entropy": _Does(
        lambda p: -(p * np.log(np.maximum(p, TINY))).sum(-1),
        lambda g, y, p: (-g[..., None] * (np.log(np.maximum(p, TINY)) + (p >= TINY)),),
    ),
    "add": _Does(lambda a, b: a + b, lambda g, y, a, b: (g, g)),
    "sub": _Does(lambda a, b: a - b, lambda g, y, a, b: (g, -g)),
    "mul": _Does(lambda a, b: a * b, lambda g, y, a, b: (g * b, g * a)),
    "minimum": _Does(np.minimum, lambda g, y, a, b: (g * _less(a, b), g * _less(b, a))),
    "maximum": _Does(np.maximum, lambda g, y, a, b: (g * _less(b, a), g * _less(a, b))),
    "square": _Does(lambda a: a * a, lambda g, y, a: (2 * g * a,)),
    "abs": _Does(np.abs, lambda g, y, a: (g * np.sign(a),)),
}
_LEARNED = ("q", "q_next")


class Loss:
    """A loss that can be asked for values and gradients.

    Args:
        program: the loss.
    """

    def __init__(self, program: Program) -> None:
        self._nodes = [
            (GRAMMAR.ops[op].name, mine, number)
            for op, mine, number in zip(program.ops, program.args, program.consts, strict=True)
        ]
        learned: list[bool] = []
        for name, mine, _ in self._nodes:
            learned.append(name in _LEARNED or (name != "argmax" and any(learned[a] for a in mine)))
        self._learned = learned
        names = {name for (name, *_), mine in zip(self._nodes, learned, strict=True) if mine}
        self.reads = frozenset(name for name, *_ in self._nodes)
        """Operations that it has."""
        self.learns = learned[-1]
        """Whether the loss depends on what is learned, and not through a choice alone."""
        self.learns_behind = self.learns and "q_next" in names

    def _values(self, batch: Batch) -> list[Any]:
        found: list[Any] = []
        for name, mine, number in self._nodes:
            if mine:
                found.append(_DO[name].value(*[found[a] for a in mine]))
            else:
                found.append(number if name == "constant" else getattr(batch, name))
        return found

    def values(self, batch: Batch) -> FloatArray:
        """(...) the loss of each step."""
        with np.errstate(all="ignore"):
            out: FloatArray = np.broadcast_to(self._values(batch)[-1], batch.reward.shape)
        return out

    def slopes(self, batch: Batch) -> Slopes:
        """Gradients of each step's loss, from the last node back (Linnainmaa 1970)."""
        if not self.learns:
            return Slopes(None, None)
        with np.errstate(all="ignore"):
            found = self._values(batch)
            back: list[Any] = [None] * len(found)
            back[-1] = np.ones(batch.reward.shape)
            for at in range(len(found) - 1, -1, -1):
                name, mine, _ = self._nodes[at]
                if not mine or back[at] is None or not self._learned[at]:
                    continue
                parts = _DO[name].slopes(back[at], found[at], *[found[a] for a in mine])
                for a, part in zip(mine, parts, strict=True):
                    if part is not None and self._learned[a]:
                        back[a] = part if back[a] is None else back[a] + part
        by = {name: back[at] for at, (name, *_) in enumerate(self._nodes) if name in _LEARNED}
        return Slopes(by.get("q"), by.get("q_next"))


_Node = tuple[str, tuple[int, ...], float]
_SEEN: list[_Node] = [
    ("q", (), 0), ("action", (), 0), ("at", (0, 1), 0), ("reward", (), 0), ("discount", (), 0),
    ("target", (), 0),
]  # fmt: skip
"""Nodes 0 to 5: what every known loss begins with; node 2 is the value of what was done."""
_ERROR: list[_Node] = [
    *_SEEN, ("highest", (5,), 0), ("mul", (4, 6), 0), ("add", (3, 7), 0), ("sub", (2, 8), 0),
]  # fmt: skip
"""Node 9: the temporal-difference error."""
KNOWN: Mapping[str, list[_Node]] = {
    "dqn": [*_ERROR, ("square", (9,), 0)],
    "double_dqn": [
        *_SEEN, ("q_next", (), 0), ("argmax", (6,), 0), ("at", (5, 7), 0), ("mul", (4, 8), 0),
        ("add", (3, 9), 0), ("sub", (2, 10), 0), ("square", (11,), 0),
    ],
    "huber": [
        *_ERROR, ("abs", (9,), 0), ("constant", (), 1.0), ("minimum", (10, 11), 0),
        ("constant", (), 0.5), ("mul", (12, 13), 0), ("sub", (10, 14), 0), ("mul", (12, 15), 0),
    ],
    "dqn_reg": [
        *_ERROR, ("square", (9,), 0), ("constant", (), 0.1), ("mul", (11, 2), 0),
        ("add", (10, 12), 0),
    ],
}  # fmt: skip
"""DQN's squared error (Mnih et al. 2015, Nature 518, 529-533); its target chosen by the network
(van Hasselt, Guez & Silver 2016, AAAI, arXiv 1509.06461); Huber's in place of the square; and
DQNReg, which Co-Reyes et al. (2021) found."""


def known(name: str) -> Program:
    """A known loss, by its name in :data:`KNOWN`."""
    ops, args, numbers = zip(*KNOWN[name], strict=True)
    return tidy(GRAMMAR, [GRAMMAR.place(op) for op in ops], args, numbers, len(ops) - 1)
