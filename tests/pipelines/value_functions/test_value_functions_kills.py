"""Builds and trainings that are killed for good go on to the same bytes."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forked import begin
from value_functions_small import BREAKOUT, CHAIN, CHESS, DIGITS, HAS_CHESS, small, table

from pipelines.value_functions import dataset, train
from schemas.value_functions.params import Params

KILLS = 10


def killed(work: Callable[..., None], words: dict[str, Any], seconds: float) -> int | None:
    """Exit code of a process that is killed so long after it begins; 0 where it was faster."""
    process: Any = begin(work, **words)
    process.join(seconds)
    process.kill()
    process.join()
    code: int | None = process.exitcode
    return code


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.suffix in (".safetensors", ".parquet")}  # fmt: skip


def world(folder: Path) -> Params:
    sources: list[dict[str, Any]] = [CHAIN, {**DIGITS, "pictures": 60}, BREAKOUT,
                                     table(folder / "mine.csv")]  # fmt: skip
    sources += [CHESS] if HAS_CHESS else []
    runs = [
        {"id": "mine", "source": "mine", "steps": 600, "batch": 16, "width": 16},
        {"id": "digits", "source": "digits", "steps": 200, "shifts": [0, 8], "bins": 101,
         "losses": ["mse", "two_hot"]},
        {"id": "breakout", "source": "breakout", "steps": 400, "width": 16,
         "losses": ["mse", "c51"]},
    ]  # fmt: skip
    return small(sources, runs, save_every=20, rates=[0.001, 0.01])


@pytest.mark.integration
@pytest.mark.timeout(900)
def test_ten_kills_at_random_moments(tmp_path: Path) -> None:
    params = world(tmp_path)
    dataset.build(params, tmp_path / "data", "FnApiRunner", journal=tmp_path)
    start = time.monotonic()
    train.train(params, tmp_path / "data", tmp_path / "once", journal=tmp_path / "journal")
    whole = time.monotonic() - start
    words = {"params": params, "dataset": tmp_path / "data", "out": tmp_path / "out",
             "journal": tmp_path / "again"}  # fmt: skip
    rng, kills = random.Random(17), 0
    for _ in range(KILLS):
        # Together some four tenths of the work: done twice as fast, it is not over before the last.
        seconds = whole * rng.uniform(0.02, 0.06)
        kills += killed(train.train, words, seconds) == -signal.SIGKILL
    assert kills == KILLS
    train.train(params, tmp_path / "data", tmp_path / "out", journal=tmp_path / "again")
    first, last = files(tmp_path / "once"), files(tmp_path / "out")
    assert len(first) >= 12
    assert [name for name in first if last.get(name) != first[name]] == []


@pytest.mark.integration
def test_a_killed_build_is_made_again(tmp_path: Path) -> None:
    params = world(tmp_path)
    dataset.build(params, tmp_path / "once", "FnApiRunner", journal=tmp_path)
    words = {"params": params, "out": tmp_path / "data", "runner": "FnApiRunner",
             "journal": tmp_path}  # fmt: skip
    for seconds in (0.5, 3.0):
        killed(dataset.build, words, seconds)
    dataset.build(params, tmp_path / "data", "FnApiRunner", journal=tmp_path)
    first = files(tmp_path / "once")
    assert len(first) >= 5
    assert files(tmp_path / "data") == first
