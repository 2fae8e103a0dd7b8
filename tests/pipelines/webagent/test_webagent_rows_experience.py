from __future__ import annotations

import hashlib

import pytest

from measurand.runs import table
from measurand.web.film import Picture
from pipelines.webagent import experience, rows
from pipelines.webagent.checker import Checked
from pipelines.webagent.instructions import task
from pipelines.webagent.loop import Played, Step
from pipelines.webagent.page import Seen
from pipelines.webagent.rules import END, Plan
from pipelines.webagent.sandbox import Ran
from schemas.webagent import tables

SHA = hashlib.sha256(b"x").hexdigest()
TASK = task("estate", "train", 0, 0)
OK = Ran("ok", None, None, "bubblewrap", 1)
DONE = Checked((("opened", True), ("nothing_else", True)))


def step(said: str, page: str, ran: Ran = OK) -> Step:
    return Step([], "u", Seen(page), Plan(said, (1, 2)), "<a>", "driver", ran, SHA, SHA)


def played(*steps: Step, checked: Checked | None = DONE, last: str = "<p>end</p>") -> Played:
    shot = Picture(b"\xff\xd8", "", None)
    return Played(
        TASK, "oracle", list(steps), checked, "planner_end", last=Seen(last), pictures=[shot] * 3
    )


GOOD = played(step('Type "a" into "b".', "<p>1</p>"), step('Press "c".', "<p>1</p>"))


def test_rows_keep_to_their_tables() -> None:
    made = {
        tables.EPISODES: [rows.episode(GOOD, "Chromium 1", SHA)],
        tables.STEPS: rows.steps(GOOD),
        tables.RUNS: [rows.run(GOOD, ["died"])],
        tables.FILMS: rows.films(GOOD),
        tables.EXPERIENCE: experience.learned(GOOD),
        tables.FAILED: [experience.failed(GOOD, ("infra", "x"))],
    }
    for spec, some in made.items():
        spec.validate(table(spec, some))


def test_an_episode_without_a_result_has_neither_score_nor_attributes() -> None:
    row = rows.episode(Played(TASK, "oracle", reason="the browser failed"), "Chromium 1", SHA)
    assert (row["status"], row["success"], row["score"], row["attributes"]) == (
        "infra_error", None, None, None
    )  # fmt: skip
    tables.EPISODES.validate(table(tables.EPISODES, [row]))


def test_what_is_learned_ends_with_the_end() -> None:
    found = experience.learned(GOOD)
    assert [row["sub_instruction"] for row in found] == ['Type "a" into "b".', 'Press "c".', END]
    assert found[-1]["html"] == "<p>end</p>"
    assert found[-1]["refs"] == []
    assert experience.rejected(GOOD) is None


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (played(step("Press", "<p>1</p>"), checked=None), "infra"),
        (played(step("Press", "1", Ran("guard", "loop", "x", "bubblewrap"))), "exception"),
        (played(step('Press "c".', "<p>1</p>"), last="<p>1</p>"), "unchanged"),
        (
            played(step('Press "c".', "1"), checked=Checked((("a", False), ("n", True)))),
            "attributes",
        ),
    ],
)
def test_episodes_are_left_out_by_the_first_filter_that_they_fail(bad: Played, reason: str) -> None:
    found = experience.rejected(bad)
    assert found is not None
    assert found[0] == reason
    assert experience.failed(bad, found)["reason"] == reason
