from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import webagent_small as small

from evaluators.webagent.evaluate.context import Found
from evaluators.webagent.evaluate.failing import Walks, by_hand, failure_rows


def test_failures_are_those_that_were_made(found: Found, walks: Walks) -> None:
    full = next(one for one in found.everyone if one.agent == "full")
    rows = {row["slice"]: row["estimate"] for row in failure_rows(full, walks)}
    # Four failures a site, one of each fault.
    assert rows["kind=planning"] == pytest.approx(3 / 60)
    assert rows["kind=summarisation"] == pytest.approx(3 / 60)
    assert rows["kind=programming"] == pytest.approx(6 / 60)
    assert rows["kind=unexplained"] == 0
    assert rows["kind=programming,rule=guard"] == pytest.approx(3 / 60)
    kinds = [rows[f"kind={kind}"] for kind in ("planning", "summarisation", "programming")]
    assert sum(one for one in kinds if one) == pytest.approx(1 - 16 / 20)


def test_what_has_no_reference_is_counted_apart(found: Found) -> None:
    alone = Walks(replace(found, everyone=[one for one in found.everyone if one.agent == "full"]))
    rows = {
        (row["metric"], row["slice"]): row for row in failure_rows(alone.found.everyone[0], alone)
    }
    assert rows["failure_unknown", ""]["estimate"] == pytest.approx(12 / 60)
    share = rows["failure_share", "kind=planning"]
    assert share["estimate"] is None
    assert share["reason"] == "the oracle did not act, so there is nothing to part from"


def test_failures_to_check_by_hand_are_drawn_the_same_twice(found: Found, walks: Walks) -> None:
    drawn = by_hand(walks, 20)
    names = [one["episode"]["episode_id"] for one in drawn]
    assert len(set(names)) == 20
    assert names == [one["episode"]["episode_id"] for one in by_hand(Walks(found), 20)]
    agents = Counter(one["episode"]["agent"] for one in drawn)
    assert not {"oracle", "random", "shuffled"} & set(agents)
    assert len(agents) > 2
    assert all(one["step"]["step"] == one["deviation"].step for one in drawn)
    assert all(not one["episode"]["success"] for one in drawn)
    assert len(by_hand(walks, 10_000)) == 3 * sum(
        small.EACH - small.SOLVED[name] for name in ("full", "told", "shown", "alone", "scratch")
    )
