from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from guided_evolution_small import Chains

from pipelines.guided_evolution import search as module
from pipelines.guided_evolution.choosing import Rule
from pipelines.guided_evolution.discriminator import Learning
from pipelines.guided_evolution.evaluations import Evaluations, counted
from pipelines.guided_evolution.programs import Grammar, Op
from pipelines.guided_evolution.search import Found, Search, Setting
from pipelines.guided_evolution.spaces import Graphs

LEARNING = Learning(hidden=8, layers=1, every=10, steps=4, pairs=32)
GUIDED = Setting(Rule("pam_rt", children=6), 120, 20, 5, LEARNING, warm_up=20, trust=None)
PLAIN = Setting(Rule("evolution"), 120, 20, 5)


def _run(folder: Path, setting: Setting, seed: int = 0, task: Chains | None = None) -> Found:
    task = task or Chains()
    with Evaluations(task, folder) as paid:
        return Search(task, setting, ("first", seed), ("chains", seed), paid).run()


@pytest.fixture(scope="module")
def guided(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """A whole search."""
    return _run(tmp_path_factory.mktemp("guided"), GUIDED)


def _rows(found: Found) -> tuple[Any, ...]:
    return found.steps, found.pairs, found.states, found.programs, found.ended


def test_evaluations_are_counted_alike_by_rows_by_programs_and_by_another_process(
    tmp_path: Path,
) -> None:
    for at, setting in enumerate((PLAIN, GUIDED)):
        found = _run(tmp_path / str(at), setting)
        measured = [s for s in found.steps if s["evaluated"]]
        assert len(measured) == len(found.programs) == counted(tmp_path / str(at))[0] == 120
        assert found.steps[-1]["evaluations"] == 120
        assert any(s["status"] == "failed" for s in measured)
        assert any(not s["evaluated"] for s in found.steps)
        keys = [s["program"] for s in found.steps]
        assert len(set(keys)) == len(keys)


def test_all_methods_begin_with_the_same_programs(tmp_path: Path) -> None:
    firsts = []
    for at, setting in enumerate((PLAIN, GUIDED, replace(PLAIN, rule=Rule("random")))):
        found = _run(tmp_path / str(at), setting)
        firsts.append([s["program"] for s in found.steps if s["how"] == "initial"])
    assert firsts[0] == firsts[1] == firsts[2]
    assert len(firsts[0]) >= 20


@pytest.mark.integration
def test_a_search_is_the_same_at_every_run_and_another_one_for_another_seed(
    guided: Found, tmp_path: Path
) -> None:
    assert _rows(_run(tmp_path / "b", GUIDED)) == _rows(guided)
    assert _rows(_run(tmp_path / "c", GUIDED, seed=1)) != _rows(guided)


class Killed(Chains):
    """Dies at a call, as a machine does."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def measure(self, program: Any) -> Any:
        if self.calls == self.at:
            raise KeyboardInterrupt
        return super().measure(program)


@pytest.mark.integration
@pytest.mark.parametrize("at", [3, 37, 90, 119])
def test_a_search_that_was_killed_ends_in_the_same_rows(
    at: int, guided: Found, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path / "cut", GUIDED, task=Killed(at))
    rest = Chains()
    assert _rows(_run(tmp_path / "cut", GUIDED, task=rest)) == _rows(guided)
    assert rest.calls == 120 - at


@pytest.mark.integration
def test_probabilities_are_from_before_the_label(tmp_path: Path) -> None:
    """With every fitness turned round, what was said of a step must not have changed before it."""

    class Turned(Chains):
        def measure(self, program: Any) -> Any:
            found = super().measure(program)
            if self.calls <= 80 or found.fitness is None:
                return found
            return replace(found, fitness=-found.fitness)

    one, other = (
        _run(tmp_path / name, replace(GUIDED, budget=85), task=task)
        for name, task in (("a", Chains()), ("b", Turned()))
    )
    cut = next(i for i, s in enumerate(one.steps) if s["evaluations"] == 81)
    said = [
        [(p["step"], p["other"], p["p"]) for p in f.pairs if p["step"] <= cut] for f in (one, other)
    ]
    assert said[0] == said[1]
    assert len(said[0]) > 30
    assert one.steps[:cut] == other.steps[:cut]
    assert one.steps[cut]["fitness"] != other.steps[cut]["fitness"]


@pytest.mark.integration
def test_a_search_that_trains_first_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: it does where comparisons are asked for after the label."""
    step = Search._step

    def late(self: Search) -> None:
        ask, self._ask = self._ask, lambda choice: iter(())  # type: ignore[method-assign]
        kept: list[Any] = []
        note = self._note

        def noted(*args: Any) -> None:
            note(*args)
            outcome = args[3]
            self._network.discriminator.add(args[1].child.program, outcome.fitness, None)  # type: ignore[union-attr]
            for _ in range(3):
                self._network.discriminator.train()  # type: ignore[union-attr]
            for row, other in ask(args[1]):
                kept.append(row | {"step": args[0]} | module._label(outcome, other))

        self._note = noted  # type: ignore[method-assign]
        step(self)
        self._ask, self._note = ask, note  # type: ignore[method-assign]
        self.found.pairs.extend(kept)

    monkeypatch.setattr(Search, "_step", late)
    with pytest.raises(AssertionError):
        test_probabilities_are_from_before_the_label(tmp_path)


def test_pairs_say_how_the_child_compared(guided: Found) -> None:
    found = guided
    fitness = {s["program"]: s["fitness"] for s in found.steps}
    at = {s["program"]: s["step"] for s in found.steps}
    assert {p["other"] for p in found.pairs} == {"parent", "any", "top"}
    for pair in found.pairs:
        left, right = fitness[pair["left"]], fitness[pair["right"]]
        assert at[pair["right"]] < at[pair["left"]] == pair["step"]
        wanted = 0 if left is None else -1 if left == right else int(left > right)
        assert pair["label"] == wanted


def test_a_judge_is_asked_once_it_is_warm_and_trusted(guided: Found, tmp_path: Path) -> None:
    steps = guided.steps
    judged = [s["step"] for s in steps if s["how"] == "judged"]
    assert all(
        s["reason"] == "warm_up"
        for s in steps[25:]
        if s["step"] < judged[0] and s["how"] != "initial"
    )
    never = _run(tmp_path / "b", replace(GUIDED, trust=0.999, budget=200))
    assert not any(s["how"] == "judged" for s in never.steps)
    assert any(s["reason"] == "untrusted" for s in never.steps)


@pytest.mark.integration
def test_an_oracle_needs_fewer_evaluations(tmp_path: Path) -> None:
    best = {}
    for name, setting in (
        ("plain", PLAIN), ("oracle", replace(GUIDED, learning=None, accuracy=1.0)),
    ):  # fmt: skip
        runs = [_run(tmp_path / f"{name}{s}", replace(setting, budget=60), s) for s in range(8)]
        best[name] = np.mean([run.steps[-1]["best"] for run in runs])
    assert best["oracle"] > best["plain"]


def test_a_space_that_ends_ends_the_search(tmp_path: Path) -> None:
    task = Chains()
    task.space = Graphs(Grammar((Op("x"), Op("f", ("real",))), max_nodes=6))
    found = _run(tmp_path, PLAIN, task=task)
    assert found.ended == "exhausted"
    assert len(found.programs) <= 6


def test_a_search_ends_where_nothing_could_be_better(tmp_path: Path) -> None:
    task = Chains("fh")
    task.enough = 1.9
    found = _run(tmp_path, replace(PLAIN, budget=500), task=task)
    assert found.ended == "solved"
    assert found.steps[-1]["best"] >= 1.9 > max(s["best"] or 0 for s in found.steps[:-1])
