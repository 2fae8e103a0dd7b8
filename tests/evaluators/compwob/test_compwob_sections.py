from __future__ import annotations

from pathlib import Path

from compwob_handmade import params, write

from evaluators.compwob.context import View, subjects
from evaluators.compwob.report import statistics
from evaluators.compwob.sections import composition_section, film_section, summary_section
from measurand import shards
from measurand.reporting.document import Table
from measurand.reporting.lookup import Figures
from schemas.compwob.tables import FILMS

AGENTS = {
    "zero_shot@m": lambda s: s.order == "single" or s.seed % 6 == 0,
    "oracle": lambda s: True,
}


def test_the_first_table_has_a_row_for_every_agent_and_no_second_opening(
    tmp_path: Path,
) -> None:
    given = params(AGENTS)
    results = write(tmp_path, given, AGENTS)
    everyone, figures = subjects(results, given), Figures(statistics(results, results, given))
    found = summary_section(View(everyone, figures))
    # What a sentence would say stands in the opening, once.
    [table] = found.blocks
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
