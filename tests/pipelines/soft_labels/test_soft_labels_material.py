from __future__ import annotations

from pathlib import Path

import pytest

from measurand.errors import InputError
from pipelines.soft_labels.material import Material
from schemas.soft_labels.params import Params, Run


def _run(**changes: object) -> Run:
    return Run.model_validate({"id": "r", "method": "gdpo", "set": "mine", "steps": 1, **changes})


def test_own_labels(small_dataset: Path, small_params: Params) -> None:
    material = Material(small_params, small_dataset)
    pairs = material.training(_run(), 0)
    assert pairs
    assert all(pair.p == pair.own for pair in pairs)
    assert material.training(_run(pairs=3), 0) == pairs[:3]
    assert set(material.parents) == {"pairs", "reference"}


def test_labels_of_a_judge(small_dataset: Path, small_params: Params) -> None:
    material = Material(small_params, small_dataset)
    pairs = material.training(_run(labels="reader"), 0)
    assert [pair.p for pair in pairs] == pytest.approx([pair.own for pair in pairs])
    with pytest.raises(InputError, match="labelled no training pair"):
        material.training(_run(labels="nobody"), 0)


def test_shuffled_labels_are_others_of_either_side(
    small_dataset: Path, small_params: Params
) -> None:
    material = Material(small_params, small_dataset)
    own = [pair.p for pair in material.training(_run(), 0)]
    found = [[p.p for p in material.training(_run(labels="shuffled"), s)] for s in (0, 1, 0)]
    assert found[0] == found[2]
    assert found[0] != found[1]
    assert sorted(max(p, 1 - p) for p in found[0]) == pytest.approx(sorted(own))
    assert any(p < 0.5 for p in found[0])


def test_a_missing_part_is_named(small_dataset: Path, small_params: Params, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pairs is not built"):
        Material(small_params, tmp_path)
    with pytest.raises(InputError, match="no dev pairs of nowhere"):
        Material(small_params, small_dataset).pairs("nowhere", "dev")
