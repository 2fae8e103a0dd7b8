from __future__ import annotations

from pathlib import Path

from compwob_handmade import episodes, params

from evaluators.compwob.evaluate.checks import Seen, again_items, rows
from measurand import runs, shards
from measurand.journal import Journal
from schemas.compwob.tables import CHECKS, EPISODES

AGENTS = {"oracle": lambda s: True}


def test_leaks_requests_and_shared_seeds_are_counted(tmp_path: Path) -> None:
    mine = list(episodes(params(AGENTS, seeds=2), AGENTS))
    shown = [{**mine[0], "seed": 1_000_000}, {**mine[1], "seed": 5}, {**mine[2], "seed": 6}]
    shards.write_dataset(tmp_path / "episodes", EPISODES, runs.table(EPISODES, shown))
    steps = [
        {"html": "<p>x</p>", "utterance": "Do it."},
        {"html": '<div class="search-engine">', "utterance": "Do it."},
    ]
    times = [{"foreign": ["GET http://example.com/"]}, {"foreign": []}]
    found = {row["name"]: row for row in rows(tmp_path, mine, [Seen.of(steps)], times, 1)}
    assert found["names_seen"]["count"] == 1
    assert found["foreign_requests"]["detail"] == "GET http://example.com/"
    assert found["seeds_shared"]["count"] == 1
    assert found["browsers_left"]["count"] == 1
    assert found["infra_errors"]["count"] == 0
    assert found["font"]["detail"]
    CHECKS.validate(runs.table(CHECKS, list(found.values())))


def test_a_second_time_that_the_journal_knows_is_not_played_again(tmp_path: Path) -> None:
    [episode] = list(episodes(params(AGENTS, seeds=1), AGENTS))[:1]
    same = {"start": True, "reward": False, "pages": True}
    journal = Journal(tmp_path / "calls.jsonl")
    journal.append_batch(
        [
            {"key": "seen", "seconds": 0.0, "same": same},
            {"key": "lost", "seconds": 0.0, "same": None},
        ]
    )

    def values(key: str) -> dict[str, float | None]:
        # No browser is asked: there is none.
        found = again_items(None, episode, [], None, "run", journal, key)  # type: ignore[arg-type]
        return {row["metric"]: row["value"] for row in found}

    assert values("seen") == {"rebuild_agreement": 1.0, "replay_reward": 0.0, "replay_pages": 1.0}
    assert set(values("lost").values()) == {None}
