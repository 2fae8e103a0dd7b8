"""What each test needs from its gate, and which intervals fit which evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from measurand.gates.gatefile import Gate

#: What a gate of each test must name; of limit, margin and baseline it takes nothing else.
NEEDS: dict[str, tuple[str, ...]] = {
    "threshold": ("limit",),
    "non_inferiority": ("margin", "baseline"),
    "equivalence": ("margin", "baseline"),
    "superiority": ("baseline",),
    "regression": ("baseline",),
    "exact_equal": ("baseline",),
}
#: Tests whose single finding would be acted on: a family's correction applies to them alone.
FAMILY = ("superiority", "regression")
#: Intervals of one rate.
RATES = ("wilson", "clopper_pearson", "jeffreys")


def fault(gate: Gate) -> str | None:
    """Why a gate cannot be put as it stands, in words; None if it can."""
    needed = NEEDS[gate.test]
    if missing := [k for k in needed if getattr(gate, k) is None]:
        return f"test {gate.test} needs {' and '.join(missing)}"
    barred = [k for k in ("limit", "margin", "baseline") if k not in needed]
    if extra := [k for k in barred if getattr(gate, k) is not None]:
        return f"test {gate.test} takes no {' and no '.join(extra)}"
    if gate.source == "statistics" and gate.nan is not None:
        return "nan applies to items; a null statistic is governed by undefined"
    rows = ("unit", "cluster", "max_drop", "max_infra_errors")
    if gate.source == "statistics" and (extra := [k for k in rows if getattr(gate, k) is not None]):
        return f"{' and '.join(extra)} of items: a statistic is finished"
    return _interval(gate) or _unpaired(gate) or _sequential(gate)


def _one_sample(gate: Gate) -> bool:
    """Whether items are held against a fixed number."""
    return gate.baseline is None or gate.baseline.value is not None


def _interval(gate: Gate) -> str | None:
    interval = gate.interval
    if interval == "auto" or (interval == "t" and gate.test != "exact_equal"):
        return None
    if gate.test == "exact_equal":
        return "exact_equal compares scores as they are: it takes no interval"
    if gate.source == "statistics":
        return "interval applies to thresholds on items and comparisons of items"
    if interval in RATES and not _one_sample(gate):
        return (
            f"interval {interval} is of one rate: for thresholds on items and baselines of kind "
            "value; a difference of rates takes newcombe"
        )
    if interval == "newcombe" and _one_sample(gate):
        return "interval newcombe is of a difference of rates: it needs a baseline of file or ref"
    return None


def _unpaired(gate: Gate) -> str | None:
    if gate.paired:
        return None
    if gate.source == "statistics" or _one_sample(gate):
        return "paired: false needs items and a baseline of file or ref"
    if gate.test == "exact_equal" or gate.interval == "bootstrap":
        what = gate.test if gate.test == "exact_equal" else "interval bootstrap"
        return f"{what} needs pairs: leave paired out"
    return None


def _sequential(gate: Gate) -> str | None:
    if gate.sequential is None:
        return None
    if gate.source == "statistics" or gate.test == "exact_equal":
        return "sequential bets on scores of items: it needs from: items and a test with an error"
    if gate.interval != "auto" or not gate.paired:
        return "sequential makes its own bounds, of pairs: leave interval and paired out"
    return None
