from __future__ import annotations

from measurand.analysis.cells import interval, value


def test_a_figure_keeps_its_interval_or_its_reason() -> None:
    whole = {"value": 1.0, "ci_lo": 0.5, "ci_hi": 1.5, "reason": None}
    assert interval(whole) == {"estimate": 1.0, "lower": 0.5, "upper": 1.5, "reason": None}
    assert interval({**whole, "ci_lo": None}) == {"value": 1.0, "reason": None}
    nothing = {"value": None, "ci_lo": None, "ci_hi": None, "reason": "one item"}
    assert interval(nothing)["reason"] == "one item"
    assert value(None, None) == {"value": None, "reason": "undefined"}
    assert value(0, "never told") == {"value": 0, "reason": None}
