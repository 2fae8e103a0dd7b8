from __future__ import annotations

from pathlib import Path

from compwob_handmade import params, write

from evaluators.compwob.context import View, subjects
from evaluators.compwob.report import statistics
from evaluators.compwob.sections import composition_section, film_section, summary_section
from measurand import shards
from measurand.report.document import Table, Text
from measurand.report.lookup import Figures
from schemas.compwob.tables import FILMS

AGENTS = {
    "zero_shot@m": lambda s: s.order == "single" or s.seed % 6 == 0,
    "oracle": lambda s: True,
}


def test_the_summary_says_what_composing_costs_the_agents_that_are_measured(
    tmp_path: Path,
) -> None:
    given = params(AGENTS)
    results = write(tmp_path, given, AGENTS)
    everyone, figures = subjects(results, given), Figures(statistics(results, results, given))
    found = summary_section(View(everyone, figures))
    text, table = found.blocks[0], found.blocks[1]
    assert isinstance(text, Text)
    assert text.text.startswith("- zero_shot@m: the share of solved episodes is lower by")
    assert "oracle" not in text.text
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == list(AGENTS)
    (first, *_) = composition_section(View(everyone, figures)).blocks
    assert isinstance(first, Table)
    assert len(first.rows) == 6


def test_without_films_there_is_no_section_of_them(tmp_path: Path) -> None:
    given = params(AGENTS)
    results = write(tmp_path, given, AGENTS)
    assert film_section(View([], results=results)) is not None
    shards.write_dataset(results / "films", FILMS, FILMS.schema().empty_table())
    assert film_section(View([], results=results)) is None
