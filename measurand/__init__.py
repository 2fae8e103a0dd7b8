"""Of each score how precise, how reliable, how valid it is, and whether it may pass.

What is public is listed here; all else may change without notice.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from measurand.version import __version__

if TYPE_CHECKING:
    from measurand.api.answers import Rescored as Rescored
    from measurand.api.answers import rescore as rescore
    from measurand.api.comparing import Comparison as Comparison
    from measurand.api.comparing import Rerun as Rerun
    from measurand.api.comparing import compare as compare
    from measurand.api.datasets import Published as Published
    from measurand.api.datasets import Verification as Verification
    from measurand.api.datasets import publish as publish
    from measurand.api.datasets import verify as verify
    from measurand.api.gating import GateOutcome as GateOutcome
    from measurand.api.gating import gate as gate
    from measurand.api.items import Analysis as Analysis
    from measurand.api.items import Mean as Mean
    from measurand.api.items import Pair as Pair
    from measurand.api.items import analyse as analyse
    from measurand.api.items import read as read
    from measurand.api.pictures import Svg as Svg
    from measurand.api.plans import Plan as Plan
    from measurand.api.plans import plan as plan
    from measurand.api.raters import Agreement as Agreement
    from measurand.api.raters import agreement as agreement
    from measurand.api.reports import Report as Report
    from measurand.api.reports import report as report
    from measurand.api.reports import run as run
    from measurand.api.result import Figure as Figure
    from measurand.api.result import Result as Result
    from measurand.api.rows import Rows as Rows
    from measurand.api.scales import Reliability as Reliability
    from measurand.api.scales import reliability as reliability
    from measurand.api.short_forms import Items as Items
    from measurand.api.short_forms import items as items
    from measurand.api.stages import Stage as Stage
    from measurand.api.stages import build as build
    from measurand.api.stages import evaluate as evaluate
    from measurand.api.stages import train as train
    from measurand.errors import InputError as InputError
    from measurand.errors import MeasurandError as MeasurandError

#: Public name -> module that has it; loaded when it is first used.
_HOMES = {
    "Agreement": "measurand.api.raters",
    "Analysis": "measurand.api.items",
    "Comparison": "measurand.api.comparing",
    "Figure": "measurand.api.result",
    "GateOutcome": "measurand.api.gating",
    "InputError": "measurand.errors",
    "Items": "measurand.api.short_forms",
    "Mean": "measurand.api.items",
    "MeasurandError": "measurand.errors",
    "Pair": "measurand.api.items",
    "Plan": "measurand.api.plans",
    "Published": "measurand.api.datasets",
    "Reliability": "measurand.api.scales",
    "Report": "measurand.api.reports",
    "Rerun": "measurand.api.comparing",
    "Rescored": "measurand.api.answers",
    "Result": "measurand.api.result",
    "Rows": "measurand.api.rows",
    "Stage": "measurand.api.stages",
    "Svg": "measurand.api.pictures",
    "Verification": "measurand.api.datasets",
    "agreement": "measurand.api.raters",
    "analyse": "measurand.api.items",
    "build": "measurand.api.stages",
    "compare": "measurand.api.comparing",
    "evaluate": "measurand.api.stages",
    "gate": "measurand.api.gating",
    "items": "measurand.api.short_forms",
    "plan": "measurand.api.plans",
    "publish": "measurand.api.datasets",
    "read": "measurand.api.items",
    "reliability": "measurand.api.scales",
    "report": "measurand.api.reports",
    "rescore": "measurand.api.answers",
    "run": "measurand.api.reports",
    "train": "measurand.api.stages",
    "verify": "measurand.api.datasets",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """Load a public name on first use: ``import measurand`` alone costs milliseconds."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
