"""A small world of value functions: every kind of source, minutes made seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipelines.value_functions import worlds
from pipelines.value_functions.engine import PLACES
from schemas.value_functions.params import Params

HAS_CHESS = Path(PLACES[0]).exists()
HAS_WORDS = Path(worlds.WORDS).exists()
NO_CHESS = "Debian's stockfish is not installed"
NO_WORDS = "Debian's wamerican is not installed"

CHAIN = {"kind": "chain", "id": "chain"}
DIGITS = {"kind": "digits", "id": "digits"}
CHESS = {"kind": "chess", "id": "chess", "games": 6, "positions": 3, "nodes": 5}
BREAKOUT = {
    "kind": "minatar", "id": "breakout", "game": "breakout", "episodes": 3,
    "epsilons": [0.1, 1.0], "cap": 60,
}  # fmt: skip
WORDLE = {"kind": "wordle", "id": "wordle", "words": 20, "games": 1}


def table(path: Path, rows: int = 120, groups: int = 24) -> dict[str, Any]:
    """A table that a line explains, but for noise, and its source."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, 3))
    y = x @ [1.0, -2.0, 0.5] + 0.1 * rng.normal(size=rows)
    lines = [f"{a:.4f},{b:.4f},{c:.4f},{at % groups},{t:.4f}" for at, ((a, b, c), t) in
             enumerate(zip(x.tolist(), y.tolist(), strict=True))]  # fmt: skip
    path.write_text("\n".join(["a,b,c,who,y", *lines]) + "\n")
    return {"kind": "file", "id": "mine", "path": str(path), "target": "y", "group": "who"}


def small(sources: list[dict[str, Any]], runs: list[dict[str, Any]], **train: Any) -> Params:
    """Parameters of a small world; trainings of few steps on one thread."""
    settings = {"rates": [0.003], "seeds": 2, "log_every": 20, "device": "cpu", **train}
    return Params.model_validate(
        {
            "build": {"sources": sources, "n_shards": 2},
            "train": {"runs": runs, "validate_episodes": 3, **settings},
            "evaluate": {"episodes": 4},
        }
    )
