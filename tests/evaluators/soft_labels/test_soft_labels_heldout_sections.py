from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.soft_labels.context import Material, View, material
from evaluators.soft_labels.heldout_sections import accuracy_section, calibration_section
from measurand.reporting.document import Figure, Table
from measurand.reporting.lookup import Figures
from schemas.soft_labels.params import Params


def test_thirds_of_every_run_by_set(everything: Material, figures: Figures) -> None:
    section = accuracy_section(View(everything, figures))
    assert section is not None
    forest = section.blocks[0]
    assert isinstance(forest, Figure)
    rows = forest.data["rows"]
    assert [(r["group"], r["label"].split()[0], r["series"]) for r in rows[:4]] == [
        ("film", "low", "film_dpo"),
        ("film", "low", "film_gdpo"),
        ("film", "low", "film_shuffled"),
        ("film", "middle", "film_dpo"),
    ]
    assert len(rows) == 4 * 3
    contrasts = section.blocks[-1]
    assert isinstance(contrasts, Table)
    assert len(contrasts.rows) == 3


def test_the_curve_of_a_policy_that_sees_nothing_is_flat(
    everything: Material, figures: Figures
) -> None:
    section = calibration_section(View(everything, figures))
    assert section is not None
    picture = section.blocks[0]
    assert isinstance(picture, Figure)
    for run, seen in (("film_shuffled", False), ("film_gdpo", True)):
        line = [r["estimate"] for r in picture.data["rows"] if r["series"] == run]
        assert (max(line) - min(line) > 0.9) == seen
        # Both ways round: the curve mirrors itself.
        assert line == pytest.approx([1 - v for v in reversed(line)])


def test_nothing_measured_nothing_shown(
    written: tuple[Path, Path], tmp_path: Path, params: Params, figures: Figures
) -> None:
    bare = material(written[0], tmp_path, params)
    assert accuracy_section(View(bare, figures)) is None
    assert calibration_section(View(bare, figures)) is None
