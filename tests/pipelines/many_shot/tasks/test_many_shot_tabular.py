from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from pipelines.many_shot.tasks import tabular
from schemas.many_shot.params import Task


@pytest.mark.parametrize(
    ("name", "options"),
    [("digits", tuple("0123456789")), ("wine", tuple("ABC")), ("breast_cancer", tuple("AB"))],
)
def test_texts_hold_exactly_the_packages_rows(name: str, options: tuple[str, ...]) -> None:
    task = Task.model_validate(
        {
            "id": "t",
            "source": {"kind": "tabular", "name": name},
            "train": 100,
            "test": 20,
            "curves": [{"shots": [0], "seeds": 1}],
        }
    )
    drawn = tabular.draw(task, 0, Path())
    data = getattr(datasets, f"load_{name}")()
    read = np.array([[float(word) for word in e.input.split(", ")] for e in drawn.examples])
    assert (read == data.data).all()
    assert [options.index(e.target) for e in drawn.examples] == data.target.tolist()
    assert {e.options for e in drawn.examples} == {options}
    assert len({e.input for e in drawn.examples}) == len(data.data)
    assert not any("e" in e.input or ".," in e.input for e in drawn.examples)
