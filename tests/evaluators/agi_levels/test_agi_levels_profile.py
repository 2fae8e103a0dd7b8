from __future__ import annotations

from dataclasses import replace

import pytest

from evaluators.agi_levels.placing import Placement
from evaluators.agi_levels.profile import headline, profile
from schemas.agi_levels.norms import Family, Task
from schemas.agi_levels.params import Rules
from schemas.agi_levels.taxonomy import FAMILIES

P = (0.99, 0.97, 0.9, 0.6, 0.55, 0.3, 0.98, 0.95, 0.2, 0.85)


def placed(task: str, p: float, **more: object) -> Placement:
    base = Placement("m", task, "n", "adults", "skilled", "raw", p=(p, p / 2, 0.0))
    return replace(base, level=2 if p >= 0.95 else None, **more)  # type: ignore[arg-type]


def tasks(n: int, families: tuple[Family, ...]) -> dict[str, Task]:
    return {
        f"t{i:02d}": Task(id=f"t{i:02d}", families=(families[i % len(families)],)) for i in range(n)
    }


def test_ten_tasks_by_the_poisson_binomial() -> None:
    known = tasks(10, ("linguistic",))
    rules = Rules(coverages=(0.5, 0.6, 0.8), headline=0.8)
    found = profile("m", [placed(f"t{i:02d}", p) for i, p in enumerate(P)], known, rules)
    assert found.held[0.8][2] == pytest.approx(0.42928, abs=1e-5)
    assert found.held[0.6][2] == pytest.approx(0.95299, abs=1e-5)
    assert found.held[0.5][2] > 0.95
    assert found.reason == (
        "not assessable (coverage): 10 of 20 tasks; 1 of 6 families; no task of metacognition, "
        "learning"
    )
    assert set(found.general.values()) == {None}
    assert not found.assessed


def test_general_levels_need_compulsory_families() -> None:
    names: tuple[Family, ...] = FAMILIES  # type: ignore[assignment]
    known = tasks(27, names)
    good = [placed(name, 0.999) for name in known]
    found = profile("m", good, known, Rules())
    assert found.reason is None
    assert found.general == {0.5: 2, 0.8: 2, 0.95: 2}
    # As many families as are asked for are enough.
    assert profile("m", good, known, Rules(min_families=len(FAMILIES))).reason is None
    weak = [
        placed(name, 0.01) if known[name].families == ("learning",) else p
        for name, p in zip(known, good, strict=True)
    ]
    found = profile("m", weak, known, Rules())
    assert found.held[0.8][2] > 0.95
    assert found.general[0.8] is None
    assert found.breadth[2] == pytest.approx(8 / 9, abs=0.01)


def test_families_have_shares_and_the_lowest_level() -> None:
    known = tasks(4, ("linguistic",))
    found = profile(
        "m", [placed(f"t{i:02d}", p) for i, p in enumerate((1, 1, 0.5, 0.1))], known, Rules()
    )
    [family] = found.families
    assert family.shares[2] == pytest.approx(0.65)
    assert (family.lowest, family.median, family.tasks) == (None, 1.0, 4)


def test_a_task_counts_by_one_norm_of_skilled_adults() -> None:
    group = {"norm": "other", "group": "others"}
    one, two = placed("t", 1.0), placed("t", 0.1, **group)
    assert headline([one], {}) == ((one,), {})
    assert "several norms" in headline([one, two], {})[1]["t"]
    named = {"t": Task(id="t", headline="other")}
    assert headline([one, two], named) == ((two,), {})
    synthetic = placed("t", 1.0, flags=("synthetic",))
    assert headline([synthetic], {}) == ((), {"t": "no norm that gives a percentile"})
    volunteers = placed("t", 1.0, reference="other")
    assert headline([volunteers], {})[1]["t"] == "no norm of skilled adults"
    lost = headline([one], {"t": Task(id="t", headline="gone")})
    assert lost[1]["t"] == "not placed against gone"


def test_runs_that_err_together_can_cost_the_general_level() -> None:
    names: tuple[Family, ...] = FAMILIES  # type: ignore[assignment]
    known = tasks(27, names)
    good = [placed(name, 0.97) for name in known]
    alone = profile("m", good, known, Rules())
    assert alone.held_sharing is None
    assert alone.general[0.8] == 2
    together = profile("m", [replace(p, runs=1.0) for p in good], known, Rules())
    assert together.held == alone.held
    assert together.held_sharing is not None
    # All 27 stand or fall with one run: .97 for any number of them.
    assert together.held_sharing[0.5][2] == pytest.approx(0.97, abs=2e-3)
    assert together.general[0.8] == 2
    weaker = [replace(placed(name, 0.93), runs=1.0) for name in known]
    assert profile("m", weaker, known, Rules()).general[0.5] is None
    assert profile("m", [replace(p, runs=0.0) for p in weaker], known, Rules()).general[0.5] == 2


def test_half_of_a_family_is_three_of_five() -> None:
    known = tasks(5, ("linguistic",))
    for sure, half in ((2, 0.0), (3, 1.0)):
        p = [1.0] * sure + [0.0] * (5 - sure)
        found = profile("m", [placed(f"t{i:02d}", x) for i, x in enumerate(p)], known, Rules())
        assert found.families[0].half[2] == pytest.approx(half)
