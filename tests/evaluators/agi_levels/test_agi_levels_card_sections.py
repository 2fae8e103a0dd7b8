from __future__ import annotations

import numpy as np

from evaluators.agi_levels.card_sections import (
    bias_section,
    horizon_section,
    input_section,
    limit_section,
    opening,
)
from evaluators.agi_levels.context import Standing
from evaluators.agi_levels.gather import calibrations
from evaluators.agi_levels.placing import Placement, Result, missing
from evaluators.agi_levels.profile import profile
from measurand.reporting.document import Document
from measurand.reporting.render import to_markdown
from measurand.stats.estimate import Estimate, undefined
from pipelines.agi_levels import shipped
from schemas.agi_levels.norms import Task
from schemas.agi_levels.params import Rules

ITEMS = ("Q1", "Q2", "Q3", "Q4", "Q5")


def test_items_out_of_line_are_named() -> None:
    """Twelve models that fail the easiest item and answer all others rightly."""
    norms, _ = shipped.read("psych")
    task = Task(id="lsat_section_6")
    results = [Result(f"m{k}", task, ITEMS, np.array([0.0, 1, 1, 1, 1]), ITEMS) for k in range(12)]
    found = calibrations(norms, results)
    standing = Standing(Rules(), norms, (), (), found, {})
    section = bias_section(standing)
    assert section is not None
    [table] = section.blocks
    p = {row[0]: row[4]["value"] for row in table.rows}  # type: ignore[union-attr, index, call-overload]
    assert p["Q1"] < 0.001
    assert bias_section(Standing(Rules(), norms, (), (), calibrations(norms, ()), {})) is None


def test_horizons_inputs_and_limits() -> None:
    lengths = {
        ("m", "n", 0.5): Estimate(12.0, ci_lo=8.0, ci_hi=20.0),
        ("m", "n", 0.8): undefined("success does not fall with length"),
    }
    section = horizon_section(lengths)
    assert section is not None
    result = Result("m", Task(id="t"), ("a",), np.array([1.0]), ("a",))
    parts = (section, input_section("a test", ("one left out",), [result]), limit_section())
    said = to_markdown(Document("t", "", None, parts))
    assert "12.0 [8.0, 20.0]" in said
    assert "does not fall" in said
    assert "one left out" in said
    assert "never inferred" in said
    assert horizon_section({}) is None


def test_the_first_screen_says_where_and_against_whom() -> None:
    nothing = Standing(Rules(), (), (), (), (), {})
    assert opening(nothing).findings == ("No score was given.",)
    place = Estimate(0.94, ci_lo=0.86, ci_hi=0.98)
    kind = ("n", "students", "skilled", "raw")
    words = "at least Competent, possibly Expert (against students)"
    one = Placement("m", "t", *kind, place=place, p=(1.0, 0.8, 0.0), n=85, level=2, words=words)
    found = [one, missing("m", "u", "no norm of this task")]
    profiles = [profile("m", found, {}, Rules())]
    first, second, third = opening(Standing(Rules(), (), found, profiles, (), {})).findings
    assert first == f"m, t: above 94% [86%, 98%] of students (85 people). A{words[1:]}."
    assert second.startswith("No general level: not assessable (coverage)")
    assert third == "Scores without a norm: 1; norms without a score: 0. Each is a row."
