from __future__ import annotations

from measurand.commands.report import _metrics, _plot_rows


def test_metrics_are_nested_for_dvc_and_leave_out_what_is_undefined() -> None:
    rows = [
        {"model": "m", "metric": "alpha", "slice": "scale=A", "estimate": 0.71234567,
         "ci_lo": 0.6, "ci_hi": None},
        {"model": "m", "metric": "alpha", "slice": "scale=B", "estimate": None,
         "ci_lo": None, "ci_hi": None},
        {"model": "m", "metric": "other", "slice": "", "estimate": 1.0, "ci_lo": 0, "ci_hi": 2},
    ]  # fmt: skip
    made = _metrics(rows, ("alpha",), "fail")
    assert made == {
        "verdict": "fail",
        "m": {"alpha[scale=A]": {"estimate": 0.712346, "ci_lo": 0.6}},
    }
    assert _plot_rows(made) == ("score,estimate,ci_lo,ci_hi\nm: alpha[scale=A],0.712346,0.6,\n")
