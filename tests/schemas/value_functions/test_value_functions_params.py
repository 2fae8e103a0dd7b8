from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.value_functions.params import LOSSES, Params

CHAIN = {"kind": "chain", "id": "chain"}
TABLE = {"kind": "file", "id": "mine", "path": "a.csv", "target": "y"}
DIGITS = {"kind": "digits", "id": "digits"}


def params(sources: list[Any], runs: list[Any], **train: Any) -> Params:
    return Params.model_validate({"build": {"sources": sources}, "train": {"runs": runs, **train}})


def test_losses_that_a_source_has_a_use_for() -> None:
    found = params(
        [CHAIN, TABLE],
        [
            {"id": "a", "source": "chain", "steps": 1},
            {"id": "b", "source": "mine", "steps": 1},
            {"id": "c", "source": "mine", "steps": 1, "losses": ["mse", "hl_gauss"]},
        ],
    )
    a, b, c = found.train.runs
    assert found.losses(a) == LOSSES
    assert "c51" not in found.losses(b)
    assert found.losses(c) == ("mse", "hl_gauss")
    assert found.build.source("mine").kind == "file"


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({"source": "other"}, "no such source"),
        ({"source": "chain", "shuffled": True}, "no given targets"),
        ({"source": "mine", "losses": ["mse", "c51"]}, "C51 is two_hot"),
        ({"source": "mine", "losses": ["hl_gauss"]}, "name it too"),
        ({"source": "mine", "losses": ["mse", "mse"]}, "same value twice"),
        ({"source": "digits"}, "digits have shifts"),
        ({"source": "mine", "shifts": [0, 8]}, "nothing else has"),
        ({"source": "mine", "support": [1, 0]}, "first end"),
        ({"source": "mine", "bins": 6, "ratio": 2}, "for the margin"),
    ],
)
def test_runs_that_cannot_be(run: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        params([CHAIN, TABLE, DIGITS], [{"id": "a", "steps": 1, **run}])


@pytest.mark.parametrize(
    ("build", "said"),
    [
        ({"sources": [CHAIN, CHAIN]}, "same value twice"),
        ({"sources": [CHAIN], "shares": [0.9, 0.2]}, "leave some for test"),
        ({"sources": [TABLE | {"features": ["y"]}]}, "different columns"),
        ({"sources": [TABLE | {"features": []}]}, "name one"),
    ],
)
def test_sources_that_cannot_be(build: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Params.model_validate(
            {"build": build, "train": {"runs": [{"id": "a", "source": "chain", "steps": 1}]}}
        )
