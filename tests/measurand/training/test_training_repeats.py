from __future__ import annotations

from pathlib import Path

from elastictok_small import params_of

from measurand.training.repeats import folder_of, repeat_of


def test_each_training_has_a_seed_of_its_own_and_nothing_else() -> None:
    params = params_of(train={"repeats": 3, "seed": 7})
    each = [repeat_of(params, at) for at in range(3)]
    seeds = [one.train.seed for one in each]
    assert seeds[0] == 7
    assert len(set(seeds)) == 3
    assert {one.train.repeats for one in each} == {1}
    same = [one.model_copy(update={"train": one.train.model_copy(update={"seed": 7})})
            for one in each]  # fmt: skip
    assert same[0] == same[1] == same[2]


def test_the_first_training_lies_where_a_single_one_would() -> None:
    assert folder_of(Path("out"), 0) == Path("out")
    assert folder_of(Path("out"), 2) == Path("out/training-2")
