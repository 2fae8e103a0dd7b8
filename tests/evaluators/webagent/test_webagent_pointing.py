from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import webagent_small as small
from scipy.spatial.distance import dice

from evaluators.webagent.evaluate.context import ORACLE, Found, Subject
from evaluators.webagent.evaluate.failing import Walks
from evaluators.webagent.evaluate.walking import Judged, Walk
from evaluators.webagent.pointing import BUCKETS, bucket, length_rows, pointing_rows, slot_f1
from schemas.webagent.params import SITES


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
    assert rows["ref_recall", "page=over"]["n"] == 0


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


class _Told(Walks):
    """Walks whose judged steps are given, one an episode."""

    judged: tuple[Judged, ...] = ()

    def of(self, subject: Subject) -> Mapping[str, Walk]:
        names = subject.episodes["episode_id"].to_list()
        return {name: Walk([one]) for name, one in zip(names, self.judged, strict=False)}


def test_figures_of_steps_are_those_by_hand(found: Found) -> None:
    def page(refs: list[int], snippet: str, tokens: int) -> dict[str, Any]:
        return {"refs": refs, "snippet": snippet, "html_tokens": tokens}

    class Known(_Told):
        judged = (
            # Two numbers of three are right, and both are of the first element of two; of a page
            # of sixteen words the writer saw four. What was said is the second that is due.
            Judged(page([1, 2, 9], "one two three four", 16), "press b", ("Press A", "Press B"),
                   ((1, 2), (3,)), True),
            # Nothing was pointed at, of a page without a word.
            Judged(page([], "", 0), "press a", ("Press B",), ((4,),), False),
            # All is right, and what was shown is longer than the page.
            Judged(page([4], "one two three", 2), "press c", ("Press C",), ((4,),), True),
            # Not due: a figure of the planner alone.
            Judged(page([4], "one", 2), "press d", ("Press E",)),
        )  # fmt: skip

    rows = _rows(found, Known(found), "full")
    value = {metric: row["estimate"] for (metric, where), row in rows.items() if not where}
    assert value == pytest.approx(
        {
            "plan_exact": 2 / 4,
            "slot_f1": 2 / 4,
            "ref_precision": (2 / 3 + 0 + 1) / 3,
            "ref_recall": (1 / 2 + 0 + 1) / 3,
            # 2pr / (p + r) of 2/3 and 1/2.
            "ref_f1": (4 / 7 + 0 + 1) / 3,
            "in_view": 2 / 3,
            "snippet_ratio": (4 / 16 + 1 + 1) / 3,
        }
    )


def test_scores_go_by_the_longest_page_on_the_oracles_way(found: Found) -> None:
    def longer(row: dict[str, Any]) -> dict[str, Any]:
        first = row["step"] == 0 and row["episode_id"].split("|")[2] == "0"
        return row | {"html_tokens": 9_000} if first else row

    # Of an oracle without a step no page is known.
    without = {small.name_of("map", 5, 0, ORACLE)}
    everyone = [
        replace(
            one,
            steps={
                name: [longer(row) for row in own if name not in without]
                for name, own in one.steps.items()
            },
        )
        if one.agent == ORACLE
        else one
        for one in found.everyone
    ]
    walks = Walks(replace(found, everyone=everyone))
    full = next(one for one in everyone if one.agent == "full")
    rows = {row["slice"]: row for row in length_rows(full, walks)}
    # Of twenty instructions a site every fourth has the same length, and the first a longer page.
    # The last four are half done.
    wanted = {"2k": 3.5 / 4, "4k": 12.5 / 14, "8k": 4.5 / 5, "16k": 5.5 / 6, "over": None}
    assert {name: rows[f"page={name}"]["estimate"] for name in BUCKETS} == pytest.approx(wanted)
    each = len(SITES)
    counts = [rows[f"page={name}"]["n"] for name in BUCKETS]
    assert counts == [4 * each, 5 * each - 1, 5 * each, 6 * each, 0]
    assert small.EACH == 20


def test_without_the_oracle_no_page_is_known_to_be_the_longest(found: Found) -> None:
    rest = [one for one in found.everyone if one.agent != ORACLE]
    assert not list(length_rows(rest[0], Walks(replace(found, everyone=rest))))
