from __future__ import annotations

import pytest
from compwob_handmade import params, write

from evaluators.compwob import report as report_module
from evaluators.compwob.report import HEADLINES, statistics
from measurand.reporting.document import Document, Figure, to_json
from measurand.reporting.render import to_html, to_markdown
from measurand.reporting.view import assemble

AGENTS = {
    "oracle": lambda s: True,
    "forward_only": lambda s: s.order != "reverse",
    "zero_shot@<script>": lambda s: s.order == "single" or (s.seed + len(s.task.name)) % 3 == 0,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Document, str, list[str]]:
    given = params(AGENTS)
    results = write(tmp_path_factory.mktemp("results"), given, AGENTS)
    rows = statistics(results, results, given)
    document = assemble(report_module, results, results, rows, given)
    again = assemble(report_module, results, results, statistics(results, results, given), given)
    assert to_json(document) == to_json(again)
    return document, to_html(document), rows.column("metric").to_pylist()


def test_every_headline_is_a_statistic(made: tuple[Document, str, list[str]]) -> None:
    assert set(HEADLINES) <= set(made[2])


def test_findings_come_first_and_method_last(made: tuple[Document, str, list[str]]) -> None:
    titles = [part.title for part in made[0].sections]
    assert titles[0] == "Every agent"
    assert titles[-1] == "Method"
    assert "What an episode looks like" in titles


def test_a_gap_that_is_sure_is_said_in_words(made: tuple[Document, str, list[str]]) -> None:
    text = to_markdown(made[0])
    assert "composing lowers the share by" in text


def test_hostile_names_are_escaped_and_pictures_lie_in_the_page(
    made: tuple[Document, str, list[str]],
) -> None:
    assert "<script" not in made[1]
    assert "&lt;b&gt;Do&lt;/b&gt;" in made[1]
    assert "data:image/jpeg" in made[1]


def test_heat_maps_show_every_task_in_every_wording(
    made: tuple[Document, str, list[str]],
) -> None:
    maps = [
        block for part in made[0].sections for block in part.blocks
        if isinstance(block, Figure) and block.kind == "heatmap"
    ]  # fmt: skip
    assert [len(m.data["labels"]) for m in maps] == [7, 6, 6]
