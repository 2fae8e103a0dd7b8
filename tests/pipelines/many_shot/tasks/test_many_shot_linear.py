from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from measurand.errors import ParamsError
from pipelines.many_shot.tasks import linear
from schemas.many_shot.params import Task


def task(train: int, test: int, dev: int = 4, features: int = 16, seed: int = 0) -> Task:
    source = {"kind": "linear", "features": features, "seed": seed}
    curves = [{"shots": [0], "seeds": 1}]
    sizes = {"train": train, "dev": dev, "test": test}
    return Task.model_validate({"id": "linear", "source": source, **sizes, "curves": curves})


def test_train_then_test_then_dev_come_from_one_generator() -> None:
    drawn = linear.draw(task(8, 100), 1, Path())
    rng, rule = linear.start(16, 0)
    expected = [linear.block(rng, rule, k) for k in (4, 50, 2)]
    x = np.concatenate([x for x, _ in expected])
    y = np.concatenate([y for _, y in expected])
    assert [e.input for e in drawn.examples] == [", ".join(map(str, row)) for row in x]
    assert [e.target for e in drawn.examples] == ["AB"[label] for label in y]
    assert drawn.split is not None
    assert [drawn.split[e.key] for e in drawn.examples] == ["train"] * 8 + ["test"] * 100 + [
        "dev"
    ] * 4


def test_the_rule_is_the_specifications() -> None:
    rng = np.random.default_rng([3, 32])
    weights = rng.integers(-1000, 1001, 32)
    threshold = np.median(rng.integers(1, 1001, (6250, 32)) @ weights)
    x = rng.integers(1, 1001, (6 * 4 + 50, 32))
    _, rule = linear.start(32, 3)
    assert (rule.weights == weights).all()
    assert rule.threshold == threshold
    above = x @ weights > threshold
    rows = [*np.flatnonzero(above)[:4], *np.flatnonzero(~above)[:4]]
    drawn = linear.draw(task(8, 2, features=32, seed=3), 0, Path())
    expected = [", ".join(map(str, x[rows[i]])) for i in rng.permutation(8)]
    assert [e.input for e in drawn.examples[:8]] == expected


@pytest.mark.parametrize(("train", "there"), [(8, 8), (7, 8), (1, 2)])
def test_blocks_are_balanced_and_large_enough(train: int, there: int) -> None:
    drawn = linear.draw(task(train, 5, 0), 0, Path())
    assert drawn.split is not None
    shown = [e for e in drawn.examples if drawn.split[e.key] == "train"]
    assert len(shown) == there
    assert sum(e.target == "A" for e in shown) == there // 2
    assert "dev" not in drawn.split.values()


def test_the_solver_knows_a_thousand_labels() -> None:
    drawn = linear.draw(task(500, 500, 0), 0, Path())
    assert len({e.input for e in drawn.examples}) == 1000
    assert all(linear.answer(16, 0, e.input) == e.target for e in drawn.examples)
    other = [linear.answer(16, 1, e.input) == e.target for e in drawn.examples]
    assert 0.2 < np.mean(other) < 0.8


def test_the_datasets_seed_does_not_matter_the_sources_does() -> None:
    assert linear.draw(task(8, 4), 0, Path()) == linear.draw(task(8, 4), 9, Path())
    assert linear.draw(task(8, 4), 0, Path()) != linear.draw(task(8, 4, seed=1), 0, Path())


def test_a_rule_without_a_second_class_is_refused() -> None:
    rule = linear.Rule(np.zeros(4, np.int64), 0.0)
    with pytest.raises(ParamsError, match="fewer than 8 of a class"):
        linear.block(np.random.default_rng(0), rule, 8)
