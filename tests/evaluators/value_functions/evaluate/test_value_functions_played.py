from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from value_functions_small import BREAKOUT, small

from evaluators.value_functions.evaluate import played
from schemas.value_functions.params import Chain

PARAMS = small([BREAKOUT], [{"id": "a", "source": "breakout", "steps": 1}])


def test_the_scale_is_chance_and_the_script() -> None:
    run = PARAMS.train.runs[0]
    others = played.beside(PARAMS, PARAMS.build.source("breakout"))
    found = dict(played.controls(PARAMS, run, others))
    rows = {name: list(items) for name, items in found.items()}
    assert set(rows) == {"random", "script"}

    def mean(name: str, metric: str) -> float:
        return float(np.mean([row[5] for row in rows[name] if row[0] == metric]))

    assert mean("random", "score") == pytest.approx(0)
    assert mean("script", "score") == pytest.approx(1)
    assert mean("script", "return") > mean("random", "return")


def test_without_a_better_script_there_is_no_scale() -> None:
    source = PARAMS.build.source("breakout")
    others = played.beside(PARAMS, source)
    assert others is not None
    same = replace(others, best=others.chance)
    scores = [row for row in played._of(source, same, others.chance) if row[0] == "score"]
    assert scores
    assert all(row[5] is None and "no scale" in str(row[6]) for row in scores)


def test_games_have_their_own_scales() -> None:
    several = {**BREAKOUT, "game": ["breakout", "freeway"], "cap": 120}
    params = small([several], [{"id": "a", "source": "breakout", "steps": 1}])
    source = params.build.source("breakout")
    others = played.beside(params, source)
    assert others is not None
    rows = [row for row in played._of(source, others, others.best) if row[0] == "score"]
    for game in ("breakout", "freeway"):
        own = [row[5] for row in rows if row[1].startswith(game)]
        assert len(own) == 2 * 4
        assert np.mean(own) == pytest.approx(1)


def test_what_is_not_played_has_no_controls() -> None:
    assert played.beside(PARAMS, Chain(kind="chain", id="c")) is None
    assert list(played.controls(PARAMS, PARAMS.train.runs[0], None)) == []
