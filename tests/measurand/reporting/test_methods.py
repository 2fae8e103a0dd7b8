from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from measurand.reporting.methods import methods
from measurand.reporting.worth import RATES

PARAMS = SimpleNamespace(report=SimpleNamespace(resamples=200))


def test_lines_are_joined_and_parameters_filled_in(tmp_path: Path) -> None:
    (tmp_path / "methods.md").write_text(
        "- Bootstrap, B = {params.report.resamples},\n  over clips.\n"
        "- Rule: {rule}.\n\nSecond\npart.\n"
    )
    text = methods(tmp_path / "sections.py", PARAMS, rule="strict")
    own = "- Bootstrap, B = 200, over clips.\n- Rule: strict.\n\nSecond part."
    assert text.text == f"{own}\n\n{RATES}"


def test_docs_show_where_the_text_of_every_report_stands() -> None:
    root = Path(__file__).parents[3]
    for file in sorted(root.glob("evaluators/*/methods.md")):
        page = root / "docs" / "systems" / f"{file.parent.name}.md"
        assert f"(../../evaluators/{file.parent.name}/methods.md)" in page.read_text("utf-8")
