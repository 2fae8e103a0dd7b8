from __future__ import annotations

from pathlib import Path

from compwob_handmade import params, write

from evaluators.compwob.context import View, subjects
from evaluators.compwob.quality_sections import (
    complexity_section,
    cost_section,
    failure_section,
    instrument_section,
    method_section,
)
from evaluators.compwob.report import statistics
from measurand.reporting.document import Table, Text
from measurand.reporting.lookup import Figures

AGENTS = {"zero_shot@m": lambda s: s.seed % 2 == 0, "oracle": lambda s: True}


def test_the_sections_hold_what_they_promise(tmp_path: Path) -> None:
    given = params(AGENTS)
    results = write(tmp_path, given, AGENTS)
    everyone, figures = subjects(results, given), Figures(statistics(results, results, given))
    assert len(complexity_section(View(everyone, figures)).blocks) == 2
    reasons = failure_section(View(everyone, figures)).blocks[0]
    assert isinstance(reasons, Table)
    assert {row[1] for row in reasons.rows} == {"a part was done wrongly at the end"}
    words = instrument_section(View(everyone, figures, results=results)).blocks[-1]
    assert isinstance(words, Text)
    assert "was refused" in words.text
    (times,) = cost_section(View([], results=results)).blocks
    assert isinstance(times, Table)
    assert times.rows[0][2] == 0.9
    method = method_section(View(everyone, figures))
    assert "94.0" in method.intro
    iccs = method.blocks[-1]
    assert isinstance(iccs, Table)
    assert [row[0]["text"] for row in iccs.rows] == ["zero_shot@m"] * 3 + ["oracle"] * 3
    assert iccs.rows[-1][1]["reason"] == "every episode scores alike"


def test_where_all_end_alike_nothing_is_regressed(tmp_path: Path) -> None:
    agents = {"oracle": lambda s: True}
    given = params(agents)
    results = write(tmp_path, given, agents)
    figures = Figures(statistics(results, results, given))
    (only,) = complexity_section(View(subjects(results, given), figures)).blocks
    assert isinstance(only, Text)
