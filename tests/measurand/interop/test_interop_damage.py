"""Any value in any field of a log: rows, or one named error; never a traceback."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness_logs import eval_file, lm_eval_file
from more_logs import episode, helm_run, lines_file, promptfoo_file, verifiers_run

from measurand.errors import InputError, MeasurandError
from measurand.interop.damage import damaged, guarded
from measurand.interop.read import read
from measurand.interop.rows import Wish

ODD: tuple[Any, ...] = (
    *(None, "", "x", 0, -1, 1.5, float("nan"), float("inf"), 10**400, True),
    *([], ["x"], [[1]], {}, {"a": 1}, "\ud800", "2024-01-01"),
)
TRIED = 60
"""Damages of each kind of log, drawn by a fixed seed; some 20 ms each."""


def helm(folder: Path) -> Path:
    return helm_run(folder / "run", [[1, 0], [0, 1]], failed=(0, 1))


def verifiers(folder: Path) -> Path:
    return verifiers_run(folder / "run", [[1, None], [0, 1.0]])


def traces(folder: Path) -> Path:
    (folder / "run").mkdir()
    every = [episode(i, {"rewards": {"r": {"score": 1.0}}, "metrics": {"f": 1}}) for i in range(2)]
    return lines_file(folder / "run" / "traces.jsonl", every).parent


def promptfoo(folder: Path) -> Path:
    (folder / "run").mkdir()
    return promptfoo_file(folder / "run" / "r.json", [{"score": 0.5}, {"score": 1}]).parent


def lm_eval(folder: Path) -> Path:
    lines = [{"acc": 1.0, "doc_id": 0}, {"acc": 0.0, "doc_id": 1}]
    results = {
        "results": {"t": {"acc,none": 0.5}, "g": {"acc,none": 0.5}},
        "group_subtasks": {"g": ["t"]},
        "configs": {"t": {"metric_list": [{"metric": "acc", "aggregation": "mean"}]}},
        "n-samples": {"t": {"original": 2, "effective": 2}},
        "config": {"model_args": "x", "gen_kwargs": {"a": 1}},
    }
    return lm_eval_file(folder / "run", lines, results=results).parent


KINDS: tuple[Callable[[Path], Path], ...] = (helm, verifiers, traces, promptfoo, lm_eval)


def parts(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value[:2])
        if isinstance(value, list)
        else ()
    )
    for key, part in inner:
        yield from parts(part, (*at, key))


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    found = copy.deepcopy(value)
    place = found
    for key in at[:-1]:
        place = place[key]
    place[at[-1]] = new
    return found


def of(file: Path) -> Any:
    text = file.read_text()
    return (
        [json.loads(x) for x in text.splitlines()] if file.suffix == ".jsonl" else json.loads(text)
    )


def write(file: Path, value: Any) -> None:
    lines = file.suffix == ".jsonl" and isinstance(value, list)
    file.write_text("".join(json.dumps(x) + "\n" for x in value) if lines else json.dumps(value))


@pytest.mark.integration
@pytest.mark.parametrize("kind", KINDS)
def test_odd_values_anywhere(kind: Callable[[Path], Path], tmp_path: Path) -> None:
    folder = kind(tmp_path)
    files = {file: of(file) for file in sorted(folder.rglob("*.json*"))}
    every = [
        (f, at, i) for f, value in files.items() for at in parts(value) for i in range(len(ODD))
    ]
    rng = np.random.default_rng(1)
    for index in rng.permutation(len(every))[:TRIED]:
        file, at, odd = every[index]
        write(file, changed(files[file], at, ODD[odd]))
        # Whatever else were raised would be a traceback.
        with contextlib.suppress(MeasurandError):
            read([folder], Wish())
        write(file, files[file])
    assert read([folder], Wish()).table.num_rows


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": 0},
        {"epoch": float("inf")},
        {"epoch": 10**9},
        {"epoch": None},
        {"scores": {"m": 1}},
    ],
)
def test_samples_of_inspect_that_are_none(change: dict[str, Any], tmp_path: Path) -> None:
    log = eval_file(tmp_path / "x.eval", [{"scores": {"m": {"value": 1}}, **change}])
    with pytest.raises(InputError) as caught:
        read([log], Wish())
    assert caught.value.code == "bad_log"


@pytest.mark.parametrize(
    "change", [{"doc_id": None}, {"filter": ["a"]}, {"metrics": [["acc"]]}, {"metrics": 3}]
)
def test_samples_of_lm_eval_that_are_none(change: dict[str, Any], tmp_path: Path) -> None:
    log = lm_eval_file(tmp_path, [{"acc": 1.0, **change}])
    with pytest.raises(InputError, match="line 1") as caught:
        read([log], Wish())
    assert caught.value.code == "bad_log"


def test_one_metric_may_stand_as_a_word(tmp_path: Path) -> None:
    log = lm_eval_file(tmp_path, [{"acc": 1.0, "metrics": "acc"}])
    assert read([log], Wish()).table.column("metric").to_pylist() == ["acc"]


def test_a_boundary_names_the_file_and_lets_named_errors_pass(tmp_path: Path) -> None:
    told = r"x\.json: no sample of it: KeyError"
    with pytest.raises(InputError, match=told), guarded(tmp_path / "x.json", "it"):
        raise KeyError("a")
    with pytest.raises(InputError, match="mine"), guarded(tmp_path, "it"):
        raise InputError("mine")
    assert "line 3" in str(damaged(tmp_path, "it", ValueError("x"), 3))
