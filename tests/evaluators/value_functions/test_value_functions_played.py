from __future__ import annotations

import numpy as np
import pytest
from value_functions_small import BREAKOUT, small

from evaluators.value_functions import played
from schemas.value_functions.params import MinAtar

PARAMS = small([BREAKOUT], [{"id": "a", "source": "breakout", "steps": 1}])


def test_the_scale_is_chance_and_the_script() -> None:
    found = dict(played.controls(PARAMS, PARAMS.train.runs[0]))
    rows = {name: list(items) for name, items in found.items()}
    assert set(rows) == {"random", "script"}

    def mean(name: str, metric: str) -> float:
        return float(np.mean([row[5] for row in rows[name] if row[0] == metric]))

    assert mean("random", "score") == pytest.approx(0)
    assert mean("script", "score") == pytest.approx(1)
    assert mean("script", "return") > mean("random", "return")


def test_without_a_better_script_there_is_no_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    source = PARAMS.build.source("breakout")
    assert isinstance(source, MinAtar)
    asked = played._stage(PARAMS, source)
    done = played._watched(PARAMS, source, asked, best=False)
    monkeypatch.setattr(played, "_watched", lambda *_, best: done)
    scores = [row for row in played._of(PARAMS, source, asked, done) if row[0] == "score"]
    assert all(row[5] is None and "no scale" in str(row[6]) for row in scores)
