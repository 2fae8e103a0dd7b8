from __future__ import annotations

from evaluators.compwob.evaluate.films import in_words, shortest
from schemas.compwob.params import Params


def test_the_shortest_composition_of_each_category_is_filmed() -> None:
    found = shortest(Params())
    assert [task.category for task in found] == ["two", "two_medium", "three", "more", "transition"]
    assert [len(task.parts) for task in found] == [2, 2, 3, 4, 2]


def test_actions_are_told_in_words() -> None:
    step = {"action_type": "click", "text": None, "element_html": '<button ref="3">Sub&amp;mit'}
    assert in_words(step) == 'click button "Sub&mit"'
    assert in_words({**step, "element_html": '<input ref="3" type="text" value>'}) == "click input"
    assert in_words({**step, "action_type": "type", "text": "ada"}) == 'type "ada"'
    assert in_words({**step, "action_type": "noop"}) == "noop"
