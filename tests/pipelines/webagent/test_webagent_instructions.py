from __future__ import annotations

import pytest

from measurand.errors import InputError
from pipelines.webagent.instructions import task, tasks, templates
from schemas.webagent.params import HELD_OUT_THEMES, SITES, SiteName


@pytest.mark.parametrize("site", SITES)
def test_a_site_has_twelve_templates_or_more_with_paraphrases(site: SiteName) -> None:
    train, held = templates(site, "train"), templates(site, "eval")
    assert len(train) + len(held) >= 12
    assert len({t.id for t in (*train, *held)}) == len(train) + len(held)
    assert not {text for t in train for text in t.texts} & {x for t in held for x in t.texts}
    assert not {t.parts for t in train} & {t.parts for t in held}
    assert all(len(set(t.texts)) >= 2 for t in (*train, *held))


@pytest.mark.integration
@pytest.mark.parametrize("site", SITES)
def test_slot_values_of_training_and_evaluation_never_meet(site: SiteName) -> None:
    drawn = [
        {(k, v) for t in tasks(site, s, 48, 0) for k, v in t.goal.slots.items()}
        for s in ("train", "eval")
    ]
    assert all(len(some) > 20 for some in drawn)
    assert not drawn[0] & drawn[1]


@pytest.mark.integration
@pytest.mark.parametrize("site", SITES)
def test_instructions_are_of_three_to_ten_steps_and_three_to_six_attributes(site: SiteName) -> None:
    for one in [t for split in ("train", "eval") for t in tasks(site, split, 48, 1)]:
        assert 3 <= len(one.goal.acts) <= 10, one.id
        assert 3 <= len(one.goal.wants) <= 6, one.id


@pytest.mark.integration
@pytest.mark.parametrize("site", SITES)
def test_half_of_evaluation_is_in_a_theme_that_no_training_page_has(site: SiteName) -> None:
    held = [one.setting.theme in HELD_OUT_THEMES for one in tasks(site, "eval", 20, 0)]
    assert sum(held) == 10
    assert not any(one.setting.theme in HELD_OUT_THEMES for one in tasks(site, "train", 48, 0))
    for template in templates(site, "eval"):
        themes = {
            one.setting.theme in HELD_OUT_THEMES
            for one in tasks(site, "eval", 20, 0)
            if one.template == template
        }
        assert themes == {True, False}


def test_an_instruction_is_its_number_and_seed() -> None:
    assert task("map", "eval", 3, 1) == task("map", "eval", 3, 1)
    assert task("map", "eval", 3, 1).goal != task("map", "eval", 3, 2).goal


def test_an_unknown_site_is_named() -> None:
    with pytest.raises(InputError, match="no instructions of shop"):
        task("shop", "eval", 0, 0)
