"""What is said of a system for which the rule of coverage is not met, and for which it is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from evaluators.agi_levels import sections
from evaluators.agi_levels.context import Standing
from evaluators.agi_levels.placing import Placement
from evaluators.agi_levels.profile import profile
from measurand.reporting.document import Document
from measurand.reporting.render import to_markdown
from measurand.stats.estimate import Estimate
from schemas.agi_levels.norms import Declared, Task
from schemas.agi_levels.params import Rules
from schemas.agi_levels.taxonomy import FAMILIES, PAPER

ROOT = Path(__file__).parents[3]
TITLE = "Levels of AGI for Operationalizing Progress on the Path to AGI"


def stand(n: int) -> Standing:
    tasks = {
        f"t{i:02d}": Task(id=f"t{i:02d}", families=(FAMILIES[i % 9],))  # type: ignore[arg-type]
        for i in range(n)
    }
    found = [
        Placement(
            *("m", name, "n", "adults", "skilled", "raw"),
            place=Estimate(0.8, ci_lo=0.7, ci_hi=0.9),
            p=(0.999, 0.2, 0.0),
            level=2,
            words="Competent",
        )
        for name in tasks
    ]
    rules = Rules()
    return Standing(rules, (), found, [profile("m", found, tasks, rules)], (), tasks)


def text(standing: Standing) -> str:
    made = (
        sections.placement_section(standing),
        sections.strip_section(standing),
        sections.norm_section(standing),
        sections.profile_section(standing),
        sections.principle_section(standing),
        sections.autonomy_section(standing),
    )
    return to_markdown(Document("t", "", None, tuple(part for part in made if part is not None)))


def test_no_text_speaks_of_general_intelligence_where_coverage_is_not_met() -> None:
    said = text(stand(9))
    assert "not assessable (coverage)" in said
    assert "AGI" not in said
    assert "Competent (general)" not in said


def test_a_general_level_is_named_where_it_is() -> None:
    assert "Competent (general)" in text(stand(27))


def test_no_template_holds_the_word_but_as_the_papers_title() -> None:
    """Every text of the system: code, methods, parameters, gates, its page."""
    files = [
        *(ROOT / "evaluators/agi_levels").iterdir(),
        *(ROOT / "pipelines/agi_levels").iterdir(),
        *(ROOT / "schemas/agi_levels").iterdir(),
        ROOT / "params/agi_levels.yaml",
        ROOT / "gates/agi_levels.yaml",
    ]
    read = 0
    for path in files:
        if path.suffix in {".py", ".md", ".yaml"}:
            rest = path.read_text(encoding="utf-8")
            # Quotes and line ends of string literals stand within the paper's title, too.
            rest = re.sub(r"[\s\"]+", " ", rest).replace(TITLE, "")
            assert "AGI" not in rest, path
            read += 1
    assert read > 25
    assert PAPER.count("AGI") == 2


def test_declared_autonomy_stands_with_its_risks() -> None:
    declared = Declared(
        deployment="mail",
        level=2,
        justification="answers when asked",
        acknowledged=("too much trust",),
    )
    said = text(replace(stand(3), autonomy=(declared,)))
    assert "2 Consultant" in said
    assert "radicalisation; targeted manipulation" in said
    assert "none follows from a score" in text(stand(3))


def test_every_flag_has_words() -> None:
    from schemas.agi_levels.taxonomy import FLAGS

    assert set(sections.FLAG_WORDS) == set(FLAGS)
