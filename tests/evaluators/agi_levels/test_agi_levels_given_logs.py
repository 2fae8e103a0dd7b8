"""Cards of logs that lm-eval and Inspect write themselves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluators.agi_levels.commands import main

sys.path.insert(0, str(Path(__file__).parents[2] / "measurand" / "interop"))
from harness_logs import inspect_log, lm_eval_logs

pytestmark = pytest.mark.integration
GROUP = {"name": "adults", "definition": "adults who read", "reference": "skilled"}


def card(tmp_path: Path, runs: Path, task: str, **more: Any) -> dict[tuple[Any, ...], Any]:
    norm = {"id": "n", "task": task, "kind": "raw", "counts": {0.01: 40}, "group": GROUP,
            "source": "made for a test", "licence": "CC0-1.0"}  # fmt: skip
    (tmp_path / "norms.yaml").write_text(yaml.safe_dump({"norms": [norm]}), encoding="utf-8")
    tasks = tmp_path / "tasks.yaml"
    tasks.write_text(yaml.safe_dump({"tasks": [{"id": task, **more}]}), encoding="utf-8")
    out = tmp_path / "card"
    main(["card", "--runs", str(runs), "--norms", str(tmp_path / "norms.yaml"), "--tasks",
          str(tasks), "--out", str(out)])  # fmt: skip
    packed = json.loads((out / "card.json").read_text(encoding="utf-8"))
    return {(p["task"], p["norm"]): p for p in packed["placements"]}


def test_a_log_of_lm_eval(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    found = card(tmp_path, lm_eval_logs(tmp_path / "logs"), "toy_mc", metric="acc")
    assert found["toy_mc", "n"]["people"] == 40
    assert found["toy_mc", "n"]["percentile"] in (0.0, 1.0)
    assert found["toy_mc", "n"]["reaches"]
    others = [key for key in found if key[1] is None]
    assert others
    assert all(found[key]["statement"] == "no norm of this task" for key in others)


def test_a_log_of_inspect(tmp_path: Path) -> None:
    pytest.importorskip("inspect_ai")
    log = inspect_log(tmp_path / "logs", fail=True)
    packed = card(tmp_path, log, "nothing")
    rows = [key for key in packed if key[1] is None]
    assert rows
    assert packed["nothing", "n"]["statement"] == "no run of this task"
    assert all(packed[key]["score"] is not None for key in rows)
    # One of its scores, with people: 40 of 40 are behind or it is behind all of them.
    name, _, metric = next(key[0] for key in rows if packed[key]["score"] <= 1).partition("/")
    placed = card(tmp_path, log, name, metric=metric or None)[name, "n"]
    assert placed["people"] == 40
    assert placed["percentile"] in (0.0, 1.0)
    assert set(placed["reaches"]) == {"2", "3", "4"}
