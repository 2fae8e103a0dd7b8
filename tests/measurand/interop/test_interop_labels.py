from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness_logs import eval_file, lm_eval_file, right

from measurand.analysis.record import analyse
from measurand.errors import InputError
from measurand.interop.read import read
from measurand.interop.rows import Wish

ANSWERS = right("C", "C", "C", "I")
OTHERS = right("C", "I", "I", "I")


def plan(**config: Any) -> dict[str, Any]:
    return {"plan": {"steps": [{"solver": "generate", "params": {}}], "config": config}}


def means(folder: Path, wish: Wish | None = None) -> dict[tuple[str, str], float]:
    record = analyse(read([folder], wish or Wish()))
    return {
        (score["task"], m["model"]): m["mean"]["value"]
        for score in record["scores"]
        for m in score["models"]
    }


def test_settings_that_differ_stand_in_the_models_name(tmp_path: Path) -> None:
    eval_file(tmp_path / "a.eval", ANSWERS, header=plan(temperature=0.0, max_tokens=5))
    eval_file(tmp_path / "b.eval", OTHERS, header=plan(temperature=1.0, max_tokens=5))
    assert means(tmp_path) == {
        ("t", "m (temperature=0.0)"): 0.75,
        ("t", "m (temperature=1.0)"): 0.25,
    }
    assert "told apart by config.temperature" in read([tmp_path], Wish()).notes[-1]


def test_solvers_and_prompts_are_settings(tmp_path: Path) -> None:
    think = [{"solver": "system_message", "params": {"template": "think"}}]
    eval_file(tmp_path / "a.eval", ANSWERS)
    eval_file(tmp_path / "b.eval", OTHERS, header={"plan": {"steps": think, "config": {}}})
    assert set(means(tmp_path)) == {
        ("t", "m (solver=generate)"),
        ("t", "m (solver=system_message(template=think))"),
    }


def test_arguments_that_choose_other_items_are_other_tasks(tmp_path: Path) -> None:
    other = [{"input": "another question", **s} for s in OTHERS]
    eval_file(tmp_path / "a.eval", ANSWERS, task_args={"subject": "law"})
    eval_file(tmp_path / "b.eval", other, task_args={"subject": "art"})
    assert means(tmp_path) == {("t (subject:law)", "m"): 0.75, ("t (subject:art)", "m"): 0.25}


def test_arguments_that_ask_the_same_items_otherwise_are_other_runs(tmp_path: Path) -> None:
    eval_file(tmp_path / "a.eval", ANSWERS, task_args={"style": "short"})
    eval_file(tmp_path / "b.eval", OTHERS, task_args={"style": "long"})
    assert set(means(tmp_path)) == {("t", "m (style=short)"), ("t", "m (style=long)")}


def test_runs_that_differ_in_nothing_are_refused_with_a_way_out(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        eval_file(tmp_path / name / "a.eval", ANSWERS, created=f"2026-01-0{len(name) - 2}")
    with pytest.raises(InputError, match="rows occur twice") as caught:
        read([tmp_path], Wish())
    assert "--label FIELD" in str(caught.value.hint)
    assert "path" in str(caught.value.hint)
    assert set(means(tmp_path, Wish(label=("path",)))) == {
        ("t", "m (path=one)"), ("t", "m (path=two)"),
    }  # fmt: skip


def test_a_label_that_no_log_has_names_those_that_there_are(tmp_path: Path) -> None:
    eval_file(tmp_path / "a.eval", ANSWERS)
    with pytest.raises(InputError, match="--label") as caught:
        read([tmp_path], Wish(label=("colour",)))
    assert caught.value.code == "no_field"
    assert "solver" in str(caught.value.hint)


def test_a_models_label_is_the_same_for_all_its_tasks(tmp_path: Path) -> None:
    for task in ("t", "u"):
        for shots in (0, 5):
            about = {"n-shot": {"t": shots, "u": shots}, "config": {"model_args": "x"}}
            line = {"acc": float(shots > 0)}
            time = f"2026-01-0{shots + 1}T00-00-00"
            lm_eval_file(tmp_path, [line, line], task=task, time=time, results=about)
    assert set(means(tmp_path)) == {
        (task, f"m (num_fewshot={shots})") for task in ("t", "u") for shots in (0, 5)
    }


def test_tables_take_the_path(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("item_id,model,value\n1,m,1\n2,m,0\n")
    assert set(means(tmp_path, Wish(label=("path",)))) == {
        ("", "m (path=a.csv)"), ("", "m (path=b.csv)"),
    }  # fmt: skip
