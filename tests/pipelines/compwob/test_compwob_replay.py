from __future__ import annotations

from compwob_web import IN_A_BROWSER, episode

from measurand.web.browser import Owner
from pipelines.compwob.episodes import Setting
from pipelines.compwob.replay import Again, again

pytestmark = IN_A_BROWSER


def test_an_episode_is_had_again_from_its_rows(owner: Owner) -> None:
    tried = (("click-dialog_search-engine", "oracle"), ("click-button_click-link", "random"))
    for name, agent in tried:
        played = episode(owner, name, agent, "forward")
        found = again(owner, played.episode, played.steps, Setting())
        assert found == Again(start=True, reward=True, pages=True)


def test_other_actions_give_another_reward_and_other_words_are_noticed(owner: Owner) -> None:
    played = episode(owner, "click-button_click-link", order="forward")
    found = again(owner, played.episode, played.steps[:-1], Setting())
    assert found == Again(start=True, reward=False, pages=True)
    forged = {**played.episode, "utterance": "Do nothing."}
    found = again(owner, forged, played.steps, Setting())
    assert found is not None
    assert not found.start
