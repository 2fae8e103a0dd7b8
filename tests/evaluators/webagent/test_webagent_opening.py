from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from evaluators.webagent import report
from evaluators.webagent.evaluate.context import View
from evaluators.webagent.opening import opening
from measurand.reporting.lookup import Figures
from schemas.webagent.params import Params


def test_findings_come_first_with_their_intervals(seen: View) -> None:
    found = opening(seen)
    assert found is not None
    said = found.findings
    assert said[0] == (
        "full carries out 0.80 [0.68, 0.88] of its instructions (60 episodes) and "
        "0.90 [0.84, 0.96] of what they ask for."
    )
    assert "the snippet adds 0.40 [0.27, 0.53] (McNemar's p 1.2e-07)" in said[1]
    assert "the planner's words adds" not in said[1]
    assert "the planner's words add 0.50" in said[1]
    assert "planning 0.05" in said[2]
    assert said[3].startswith("Snippets around other elements of the page cost 0.65")
    assert said[4].startswith("Controls: rules that know the steps carry out 1.00")
    assert found.figure is not None
    assert (found.figure["model"], found.figure["metric"]) == ("full", "success")


def test_without_agents_there_is_no_first_screen(seen: View) -> None:
    assert opening(replace(seen, found=replace(seen.found, everyone=[]))) is None


def test_what_rules_do_without_a_snippet_is_a_control(
    results: Path, params: Params, table: pa.Table
) -> None:
    agents = tuple(
        one.model_copy(update={"planner": "oracle"}) if one.name == "told" else one
        for one in params.evaluate.agents
    )
    given = params.evaluate.model_copy(update={"agents": agents})
    changed = params.model_copy(update={"evaluate": given})
    found = opening(report.view(results, results, table, changed))
    assert found is not None
    assert "rules that see no snippet 0.40 [0.29, 0.53]" in found.findings[-1]


def test_a_score_without_an_interval_is_left_to_the_tables(seen: View) -> None:
    rows = [
        {**row, "ci_lo": None, "ci_hi": None} if row["metric"] == "score" else row
        for name in seen.figures.models
        for metric in ("success", "score")
        for row in seen.figures.metrics(name, metric)
    ]
    found = opening(replace(seen, figures=Figures(pa.Table.from_pylist(rows))))
    assert found is not None
    assert found.findings[0].endswith("of its instructions (60 episodes).")
