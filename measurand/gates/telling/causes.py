"""Why gates do not pass, gates of one cause together.

Reads plain gates, as verdict files hold them, so that the sentence, the page and the terminal tell
the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Gate = Mapping[str, Any]

WORST_FIRST = ("error", "fail", "inconclusive")
MOST_NAMED = 3
"""Causes that one sentence names."""
# The evidence words differ by statistic; that nothing varies is one cause.
_CONSTANT = re.compile(r"\b(never|not) var(y|ies)\b")


@dataclass(frozen=True)
class Cause:
    """Gates that share a state and the reason for it.

    Attributes:
        state: ``error``, ``fail`` or ``inconclusive``.
        why: the reason, figures included, without a stop.
        gates: in file order.
    """

    state: str
    why: str
    gates: tuple[Gate, ...]

    @property
    def who(self) -> str:
        """The gate's id, or how many gates there are."""
        ids = {str(gate.get("id")) for gate in self.gates}
        if len(self.gates) == 1:
            return ids.pop()
        return (
            f"{len(self.gates)} of {ids.pop()}"
            if len(ids) == 1
            else f"{len(self.gates)} gates for one cause"
        )


def causes(gates: Iterable[Gate]) -> list[Cause]:
    """The causes of all gates that do not pass: the worst state first, then the most gates."""
    groups: dict[tuple[Any, ...], list[Gate]] = {}
    for gate in gates:
        if gate.get("state") != "pass":
            groups.setdefault(_key(gate), []).append(gate)
    found = [Cause(_state(some[0]), _why(some), tuple(some)) for some in groups.values()]
    return sorted(found, key=lambda c: (WORST_FIRST.index(c.state), -len(c.gates)))


def reasons(gates: Iterable[Gate]) -> str:
    """``reliable (alpha is 0.61; at least 0.7 is asked)``: what decides a verdict, in words.

    Only gates in the worst state decide it; those that only warn do not. Causes beyond
    :data:`MOST_NAMED` are counted. Empty where all gates pass.
    """
    found = causes(gate for gate in gates if gate.get("effect", gate.get("state")) != "pass")
    found = [cause for cause in found if cause.state == found[0].state]
    words = [f"{cause.who} ({cause.why})" for cause in found[:MOST_NAMED]]
    left = sum(len(cause.gates) for cause in found[MOST_NAMED:])
    return "; ".join([*words, *([f"and {left} more"] if left else [])])


def _state(gate: Gate) -> str:
    state = str(gate.get("state"))
    return state if state in WORST_FIRST else "error"


def _key(gate: Gate) -> tuple[Any, ...]:
    if gate.get("estimate") is None:
        detail = str(gate.get("detail") or gate.get("reason_code") or "")
        return _state(gate), "vary" if _CONSTANT.search(detail) else detail
    limits = (gate.get(key) for key in ("id", "metric", "direction", "limit", "margin"))
    return _state(gate), gate.get("reason_code"), *limits


def _why(gates: Sequence[Gate]) -> str:
    first = gates[0]
    if first.get("estimate") is None:
        details = Counter(
            str(g.get("detail") or g.get("reason_code") or "no figure") for g in gates
        )
        if len(details) > 1:
            return f"no variation: {details.most_common(1)[0][0]}"
        return next(iter(details))
    metric = str(first.get("metric") or "its figure")
    return f"{metric} is {_found(gates)}{_asked(first)}"


def _found(gates: Sequence[Gate]) -> str:
    values = sorted(float(gate["estimate"]) for gate in gates)
    if len(values) > 1:
        return f"{_short(values[0])} to {_short(values[-1])}"
    lower, upper = gates[0].get("lower"), gates[0].get("upper")
    if gates[0].get("state") != "inconclusive" or lower is None or upper is None:
        return _short(values[0])
    return f"{_short(values[0])}, between {_short(lower)} and {_short(upper)}"


def _asked(gate: Gate) -> str:
    limit, margin = gate.get("limit"), gate.get("margin")
    if limit is not None:
        side = "at least" if gate.get("direction") == "higher" else "at most"
        return f"; {side} {_short(limit)} is asked"
    if margin is not None:
        return f" off its baseline; {_short(margin)} is allowed"
    return " off its baseline" if gate.get("baseline") else ""


def _short(value: float) -> str:
    """Three significant digits."""
    return f"{value + 0.0:.3g}"
