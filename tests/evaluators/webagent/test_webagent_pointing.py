from __future__ import annotations

from typing import Any

import pytest
from scipy.spatial.distance import dice

from evaluators.webagent.evaluate.context import Found
from evaluators.webagent.evaluate.failing import Walks
from evaluators.webagent.pointing import BUCKETS, bucket, pointing_rows, slot_f1


def _rows(found: Found, walks: Walks, agent: str) -> dict[tuple[str, str], Any]:
    who = next(one for one in found.everyone if one.agent == agent)
    return {(row["metric"], row["slice"]): row for row in pointing_rows(who, walks)}


def test_planner_and_summariser_of_the_made_up_episodes(found: Found, walks: Walks) -> None:
    rows = _rows(found, walks, "full")
    # A site: 16 episodes of four steps and the end; failures part at steps 1, 2, 3 and 2.
    judged, due, pointed = 16 * 5 + 2 + 3 + 4 + 3, 16 * 4 + 1 + 3 + 4 + 3, 1
    assert rows["plan_exact", ""]["estimate"] == pytest.approx((judged - 1) / judged)
    for metric in ("ref_precision", "ref_recall", "ref_f1", "in_view"):
        assert rows[metric, ""]["estimate"] == pytest.approx((due - pointed) / due)
    # Instruction 17 fails to point, on a page of the second length.
    assert rows["ref_recall", "page=2k"]["estimate"] == 1
    assert rows["ref_recall", "page=4k"]["estimate"] < 1
    assert rows["ref_recall", "page=over"]["estimate"] is None
    assert rows["ref_recall", "page=over"]["reason"].startswith("no such page")


def test_an_agent_has_the_figures_of_what_it_has(found: Found, walks: Walks) -> None:
    def made(agent: str) -> set[str]:
        return {metric for metric, _ in _rows(found, walks, agent)}

    assert "ref_recall" not in made("told")
    assert "plan_exact" in made("told")
    assert "plan_exact" not in made("shown")
    assert "ref_recall" in made("shown")
    assert made("alone") == {"in_view", "snippet_ratio"}
    shuffled = _rows(found, walks, "shuffled")
    assert shuffled["plan_exact", ""]["estimate"] == 1
    assert shuffled["ref_recall", ""]["estimate"] == 0


def test_slots_are_compared_as_dice_does() -> None:
    said, due = 'Type "Oslo" into "City".', 'Type "Rome" into "City".'
    # The same form and one of two texts: sets of three with two in common.
    assert slot_f1(said, due) == pytest.approx(1 - dice([1, 1, 1, 0], [1, 1, 0, 1]))
    assert slot_f1(said, said.upper()) == 1
    assert slot_f1("END", due) == 0


def test_pages_by_length() -> None:
    assert [bucket(n) for n in (0, 2_000, 2_001, 4_000, 8_000, 16_000, 16_001)] == [
        "2k", "2k", "4k", "4k", "8k", "16k", "over",
    ]  # fmt: skip
    assert bucket(10**6) == BUCKETS[-1]
