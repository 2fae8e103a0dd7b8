"""Gates: evidence to pass, fail, undecided or error, by confidence bounds instead of points."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from measurand.gates.outputs import write_outputs
    from measurand.gates.run import run_gates
    from measurand.gates.verdict import GateResult, Problem, Verdict

__all__ = ["GateResult", "Problem", "Verdict", "run_gates", "write_outputs"]

_HOMES = {
    "GateResult": "verdict",
    "Problem": "verdict",
    "Verdict": "verdict",
    "run_gates": "run",
    "write_outputs": "outputs",
}


def __getattr__(name: str) -> Any:
    """Load on first use: `measurand gate --help` needs neither Arrow nor pydantic."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
