"""Whether the instrument can be trusted: replays, leaks, requests, browsers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.compwob.evaluate.plan import item
from measurand import shards
from measurand.journal import Journal
from measurand.web.browser import Owner
from pipelines.compwob.episodes import Setting
from pipelines.compwob.replay import again
from schemas.compwob.params import BASE_TASKS

Row = dict[str, Any]
AGAIN = {"rebuild_agreement": "start", "replay_reward": "reward", "replay_pages": "pages"}
"""Item metrics of a second time, and what each of them compares."""


def again_items(
    owner: Owner,
    episode: Row,
    steps: Sequence[Row],
    setting: Setting,
    identity: str,
    journal: Journal,
    key: str,
) -> Iterator[Row]:
    """Item results of having an episode again, through the journal."""
    known = journal.get(key)
    if known is None:
        found = again(owner, episode, steps, setting)
        known = {"key": key, "seconds": 0.0, "same": None if found is None else vars(found)}
        if found is not None:
            journal.append_batch([known])
    for metric, name in AGAIN.items():
        same = known["same"]
        value = None if same is None else float(same[name])
        yield item(episode, identity, metric, value, repeat=1)


@dataclass(frozen=True)
class Seen:
    """What an agent was shown.

    Attributes:
        steps: pages that it saw.
        names: pages or sentences among them with the name of a base task in them.
    """

    steps: int
    names: int

    @classmethod
    def of(cls, steps: Sequence[Row]) -> Seen:
        """Count over rows of ``compwob.steps``."""
        return cls(len(steps), sum(_names_a_task(step) for step in steps))


def rows(
    dataset: Path, episodes: Sequence[Row], seen: Sequence[Seen], runs: Sequence[Row], left: int
) -> list[Row]:
    """Rows of ``compwob.checks``.

    Args:
        dataset: folder of the demonstrations.
        episodes: what was played.
        seen: what each agent was shown.
        runs: its times and tries.
        left: browsers that were still there at the end.
    """
    shown = shards.read_table(dataset / "episodes", ["seed"]).column(0).to_pylist()
    mine = {row["seed"] for row in episodes}
    foreign = [address for row in runs for address in row["foreign"]]
    names = sum(one.names for one in seen)
    browsers = sorted({row["browser"] for row in episodes if row["status"] == "ok"})
    return [
        _row("foreign_requests", len(foreign), len(runs), foreign[0] if foreign else None),
        _row("browsers_left", left, 1),
        _row("names_seen", names, sum(one.steps for one in seen)),
        _row("seeds_shared", len(set(shown) & mine), len(mine)),
        _row("infra_errors", sum(r["status"] != "ok" for r in episodes), len(episodes)),
        _row("browser", len(browsers), 1, ", ".join(browsers)),
        _row("font", 1, 1, _font()),
    ]


def _row(name: str, count: int, of: int, detail: str | None = None) -> Row:
    return {"name": name, "count": count, "of": of, "detail": detail}


def _names_a_task(step: Row) -> bool:
    seen = f"{step['html']} {step['utterance']}"
    return any(name in seen for name in BASE_TASKS)


def _font() -> str:
    """Which font Arial is here: sizes of elements, and so what covers what, depend on it."""
    tool = shutil.which("fc-match")
    if tool is None:
        return "unknown: no fc-match"
    try:
        asked = subprocess.run([tool, "Arial"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as error:
        return f"unknown: {type(error).__name__}"
    return asked.stdout.strip() or "unknown: no font"
