from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from guided_evolution_small import Chains

from measurand import runs, shards
from measurand.errors import ParamsError
from pipelines.guided_evolution import cells, tasks
from pipelines.guided_evolution.nas_tables import trees
from pipelines.guided_evolution.programs import Program
from pipelines.guided_evolution.rl_losses import RlLosses
from pipelines.guided_evolution.spaces import Outcome
from schemas.guided_evolution.params import Task
from schemas.guided_evolution.tables import TABLES


def _asked(source: dict[str, str], **more: object) -> Task:
    given = {"id": "one", "source": source, "budget": 5, "seeds": 1, **more}
    return Task.model_validate(given)


def _table(folder: Path, n: int) -> list[Program]:
    space, rng = trees("cora"), np.random.default_rng(0)
    made = {p.key: p for p in (space.random(rng) for _ in range(3 * n))}
    some = list(made.values())[:n]
    rows = [
        {"graph": "cora", "program": p.key.hex(), "ops": [space.names[o] for o in p.ops],
         "args": [list(a) for a in p.args], "validation": i / n, "test": 1 - i / n}
        for i, p in enumerate(some)
    ]  # fmt: skip
    shards.write_dataset(folder / "tables", TABLES, runs.table(TABLES, rows))
    return some


def test_an_architecture_is_worth_what_its_row_says(tmp_path: Path) -> None:
    some = _table(tmp_path, 1000)
    asked = _asked({"kind": "architecture", "graph": "cora"})
    task = tasks.make(asked, 0, tmp_path)
    assert task.measure(some[7]).fitness == 0.007
    assert task.function(some[7]) == some[7].key
    strange = next(
        p for p in (task.space.random(np.random.default_rng(s)) for s in range(1, 99))
        if p.key not in {q.key for q in some}
    )  # fmt: skip
    assert task.function(strange) is None
    top, best = tasks.levels(asked, task)
    assert (top.name, best.name, best.fitness) == ("top", "best_10", 0.99)
    share = np.mean([task.measure(p).fitness <= top.fitness for p in some])  # type: ignore[operator]
    assert share >= 0.999


def test_a_network_on_digits_is_worth_what_its_row_says(tmp_path: Path) -> None:
    some = cells.space(3).programs[:5]
    rows = [
        {"graph": "one", "program": p.key.hex(), "ops": [], "args": [], "validation": i / 10,
         "test": i / 20}
        for i, p in enumerate(some)
    ]  # fmt: skip
    shards.write_dataset(tmp_path / "tables", TABLES, runs.table(TABLES, rows))
    asked = _asked({"kind": "digits"}, id="one")
    task = tasks.make(asked, 0, tmp_path)
    assert [task.measure(p).fitness for p in some] == [i / 10 for i in range(5)]
    assert task.function(cells.space(3).programs[5]) is None
    assert tasks.what(asked) == "networks of at most 5 nodes on pictures of digits"


def test_a_formula_is_solved_or_close() -> None:
    asked = _asked({"kind": "formula", "name": "nguyen3"})
    task = tasks.make(asked, 0, Path())
    solved, close = tasks.levels(asked, task)
    assert 1 / solved.fitness - 1 == pytest.approx(1e-6, rel=1e-6)
    assert 1 / close.fitness - 1 == pytest.approx(1e-2)
    assert tasks.what(asked).startswith("x**5")


def test_losses_are_held_against_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _asked({"kind": "rl_loss"})
    task = tasks.make(asked, 0, Path())
    assert task == RlLosses(1000, 4, 0.01)
    monkeypatch.setattr(RlLosses, "tuned", lambda self, name: (0.01, len(name) / 10))
    assert [(level.name, level.fitness) for level in tasks.levels(asked, task)] == [
        ("dqn", 0.3), ("double_dqn", 1.0), ("huber", 0.5), ("dqn_reg", 0.7),
    ]  # fmt: skip
    assert tasks.what(asked) == "losses of Q-networks over 1000 steps"


def test_levels_of_the_parameters_come_first() -> None:
    asked = _asked({"kind": "formula", "name": "nguyen3"}, targets={"half": 0.5})
    found = tasks.levels(asked, tasks.make(asked, 0, Path()))
    assert found == [tasks.Level("half", 0.5, "set by the parameters")]


def test_an_unknown_formula_is_named() -> None:
    with pytest.raises(ParamsError, match="no formula nguyen13"):
        tasks.make(_asked({"kind": "formula", "name": "nguyen13"}), 0, Path())


def test_what_does_not_repeat_itself_is_noticed() -> None:
    class Noisy(Chains):
        def measure(self, program: Program) -> Outcome:
            return Outcome(float(self.calls)) if super().measure(program) else Outcome(0.0)

    assert tasks.repeats(Chains(), 6, 0) == (6, 0)
    assert tasks.repeats(Noisy(), 6, 0) == (6, 6)
