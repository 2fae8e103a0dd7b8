from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.interop.read import read
from measurand.interop.rows import Wish
from measurand.shortening.matrix import Matrix, answers, complete, families, of

NAN = float("nan")


def made(values: list[list[float]]) -> Matrix:
    x = np.array(values)
    models = tuple(f"m{i}" for i in range(len(x)))
    return Matrix("s", models, tuple(f"q{j}" for j in range(x.shape[1])), x, ())


def test_items_that_a_model_lacks_are_left_out_and_told() -> None:
    found = complete(made([[1, 0, 1, 1], [1, NAN, 0, 1], [NAN, NAN, NAN, 1]]))
    assert found.models == ("m0", "m1")
    assert found.items == ("q0", "q2", "q3")
    assert found.values.tolist() == [[1, 1, 1], [1, 0, 1]]
    assert found.notes == (
        "m2 has fewer than half of the items: left out",
        "1 of 4 items lack a score of some model: left out",
    )
    with pytest.raises(InputError) as caught:
        complete(made([[1, NAN], [NAN, 1]]))
    assert caught.value.code == "no_items"


def test_answers_stand_by_item() -> None:
    found = answers(made([[1, 0]]), ["q1", "none", "q0"])
    assert found[0, [0, 2]].tolist() == [0, 1]
    assert np.isnan(found[0, 1])


def test_families_are_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("model,family\na,x\nb,x\n", encoding="utf-8")
    assert families(path, ["b", "c"]) == ["x", "c"]
    path.write_text("model,family\na,x\na,y\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        families(path, ["a"])
    assert caught.value.code == "family_twice"


def test_one_score_between_nought_and_one(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("item_id,model,a,b\n1,m,0,3\n2,m,1,4\n", encoding="utf-8")
    rows = read([path], Wish(values=("a", "b")))
    with pytest.raises(InputError) as caught:
        of(rows, None)
    assert caught.value.code == "several_scores"
    with pytest.raises(InputError) as caught:
        of(rows, "b")
    assert caught.value.code == "not_rates"
    assert of(rows, "a").values.tolist() == [[0, 1]]
