"""Builds and trainings that are killed for good go on to the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from value_functions_small import BREAKOUT, CHAIN, CHESS, DIGITS, HAS_CHESS, small, table

from pipelines.value_functions import dataset, train
from schemas.value_functions.params import Params

KILLS = 10
CODE = """
import sys
from pathlib import Path
from pipelines.value_functions import {stage}
from schemas.value_functions.params import Params
params = Params.model_validate_json(Path(sys.argv[1]).read_text())
print("begins", flush=True)
{call}
"""
TRAIN = CODE.format(
    stage="train", call="train.train(params, Path(sys.argv[2]), Path(sys.argv[3]), "
    "journal=Path(sys.argv[4]))",
)  # fmt: skip
BUILD = CODE.format(
    stage="dataset", call="dataset.build(params, Path(sys.argv[2]), 'FnApiRunner', "
    "journal=Path(sys.argv[2]))",
)  # fmt: skip


def killed(code: str, words: list[str], seconds: float) -> int:
    """Exit code of a process that is killed so long after it begins; 0 where it was faster."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ, OMP_NUM_THREADS="1"),
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begins\n"
        time.sleep(seconds)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


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
def test_ten_kills_at_random_moments(tmp_path: Path) -> None:
    params = world(tmp_path)
    dataset.build(params, tmp_path / "data", "FnApiRunner", journal=tmp_path)
    train.train(params, tmp_path / "data", tmp_path / "once", journal=tmp_path / "journal")
    (tmp_path / "params.json").write_text(params.model_dump_json())
    names = ("params.json", "data", "out", "again")
    words, rng, kills = [str(tmp_path / name) for name in names], random.Random(17), 0
    for _ in range(KILLS):
        kills += killed(TRAIN, words, rng.uniform(0.2, 1.5)) == -signal.SIGKILL
    assert kills == KILLS
    train.train(params, tmp_path / "data", tmp_path / "out", journal=tmp_path / "again")
    first, last = files(tmp_path / "once"), files(tmp_path / "out")
    assert len(first) >= 12
    assert [name for name in first if last.get(name) != first[name]] == []


@pytest.mark.integration
def test_a_killed_build_is_made_again(tmp_path: Path) -> None:
    params = world(tmp_path)
    dataset.build(params, tmp_path / "once", "FnApiRunner", journal=tmp_path)
    (tmp_path / "params.json").write_text(params.model_dump_json())
    for seconds in (0.5, 3.0):
        killed(BUILD, [str(tmp_path / "params.json"), str(tmp_path / "data")], seconds)
    dataset.build(params, tmp_path / "data", "FnApiRunner", journal=tmp_path)
    first = files(tmp_path / "once")
    assert len(first) >= 5
    assert files(tmp_path / "data") == first
