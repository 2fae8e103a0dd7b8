from __future__ import annotations

import itertools

import pytest

from measurand.errors import InputError
from pipelines.compwob.tasks import NAMES, compose, composition, is_easy
from schemas.compwob.params import BASE_TASKS, EASY, MEDIUM


def test_there_are_22_base_tasks_and_50_compositions_in_the_published_groups() -> None:
    assert (len(BASE_TASKS), len(EASY), len(MEDIUM)) == (22, 16, 6)
    assert len(set(NAMES)) == 50
    groups = [composition(name).category for name in NAMES]
    sizes = {group: groups.count(group) for group in dict.fromkeys(groups)}
    assert sizes == {"two": 20, "two_medium": 10, "three": 10, "more": 5, "transition": 5}
    assert {part for name in NAMES for part in composition(name).parts} == set(BASE_TASKS)


def test_easy_pairs_are_easy_and_each_medium_pair_has_one_medium_part() -> None:
    for name in NAMES:
        task = composition(name)
        easy = [is_easy(part) for part in task.parts]
        if task.category == "two":
            assert easy == [True, True], name
        if task.category == "two_medium":
            assert sorted(easy) == [False, True], name


def test_the_long_ones_have_four_to_eight_parts_and_each_holds_the_one_before() -> None:
    long = [composition(name).parts for name in NAMES if composition(name).category == "more"]
    assert [len(parts) for parts in long] == [4, 5, 6, 7, 8]
    for shorter, longer in itertools.pairwise(long[1:]):
        assert set(shorter) < set(longer)


def test_views_follow_one_another_and_one_page_shows_two_at_a_time() -> None:
    assert composition("click-option_login-user-transition").views == ((0,), (1,))
    four = composition("click-option_multi-layouts_click-widget_login-user-popup-transition")
    assert (four.views, four.layout) == (((0, 1), (2, 3)), "transition")
    assert composition("click-button_click-link").views == ((0, 1),)


def test_any_sequence_of_base_tasks_is_a_composition() -> None:
    own = compose(("click-link", "enter-date", "search-engine"))
    assert (own.name, own.category) == ("click-link_enter-date_search-engine", "extra")
    assert composition(own.name) == own
    assert composition("click-link").category == "base"


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(InputError, match="click-cloud"):
        composition("click-cloud_click-link")
    with pytest.raises(InputError, match="needs a part"):
        compose(())
