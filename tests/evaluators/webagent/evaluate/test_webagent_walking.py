"""Every rule by which an episode can part from the oracle's, on rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import webagent_small as small

from evaluators.webagent.evaluate.walking import KINDS, RULES, Deviation, Walk, walk

Row = dict[str, Any]
ORACLE = list(small.episode(small.AGENTS[0], "map", 0, 0)[1])


def _with(at: int, **values: Any) -> list[Row]:
    return [{**row, **(values if k == at else {})} for k, row in enumerate(ORACLE)]


def _walk(steps: Sequence[Row], ending: str = "planner_end", *, planned: bool = True) -> Walk:
    return walk(steps, ORACLE, ending, planned=planned)


def _rule(steps: Sequence[Row], ending: str = "planner_end", *, planned: bool = True) -> Any:
    found = _walk(steps, ending, planned=planned).deviation
    return None if found is None else (found.rule, found.step)


@pytest.mark.parametrize(
    ("rule", "step", "steps"),
    [
        ("other_plan", 1, _with(1, sub_instruction='Type "Rome" into "City".')),
        ("early_end", 3, ORACLE[:3]),
        ("no_end", 4, [*ORACLE, {**ORACLE[3], "sub_instruction": 'Open "Home 6".'}]),
        ("not_in_view", 2, _with(2, snippet='<a data-ref="6">x</a>')),
        ("guard", 3, _with(3, what="guard")),
        ("exception", 3, _with(3, what="exception")),
        ("wall", 3, _with(3, what="wall")),
        ("memory", 3, _with(3, what="memory")),
        ("lost", 3, _with(3, what="lost")),
        ("refused", 0, _with(0, what="refused")),
        ("nothing", 1, _with(1, program="# Choose\npass\n")),
        ("other_element", 2, _with(2, program="a('[data-ref=\"6\"]').click()")),
        ("other_effect", 2, _with(3, state_before_sha256=small.sha("other"))),
        ("unexplained", 3, ORACLE),
    ],
)
def test_the_first_deviation(rule: str, step: int, steps: list[Row]) -> None:
    assert rule in RULES
    assert _rule(steps) == (rule, step)
    assert Deviation(rule, step, "").kind in KINDS


def test_a_page_that_is_not_the_oracles_is_the_program_befores() -> None:
    assert _rule(_with(3, html="<p>Not found</p>")) == ("other_effect", 2)


def test_fields_of_a_page_may_be_filled_in_any_order() -> None:
    turned = [ORACLE[1], ORACLE[0], *ORACLE[2:]]
    assert _rule(turned) == ("unexplained", 3)
    assert [one.due[0] for one in _walk(turned).judged[:2]] == [small.ACTS[0]] * 2
    # What leads on is due only when nothing else is left.
    assert _rule([ORACLE[0], ORACLE[2]]) == ("other_plan", 1)


def test_a_failed_program_that_is_mended_is_no_deviation() -> None:
    failed = {**ORACLE[1], "what": "exception"}
    assert _rule([ORACLE[0], failed, *ORACLE[1:]]) == ("unexplained", 4)
    assert _rule([ORACLE[0], failed, failed, failed], "program_errors") == ("exception", 1)


def test_who_has_no_planner_is_known_by_what_its_programs_name() -> None:
    told = [{**row, "sub_instruction": row["instruction"]} for row in ORACLE]
    assert _rule(told, planned=False) == ("unexplained", 3)
    away = {**told[1], "program": "a('[data-ref=\"6\"]').click()"}
    assert _rule([told[0], away], planned=False) == ("own_way", 1)
    blind = {**away, "snippet": ""}
    assert _rule([told[0], blind], planned=False) == ("not_in_view", 1)
    quiet = {**told[2], "program": ""}
    assert _rule([*told[:2], quiet], planned=False) == ("early_end", 2)
    noted = {**told[2], "program": "# Press"}
    assert _rule([*told[:2], noted], planned=False) == ("nothing", 2)


def test_the_references_numbers_are_those_of_the_agents_own_page() -> None:
    moved = small.FORM.replace('data-ref="5"', 'data-ref="50"')
    program = "a('[data-ref=\"50\"]').click()"
    snippet = '<button data-ref="50">Search</button>'
    walked = _walk(_with(2, html=moved, program=program, snippet=snippet, refs=[50]))
    assert walked.judged[2].refs == ((50,),)
    assert walked.judged[2].in_view
    assert walked.deviation is not None
    assert walked.deviation.rule == "unexplained"
