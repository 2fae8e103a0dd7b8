from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.shortening import kept
from measurand.stats.few_respondents import Bank
from measurand.stats.short_form import ShortForm

EMPTY = np.empty(0)
FORM = ShortForm(
    Bank(np.array([1.0, 0.5]), np.array([0.2, -0.1]), 3), np.array([1]), 1.3, EMPTY, EMPTY, 3
)


def test_a_form_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "form.json"
    path.write_text(kept.text(FORM, ["a", "b"], "right", ["x", "y", "z"]), encoding="utf-8")
    found, items, name = kept.read(path)
    assert (items, name, found.taken.tolist(), found.stretch) == (("a", "b"), "right", [1], 1.3)
    assert found.bank.slope.tolist() == [1.0, 0.5]
    row = np.array([[1.0]])
    assert found.estimate(row) == FORM.estimate(row)


@pytest.mark.parametrize(
    "change",
    [{"format": "x"}, {"taken": ["gone"]}, {"items": []}, {"stretch": "wide"}, {"models": []}],
)
def test_what_is_no_form_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    record = json.loads(kept.text(FORM, ["a", "b"], "right", ["x"])) | change
    path = tmp_path / "form.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        kept.read(path)
    assert caught.value.code == "no_form"
