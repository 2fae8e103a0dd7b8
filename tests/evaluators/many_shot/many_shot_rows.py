"""A subject of a few answers, made of nothing but what statistics read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl

from evaluators.many_shot.context import SYSTEM, Subject

FLOATS = ("correct", "partial", "confidence", "mass", "nll", "nll_program", "nll_model")


def answered(
    rows: list[dict[str, Any]],
    classes: tuple[str, ...] = ("A", "B", "C"),
    curves: tuple[str, ...] = ("supervised",),
) -> Subject:
    """One task ``line`` with its curves; what a row leaves out is missing, or as in ``blank``."""
    blank = {"task": "line", "curve": "supervised", "order": 0, "seed": 0, "k": 2,
             "prediction": None, "answer_idx": None, **dict.fromkeys(FLOATS)}  # fmt: skip
    types = dict.fromkeys(FLOATS, pl.Float64) | {"prediction": pl.Int16, "answer_idx": pl.Int16}
    task = SimpleNamespace(id="line", curves=[SimpleNamespace(name=name) for name in curves])
    params: Any = SimpleNamespace(
        build=SimpleNamespace(tasks=[task]), report=SimpleNamespace(few_shot=4)
    )
    table = pl.DataFrame([blank | row for row in rows], schema_overrides=types)
    return Subject(SYSTEM, "m", 0, 200, table, {}, {"line": classes}, params)
