from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from measurand.params import read as read_params
from pipelines.personality.profiles import Profile, design, instruments, plan, shaped_levels
from schemas.personality.params import Build, Params

ROOT = Path(__file__).parents[3]


def preset(name: str) -> Build:
    return read_params(ROOT / f"params/presets/personality/{name}.yaml", Params).build


def test_ids_are_those_of_the_paper() -> None:
    assert Profile(7, "rg6").id == "d7-rg6"
    assert Profile(50, "ev2", (9, 0, 1, 5, 0)).id == "ext9-agr0-con1-neu5-ope0-d50-ev2"


@pytest.mark.parametrize(("name", "rows"), [("full", 32), ("half", 16), ("quarter", 8)])
def test_designs_are_balanced_and_orthogonal(name: str, rows: int) -> None:
    x = 2 * np.array(design(name)) - 1
    assert x.shape == (rows, 5)
    assert len({tuple(r) for r in x.tolist()}) == rows
    np.testing.assert_array_equal(x.T @ x, rows * np.eye(5, dtype=int))


def test_the_half_fraction_has_no_two_factor_alias() -> None:
    x = 2 * np.array(design("half")) - 1
    products = [x[:, i] * x[:, j] for i in range(5) for j in range(i)]
    assert not np.any(np.array(products) @ x)


def test_single_names_one_trait_and_concurrent_all() -> None:
    build = preset("full")
    assert build.single is not None
    assert build.concurrent is not None
    single, concurrent = shaped_levels(build.single), shaped_levels(build.concurrent)
    assert len(set(single)) == len(single) == 45
    assert all(sum(n > 0 for n in levels) == 1 for levels in single)
    assert len(set(concurrent)) == len(concurrent) == 32
    assert all(set(levels) <= {1, 9} for levels in concurrent)


def test_full_has_the_participants_of_the_paper() -> None:
    build = preset("full")
    found = plan(build)
    assert len({p.id for p in found}) == len(found)
    participants = dict.fromkeys(("validity", "single", "concurrent"), 0)
    for blocks in found.values():
        for block in blocks:
            if block.experiment in participants:
                participants[block.experiment] += len(block.postambles)
    assert participants == {"validity": 1250, "single": 2250, "concurrent": 1600}


def test_a_reversed_block_stands_beside_its_validity_twin() -> None:
    build = preset("tiny")
    reversed_profiles = {
        p: [b.experiment for b in blocks]
        for p, blocks in plan(build).items()
        if any(b.option_order == "descending" for b in blocks)
    }
    assert [p.bio_id for p in reversed_profiles] == [1, 2, 3, 4, 5]
    assert all(names == ["validity", "reversed_options"] for names in reversed_profiles.values())


def test_needed_instruments_are_listed_once() -> None:
    build = preset("tiny")
    names = instruments(build)
    assert len(set(names)) == len(names)
    assert set(names) == set(build.validity.instruments)
