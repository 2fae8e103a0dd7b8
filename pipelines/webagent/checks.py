"""Whether the instrument can be trusted: states read again, hostile programs, browsers left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.webagent import guard
from pipelines.webagent.checker import NOTHING_ELSE, check
from pipelines.webagent.loop import Played
from pipelines.webagent.replay import folded

Row = dict[str, Any]
HOSTILE = (
    "open('note').read()",
    "import os",
    "from os import system",
    "__import__('os')",
    "().__class__.__bases__",
    "driver.get.__globals__",
    "getattr(driver, 'execute_script')('1')",
    "driver.execute_script('1')",
    "driver.execute_cdp_cmd('Browser.close', {})",
    "eval('1')",
    "exec('1')",
    "while True:\n    pass",
    "[x for x in range(10 ** 9)]",
    "x = 'a' * 10 ** 9",
    "time.sleep(1000)",
    "driver.get('http://example.org/')",
    "driver.save_screenshot('picture')",
    "'{0.__class__}'.format(driver)",
    "def f():\n    f()",
    "lambda: 0",
)
"""Programs of which a guard that works lets none through, a few of each kind."""


def differs(played: Played) -> str | None:
    """How the state that the log of requests says differs from the one that was checked.

    Returns:
        A few words; None where they are the same.
    """
    if played.checked is None:
        return None
    state = folded(played.log)
    again = check(played.task.goal, state).attributes
    for (name, met), (_, before) in zip(again, played.checked.attributes, strict=True):
        # Visits of strangers are in no log of the session, and void that nothing else changed.
        if met != before and not (name == NOTHING_ELSE and met):
            return f"{name}: {met} instead of {before}"
    return None


def let_through(programs: Sequence[str] = HOSTILE) -> list[str]:
    """Hostile programs that the guard does not refuse."""
    return [one for one in programs if guard.refusal(one) is None]


def rows(episodes: Sequence[Row], again: Sequence[str | None], left: int) -> list[Row]:
    """Rows of ``webagent.checks``.

    Args:
        episodes: rows of ``webagent.episodes``.
        again: of each episode that has a result, how its state came out otherwise; None where not.
        left: browsers that were still there at the end.
    """
    others = [words for words in again if words is not None]
    foreign = [address for row in episodes for address in row["foreign"]]
    passed = let_through()
    return [
        _row("replays_other", len(others), len(again), others),
        _row("foreign_requests", len(foreign), len(episodes), foreign),
        _row("guard_let_through", len(passed), len(HOSTILE), passed),
        _row("browsers_left", left, 1, []),
    ]


def _row(name: str, count: int, of: int, words: Sequence[str]) -> Row:
    return {"name": name, "count": count, "of": of, "detail": words[0] if words else None}
