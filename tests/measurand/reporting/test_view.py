"""The document that a system's sections make."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from measurand.reporting.document import Opening, Section, Text
from measurand.reporting.view import View, assemble
from measurand.statistics import exact, statistic_row, statistics_table

ROWS = statistics_table(
    [statistic_row("s", model, "heads", {}, exact(1.0)) for model in ("b", "a")]
)


def _module(**parts: Any) -> ModuleType:
    module = ModuleType("evaluators.s.report")
    vars(module).update(parts)
    return module


def _first(view: View[Any]) -> Section:
    return Section(str(view.figures.value("a", "heads")), (Text(str(view.found)),))


def test_sections_come_in_their_order_and_those_without_anything_are_left_out() -> None:
    last = Section("last", ())
    module = _module(TITLE="t", SECTIONS=(_first, lambda view: None, lambda view: last))
    made = assemble(module, Path("d"), Path("r"), ROWS, None)
    assert (made.title, made.subtitle, made.verdict) == ("t", "Models: b, a", None)
    assert [part.title for part in made.sections] == ["1.0", "last"]


def test_what_a_system_reads_reaches_its_sections() -> None:
    def view(data: Path, results: Path, statistics: Any, params: Any) -> View[Any]:
        return View((str(data), str(results), statistics.num_rows, params), subtitle="mine")

    module = _module(
        TITLE="t", SECTIONS=(lambda v: Section("s", (Text(str(v.found)),)),), view=view
    )
    made = assemble(module, Path("d"), Path("r"), ROWS, 7)
    assert made.subtitle == "mine"
    assert made.sections[0].blocks == (Text("('d', 'r', 2, 7)"),)


def test_the_opening_reads_the_same_view() -> None:
    def first(view: View[Any]) -> Opening:
        return Opening((f"Heads: {view.figures.value('a', 'heads')}.",))

    module = _module(TITLE="t", SECTIONS=(), OPENING=first)
    made = assemble(module, Path("d"), Path("r"), ROWS, None)
    assert made.opening == Opening(("Heads: 1.0.",))
    assert assemble(_module(TITLE="t", SECTIONS=()), Path(), Path(), ROWS, None).opening is None
