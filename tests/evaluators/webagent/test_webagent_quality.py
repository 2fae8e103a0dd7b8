from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evaluators.webagent.evaluate.context import Found
from evaluators.webagent.quality import instrument_rows, program_rows


def _rows(found: Found) -> dict[str, Any]:
    return {row["metric"]: row for row in instrument_rows(found)}


def test_counts_of_a_clean_run(found: Found) -> None:
    rows = _rows(found)
    assert {name for name, row in rows.items() if row["estimate"] == 0} == {
        "replays_other", "foreign_requests", "guard_let_through", "browsers_left",
        "missing_share", "unboxed_share",
    }  # fmt: skip
    assert rows["replayed"]["estimate"] == 1
    assert rows["held_out_share"]["estimate"] == 1


def test_what_was_not_counted_is_no_zero(found: Found) -> None:
    row = _rows(replace(found, checks={}))["foreign_requests"]
    assert (row["estimate"], row["reason"]) == (None, "not counted")
    nothing = {name: {**check, "of": 0} for name, check in found.checks.items()}
    row = _rows(replace(found, checks=nothing))["replays_other"]
    assert (row["estimate"], row["reason"]) == (None, "nothing to count")


def test_what_became_of_programs(found: Found) -> None:
    full = next(one for one in found.everyone if one.agent == "full")
    shares = {row["slice"]: row["estimate"] for row in program_rows(full)}
    # A site: 16 episodes of 4 steps; failures of 2, 3, 4 and 3, one of which the guard stopped.
    assert shares["what=guard"] == pytest.approx(1 / 76)
    assert sum(filter(None, shares.values())) == pytest.approx(1)
