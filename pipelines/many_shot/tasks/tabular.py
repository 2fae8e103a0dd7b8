"""Rows of real numbers with a class, from the data sets inside scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from measurand.manifest import Source
from pipelines.many_shot.example import Drawn, Example
from schemas.many_shot.params import Tabular, Task


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Every row; features with the digits that tell them apart, never in powers of ten.

    Classes become single words: digits keep their digit, the others are ``A``, ``B``, ``C`` in the
    order of the data set. No two rows of these data sets are equal.
    """
    import numpy as np
    import sklearn
    from sklearn import datasets

    name = cast(Tabular, task.source).name
    bunch = getattr(datasets, f"load_{name}")()
    classes = sorted(set(bunch.target.tolist()))
    words = [str(c) if name == "digits" else "ABCDEFGHIJ"[c] for c in classes]
    examples = []
    for row, (features, label) in enumerate(zip(bunch.data, bunch.target, strict=True)):
        text = ", ".join(np.format_float_positional(value, trim="-") for value in features)
        examples.append(Example(text, words[int(label)], str(row), text, tuple(words)))
    origin = Source(
        f"scikit-learn data set {name}", "https://scikit-learn.org", "BSD-3-Clause, UCI CC BY 4.0"
    )
    return Drawn(examples, "scikit-learn", sklearn.__version__, sources=[origin])
