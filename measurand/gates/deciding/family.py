"""Correction for many findings: the level at which each gate of a family is decided.

Applies to superiority and regression, where any single finding would be acted on. An adjusted p at
most alpha is the same as a p at most alpha divided by what the adjustment multiplied it with; the
bounds are made at that level, so that one rule decides with and without a family.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from measurand.gates.cases import Case
from measurand.gates.deciding.decisions import Level
from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.questions import FAMILY, Family
from measurand.stats.multiplicity import benjamini_hochberg, holm

_ADJUST: dict[str, Callable[[Sequence[float | None]], list[float | None]]] = {
    "holm": holm,
    "bh": benjamini_hochberg,
    "none": list,
}
_WORDS = {
    "holm": "Holm's correction",
    "bh": "Benjamini and Hochberg's correction",
    "none": "no correction",
}


def levels(cases: Sequence[Case], family: Family | None, looks: Sequence[int]) -> list[Level]:
    """The level of each case.

    Args:
        cases: all cases of a gate file.
        family: the correction asked for.
        looks: at which look each case is; its level is divided by it.
    """
    plain = [
        (family.alpha if family is not None and case.gate.test in FAMILY else case.gate.alpha) / k
        for case, k in zip(cases, looks, strict=True)
    ]
    if family is None:
        return [Level(alpha, alpha) for alpha in plain]
    members = [i for i, case in enumerate(cases) if case.gate.test in FAMILY and case.open]
    p = [_p(cases[i], plain[i]) for i in members]
    size = sum(x is not None for x in p)
    # Looks are a correction of their own: a p at look k counts k times. Made small first, no p is
    # cut off at 1, and what it was multiplied with can be read off.
    scale = 1 / (max(looks, default=1) * (size + 1))
    weighed = [None if x is None else x * looks[i] * scale for i, x in zip(members, p, strict=True)]
    adjusted = _ADJUST[family.correction](weighed)
    words = f"{_WORDS[family.correction]} over {size} gate{'' if size == 1 else 's'}"
    found = [Level(alpha, alpha) for alpha in plain]
    for i, before, after in zip(members, weighed, adjusted, strict=True):
        if before is None or after is None:
            found[i] = Level(plain[i] / max(1, size), plain[i], None, words)
            continue
        # A p of 0 says nothing of its factor: the whole family is the largest.
        factor = max(1.0, after / before) if before > 0 else float(size)
        found[i] = Level(plain[i] / factor, plain[i], min(1.0, after / scale), words)
    return found


def _p(case: Case, alpha: float) -> float | None:
    try:
        p = case.bounds(alpha).p
    except EvidenceError:
        return None
    # Figures that overflow have none; the gate itself becomes an error.
    return p if p is not None and math.isfinite(p) else None
