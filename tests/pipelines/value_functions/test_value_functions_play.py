from __future__ import annotations

import numpy as np
import pytest
from value_functions_small import BREAKOUT, HAS_WORDS, NO_WORDS, WORDLE, small

from pipelines.value_functions.play import Stage, play, stage, watch
from pipelines.value_functions.worlds import Corridor
from schemas.value_functions.params import MinAtar, Wordle

RUN = [{"id": "a", "source": "breakout", "steps": 1}]


def test_networks_and_players_meet_the_same_worlds() -> None:
    found = Stage(("a", "b"), lambda at: Corridor(3, at), 10, 0.5)
    done = play(found, lambda states: np.ones(states.shape[:2], np.int64), 2)
    assert done.total.tolist() == [[1, 1], [1, 1]]
    assert done.discounted.tolist() == [[0.25, 0.5], [0.25, 0.5]]
    assert done.steps.tolist() == [[3, 2], [3, 2]]
    seen = watch(found, [lambda _: lambda world: 1] * 2)
    for name in ("total", "discounted", "steps", "cut"):
        np.testing.assert_array_equal(getattr(done, name), getattr(seen, name))
    left = play(found, lambda states: np.zeros(states.shape[:2], np.int64), 1)
    assert left.cut.all()
    assert left.total.sum() == 0


def test_episodes_of_validation_and_test_differ() -> None:
    params = small([BREAKOUT], RUN)
    source = params.build.source("breakout")
    assert isinstance(source, MinAtar)
    val, test = (stage(params, source, split, 4, 1) for split in ("val", "test"))
    assert set(val.names).isdisjoint(test.names)
    one = [stage(params, source, "test", 4, 1).open(2).state() for _ in range(2)]
    np.testing.assert_array_equal(*one)


@pytest.mark.skipif(not HAS_WORDS, reason=NO_WORDS)
def test_secrets_of_a_split() -> None:
    params = small([BREAKOUT, WORDLE], RUN)
    source = params.build.source("wordle")
    assert isinstance(source, Wordle)
    splits = [stage(params, source, split, 0, 1).names for split in ("val", "test")]
    assert (len(splits[0]), len(splits[1])) == (4, 16)
    assert set(splits[0]).isdisjoint(splits[1])
