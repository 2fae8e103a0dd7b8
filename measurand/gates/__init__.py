"""Gates: evidence to pass, fail, undecided or error, by confidence bounds instead of points.

``command`` (the verb) and the report stage call ``run.run_gates``. It reads the gate file
(``gatefile``) into ``questions`` and opens the evidence (``reading.sources``); ``cases`` then makes
one case of each gate, model and slice: it asks ``reading`` for one score an item or a finished
figure, and keeps a function of ``figures`` that gives its bounds at any level. ``run`` finds the
level of each case (``deciding.family``, ``looks``, ``tries``), asks for the bounds, lets
``deciding.decisions`` decide, and puts the results into one ``verdict``. From that object alone
``telling`` makes sentences, reasons, JSON, JUnit, Markdown and text; nothing is decided twice.
Imports go the same way: ``reading`` and ``figures`` know nothing of ``deciding``, and nobody but
``run``, ``verdict`` and ``command`` knows ``telling``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from measurand.gates.run import run_gates
    from measurand.gates.telling.outputs import write_outputs
    from measurand.gates.verdict import GateResult, Problem, Verdict

__all__ = ["GateResult", "Problem", "Verdict", "run_gates", "write_outputs"]

_HOMES = {
    "GateResult": "verdict",
    "Problem": "verdict",
    "Verdict": "verdict",
    "run_gates": "run",
    "write_outputs": "telling.outputs",
}


def __getattr__(name: str) -> Any:
    """Load on first use: `measurand gate --help` needs neither Arrow nor pydantic."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
