"""Of each score how precise, how reliable, how valid it is, and whether it may pass.

What is public is listed here; all else may change without notice.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from measurand.version import __version__

if TYPE_CHECKING:
    from measurand.api.items import Analysis as Analysis
    from measurand.api.items import Comparison as Comparison
    from measurand.api.items import Mean as Mean
    from measurand.api.items import Pair as Pair
    from measurand.api.items import Rerun as Rerun
    from measurand.api.items import analyse as analyse
    from measurand.api.items import compare as compare
    from measurand.api.items import read as read
    from measurand.api.pictures import Svg as Svg
    from measurand.api.raters import Agreement as Agreement
    from measurand.api.raters import agreement as agreement
    from measurand.api.result import Figure as Figure
    from measurand.api.result import Result as Result
    from measurand.api.rows import Rows as Rows
    from measurand.api.scales import Reliability as Reliability
    from measurand.api.scales import reliability as reliability
    from measurand.errors import InputError as InputError
    from measurand.errors import MeasurandError as MeasurandError

#: Public name -> module that has it; loaded when it is first used.
_HOMES = {
    "Agreement": "measurand.api.raters",
    "Analysis": "measurand.api.items",
    "Comparison": "measurand.api.items",
    "Figure": "measurand.api.result",
    "InputError": "measurand.errors",
    "Mean": "measurand.api.items",
    "MeasurandError": "measurand.errors",
    "Pair": "measurand.api.items",
    "Reliability": "measurand.api.scales",
    "Rerun": "measurand.api.items",
    "Result": "measurand.api.result",
    "Rows": "measurand.api.rows",
    "Svg": "measurand.api.pictures",
    "agreement": "measurand.api.raters",
    "analyse": "measurand.api.items",
    "compare": "measurand.api.items",
    "read": "measurand.api.items",
    "reliability": "measurand.api.scales",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """Load a public name on first use: ``import measurand`` alone costs milliseconds."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
