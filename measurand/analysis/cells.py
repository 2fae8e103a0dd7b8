"""Figures of an analysis as cells of a page's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from measurand.reporting.document import Cell


def interval(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Estimate with its interval, or null with its reason."""
    if figure["value"] is not None and figure["ci_lo"] is None:
        return {"value": figure["value"], "reason": None}
    return {
        "estimate": figure["value"],
        "lower": figure["ci_lo"],
        "upper": figure["ci_hi"],
        "reason": figure["reason"],
    }


def value(found: Any, reason: str | None) -> Cell:
    """A figure, or null with its reason."""
    return {"value": found, "reason": None if found is not None else reason or "undefined"}
