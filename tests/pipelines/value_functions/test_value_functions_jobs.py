from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from value_functions_small import (
    BREAKOUT,
    CHAIN,
    CHESS,
    DIGITS,
    HAS_WORDS,
    NO_WORDS,
    WORDLE,
    small,
    table,
)  # fmt: skip

from pipelines.value_functions import jobs, own_table
from pipelines.value_functions.states import unpacked
from schemas.value_functions.params import File

RUN = [{"id": "chain", "source": "chain", "steps": 1}]


def test_games_and_episodes_have_names_and_splits() -> None:
    params = small([CHAIN, CHESS, BREAKOUT], RUN)
    games, episodes = jobs.games(params), jobs.episodes(params)
    assert len(games) == 6
    assert {game.split for game in games} == {"train", "val", "test"}
    assert len({(job.source.id, job.name) for job in episodes}) == len(episodes) == 10 + 2 * 3
    assert {job.split for job in episodes} == {"train"}


def test_an_episode_is_the_same_again() -> None:
    params = small([CHAIN, BREAKOUT], RUN)
    job = jobs.episodes(params)[-1]
    rows = jobs.play(job)
    assert rows == jobs.play(job)
    assert [row["t"] for row in rows] == list(range(len(rows)))
    states = unpacked([row["state"] for row in rows], 400)
    after = unpacked([row["next_state"] for row in rows], 400)
    np.testing.assert_array_equal(states[1:], after[:-1])


@pytest.mark.skipif(not HAS_WORDS, reason=NO_WORDS)
def test_every_word_is_a_secret() -> None:
    params = small([CHAIN, WORDLE], RUN)
    found = [job for job in jobs.episodes(params) if job.source.id == "wordle"]
    assert {job.split for job in found} == {"train"}
    assert len({job.about for job in found}) == 20
    rows = jobs.play(found[0])
    assert len(rows[0]["state"]) == (162 + 7) // 8


def test_examples_of_digits_and_of_a_table(tmp_path: Path) -> None:
    params = small([CHAIN, DIGITS, table(tmp_path / "mine.csv")], RUN)
    source = params.build.source("mine")
    assert isinstance(source, File)
    rows, rejected, origins = jobs.examples(params, {"mine": own_table.read(source)})
    own = [row for row in rows if row["source"] == "mine"]
    assert (len(rows), len(own), rejected) == (1797 + 120, 120, [])
    assert len({row["cluster"] for row in own}) == 24
    assert [origin.licence for origin in origins] == ["CC-BY-4.0", "unknown"]
    assert jobs.about(source, 1)["inputs"] == 3
