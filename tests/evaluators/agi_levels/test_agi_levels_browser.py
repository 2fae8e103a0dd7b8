"""Report and card in a real browser, at the widths that every report is held to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from evaluators.agi_levels import card
from evaluators.agi_levels import report as report_module
from evaluators.agi_levels.placing import Result
from evaluators.agi_levels.report import statistics
from measurand.reporting.render import to_html
from measurand.reporting.view import assemble
from pipelines.agi_levels import shipped
from schemas.agi_levels.norms import Task
from schemas.agi_levels.params import Params, Rules

sys.path.insert(0, str(Path(__file__).parents[2] / "measurand" / "reporting"))
from test_render_browser import ILLEGIBLE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(
    small: Params, data: Path, results: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    folder = tmp_path_factory.mktemp("pages")
    table = statistics(data, results, small)
    report = folder / "report.html"
    report.write_text(
        to_html(assemble(report_module, data, results, table, small)), encoding="utf-8"
    )
    norms = [norm for name in shipped.names() for norm in shipped.read(name)[0]]
    given = card.Given(
        [Result("<b>m</b>", Task(id="uniform_bar_examination"), score=298.0)],
        *(norms, {}, (), "a test", ("<i>a note</i>",)),
    )
    card.write(given, Rules(), folder)
    return [report.as_uri(), (folder / "card.html").as_uri()]


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_pages_never_scroll_sideways_and_figures_are_legible(
    page: Any, pages: list[str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for address in pages:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(ILLEGIBLE) == []


def test_names_are_text(page: Any, pages: list[str]) -> None:
    page.goto(pages[1])
    assert page.locator("b").count() == 0
    assert "<b>m</b>" in page.locator("body").inner_text()
