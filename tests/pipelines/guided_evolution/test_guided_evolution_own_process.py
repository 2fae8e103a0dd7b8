from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.guided_evolution import own_process
from pipelines.guided_evolution.own_process import answer, load


def test_answers_are_numbers_or_reasons() -> None:
    def fails(_: object) -> float:
        raise ValueError("too deep")

    assert answer(lambda p: len(p["ops"]), {"ops": [1, 2]}) == {"value": 2.0, "type": "int"}
    assert answer(fails, {}) == {"raised": "ValueError: too deep"}
    assert answer(lambda p: None, {}) == {"raised": "it returned NoneType, which is no number"}


def test_a_function_is_found_in_a_module_or_a_file(tmp_path: Path) -> None:
    assert load("math", "sqrt")(4) == 2  # type: ignore[arg-type]
    (tmp_path / "mine.py").write_text("def score(program):\n    return 3\n")
    assert load(str(tmp_path / "mine.py"), "score")({}) == 3
    with pytest.raises(AttributeError):
        load("math", "no_such")


def test_what_it_prints_does_not_mix_with_its_answers(tmp_path: Path) -> None:
    path = tmp_path / "loud.py"
    path.write_text("print('loading')\ndef score(program):\n    print('loud')\n    return 1\n")
    done = subprocess.run(
        [sys.executable, own_process.__file__, str(path), "score"],
        input="{}\n{}\n", capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert said == [{"ready": True}, *[{"value": 1.0, "type": "int"}] * 2]
    assert done.stderr.count("loud\n") == 2
