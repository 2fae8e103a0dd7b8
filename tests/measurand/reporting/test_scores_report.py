from __future__ import annotations

from typing import Any

from measurand.reporting.cells import lay_out
from measurand.reporting.document import Table
from measurand.reporting.scores import COLUMNS, cells, chosen, gate_states, section
from measurand.statistics import EXACT, statistic_row
from measurand.stats.estimate import Estimate, undefined

PLAIN = Estimate(
    0.7, se=0.05, ci_lo=0.6, ci_hi=0.8, lower=0.62, upper=0.78, method="t", n=40, n_clusters=10
)
COUNT = Estimate(3.0, ci_lo=3.0, ci_hi=3.0, lower=3.0, upper=3.0, method=EXACT, n=9)


def row(
    metric: str,
    found: Estimate = PLAIN,
    model: str = "m",
    reliability: float | None = None,
    **parts: str,
) -> dict[str, Any]:
    return statistic_row("toy", model, metric, parts, found, reliability=reliability)


def verdict(*gates: tuple[str, str, str, str]) -> dict[str, Any]:
    keys = ("model", "metric", "slice", "state")
    return {
        "state": "fail",
        "gates": [{"source": "statistics", **dict(zip(keys, g, strict=True))} for g in gates],
    }


def texts(of: dict[str, Any], states: dict[tuple[str, str, str], str]) -> dict[str, str]:
    laid = lay_out(Table("t", COLUMNS, (cells(of, states),)))
    notes = dict(laid.reasons)
    return {
        name: notes.get(cell.note, cell.text)
        for name, cell in zip(COLUMNS, laid.rows[0], strict=True)
    }


def test_a_score_with_everything() -> None:
    states = {("m", "alpha", "scale=A"): "fail"}
    found = texts(row("alpha", reliability=0.83, scale="A"), states)
    assert found["estimate"] == "0.70 [0.60, 0.80]"
    assert (found["reliability"], found["n"], found["clusters"]) == ("0.83", "40", "10")
    assert float(found["smallest detectable"]) > 0.1
    assert found["gate"] == "fail"


def test_what_does_not_apply_is_null_with_its_reason() -> None:
    count = texts(row("leaks", COUNT), {})
    assert count["estimate"] == "3"
    assert count["reliability"] == "a count: no error of measurement"
    assert count["smallest detectable"] == "a count: no sampling error"
    assert count["gate"] == "no gate reads it"
    nothing = texts(row("alpha", undefined("no item varies", n=4)), {})
    assert nothing["estimate"] == "no item varies"
    assert nothing["reliability"] == nothing["smallest detectable"] == "no estimate"
    plain = texts(row("mean", Estimate(0.5, n=4)), {})
    assert plain["reliability"] == "its system computes none for this figure"
    assert plain["smallest detectable"] == "no standard error"


def test_a_table_a_metric_headlines_in_their_order_then_the_others() -> None:
    rows = [
        row("zeta"),
        row("mean", reliability=0.9),
        row("gated", scale="A"),
        row("alpha", scale="A"),
        row("alpha", scale="B"),
        row("left_out"),
    ]
    found = section(rows, ("zeta", "alpha"), verdict(("m", "gated", "scale=A", "pass")))
    assert found is not None
    tables = [block for block in found.blocks if isinstance(block, Table)]
    assert [table.caption for table in tables] == ["zeta", "alpha", "gated", "mean"]
    assert [len(table.rows) for table in tables] == [1, 2, 1, 1]
    assert tables[0].rows[0][0] == {"text": "overall", "detail": "m"}
    assert section([row("left_out")], ("zeta",), None) is None


def test_the_worst_gate_of_a_figure_and_gates_on_items_are_not_its() -> None:
    found = verdict(("m", "alpha", "", "pass"), ("m", "alpha", "", "fail"))
    found["gates"].append({"source": "items", "model": "m", "metric": "x", "state": "fail"})
    assert gate_states(found) == {("m", "alpha", ""): "fail"}
    assert gate_states(None) == {}


def test_gated_figures_first_then_judged_models_then_coarse_slices() -> None:
    rows = [
        row("alpha", model="other"),
        row("alpha", scale="A", form="x"),
        row("alpha", scale="B"),
        row("alpha", undefined("no"), scale="C"),
        row("alpha", scale="D", form="y"),
    ]
    gates = verdict(("m", "alpha", "form=y,scale=D", "pass"))
    order = [(r["model"], r["slice"]) for r in chosen(rows, ("alpha",), gates, 9)]
    assert order == [
        ("m", "form=y,scale=D"),
        ("m", "scale=B"),
        ("m", "form=x,scale=A"),
        ("m", "scale=C"),
        ("other", ""),
    ]
    assert chosen(rows[::-1], ("alpha",), gates, 2) == chosen(rows, ("alpha",), gates, 2)


def test_the_order_of_the_rows_changes_nothing() -> None:
    rows = [row("alpha", scale=s, model=m) for m in "ab" for s in "CABD"]
    expected = section(rows, ("alpha",), None)
    for turn in range(len(rows)):
        assert section(rows[turn:] + rows[:turn][::-1], ("alpha",), None) == expected
