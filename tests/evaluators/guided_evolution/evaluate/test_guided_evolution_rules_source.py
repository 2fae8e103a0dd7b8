from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from evaluators.guided_evolution.evaluate.rules_source import difference, source
from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.optimisers import GRAMMAR, known
from pipelines.guided_evolution.programs import tidy


def test_the_source_of_random_rules_gives_their_values() -> None:
    rng = np.random.default_rng(0)
    some = [random_program(GRAMMAR, rng, 5) for _ in range(60)]
    used = {GRAMMAR.ops[op].name for program in some for op in program.ops}
    assert used == {op.name for op in GRAMMAR.ops}
    assert {difference(program, 200) for program in some} == {0.0}


def test_a_source_that_is_wrong_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    from evaluators.guided_evolution.evaluate import rules_source

    ops, args = ["gradient", "average", "sign"], [(), (0,), (1,)]
    rule = tidy(GRAMMAR, [GRAMMAR.place(op) for op in ops], args, [0.0] * 3, 2)
    monkeypatch.setattr(rules_source, "source", lambda p: source(p).replace("np.sign", "np.cos"))
    assert difference(rule, 200) > 0.1


def test_the_source_runs_alone() -> None:
    code = source(known("adam", 0.1)) + (
        "import math\n"
        "update = rule(1, 10)\n"
        "w = np.array([1.0])\n"
        "for _ in range(300):\n"
        "    w = w - update(w, 2 * w)\n"
        "print(abs(float(w[0])) < 0.05)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
