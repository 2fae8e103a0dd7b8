from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from guided_evolution_small import Chains

from measurand.errors import InfraError, InputError
from pipelines.guided_evolution.evaluations import CALLS, FILE, Evaluations, counted
from pipelines.guided_evolution.programs import Program
from pipelines.guided_evolution.spaces import Outcome


def _some(chains: Chains, n: int = 20) -> list[Program]:
    rng = np.random.default_rng(0)
    found: dict[bytes, Program] = {}
    while len(found) < n:
        program = chains.space.random(rng)
        found[program.key] = program
    return list(found.values())


def test_another_process_counts_every_call_and_no_other(chains: Chains, tmp_path: Path) -> None:
    some = _some(chains)
    with Evaluations(chains, tmp_path) as paid:
        first = [paid.measure(p) for p in some]
        again = [paid.measure(p) for p in some]
    assert first == again
    assert counted(tmp_path) == (chains.calls, 1) == (20, 1)
    assert any(outcome.status == "failed" for outcome in first)


def test_what_was_measured_is_found_again(chains: Chains, tmp_path: Path) -> None:
    some = _some(chains)
    with Evaluations(chains, tmp_path) as paid:
        first = [paid.measure(p) for p in some[:12]]
        spent = paid.seconds
    with Evaluations(chains, tmp_path) as paid:
        assert [paid.measure(p) for p in some][:12] == first
        assert paid.seconds > spent
    assert counted(tmp_path) == (chains.calls, 2) == (20, 2)
    assert (tmp_path / CALLS).read_text().split() == ["12", "8"]


def test_an_unfinished_last_line_is_measured_again(chains: Chains, tmp_path: Path) -> None:
    some = _some(chains, 5)
    with Evaluations(chains, tmp_path) as paid:
        first = [paid.measure(p) for p in some]
    data = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(data[:-10])
    with Evaluations(chains, tmp_path) as paid:
        assert [paid.measure(p) for p in some] == first
    assert chains.calls == 6
    kept = (tmp_path / FILE).read_bytes().splitlines()
    assert len(kept) == 5
    assert kept[:4] == data.splitlines()[:4]


def test_a_value_that_is_no_number_is_refused(tmp_path: Path, chains: Chains) -> None:
    class Wrong(Chains):
        def measure(self, program: Program) -> Outcome:
            return Outcome(float("nan"))

    with Evaluations(Wrong(), tmp_path) as paid, pytest.raises(InputError, match="fitness nan"):
        paid.measure(_some(chains, 1)[0])


def test_a_count_that_is_none_is_named(tmp_path: Path) -> None:
    assert counted(tmp_path) == (0, 0)
    (tmp_path / CALLS).write_text("three\n")
    with pytest.raises(InfraError, match="no list of numbers"):
        counted(tmp_path)
