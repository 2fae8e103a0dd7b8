from __future__ import annotations

from dataclasses import replace

import webagent_small as small

from evaluators.webagent import sections
from evaluators.webagent.evaluate.context import View
from measurand.reporting.document import Figure, Section, Table
from schemas.webagent.params import Report


def _tables(section: Section) -> dict[str, Table]:
    return {one.caption: one for one in section.blocks if isinstance(one, Table)}


def test_every_agent_has_a_line_a_site(seen: View) -> None:
    [table] = _tables(sections.summary_section(seen)).values()
    assert len(table.rows) == 4 * len(small.AGENTS)


def test_the_sample_to_check_by_hand_is_shown(seen: View) -> None:
    found = _tables(sections.failure_section(seen))
    sample = found["20 failures to check by hand"]
    assert len(sample.rows) == 20
    none = replace(seen.found, params=small.params().model_copy(
        update={"report": Report(resamples=200, by_hand=0)}))  # fmt: skip
    assert not any("by hand" in one for one in _tables(
        sections.failure_section(replace(seen, found=none))))  # fmt: skip


def test_the_square_stands_beside_its_differences(seen: View) -> None:
    section = sections.square_section(seen)
    assert next(b.kind for b in section.blocks if isinstance(b, Figure)) == "heatmap"
    table = _tables(section)["Differences on the same instructions"]
    heads = {(row[0], row[1]) for row in table.rows}
    assert {("full", "told"), ("full", "shown"), ("full", "shuffled")} <= heads


def test_what_is_not_there_is_no_section(seen: View) -> None:
    assert sections.loss_section(seen) is not None
    bare = replace(seen.found, probes=seen.found.probes.clear())
    assert sections.loss_section(replace(seen, found=bare)) is None
    assert sections.film_section(seen) is not None
    assert sections.film_section(replace(seen, results=seen.results / "none")) is None
    lengths = _tables(sections.pointing_section(seen))["By words and signs of the page"]
    assert {row[1] for row in lengths.rows} == {
        "up to 2,000", "up to 4,000", "up to 8,000", "up to 16,000", "longer",
    }  # fmt: skip
