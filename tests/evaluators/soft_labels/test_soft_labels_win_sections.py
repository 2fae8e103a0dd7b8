from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.soft_labels.context import Material, View, material
from evaluators.soft_labels.win_sections import distance_section, judged_sets, win_section
from measurand.reporting.document import Figure, Text
from measurand.reporting.lookup import Figures
from schemas.soft_labels.params import Params


def test_the_matrix_mirrors_itself(everything: Material, figures: Figures) -> None:
    section = win_section(View(everything, figures))
    assert section is not None
    matrix = section.blocks[0]
    assert isinstance(matrix, Figure)
    values = matrix.data["values"]
    assert matrix.data["labels"][-1] == "reference"
    for i, row in enumerate(values):
        assert row[i] is None
        for j, value in enumerate(row):
            if i != j:
                assert value == pytest.approx(-values[j][i])
    reasons = matrix.data["reasons"]
    assert reasons[0][0] == "itself"


def test_a_blocked_judge_has_a_sentence_and_no_picture(
    everything: Material, figures: Figures
) -> None:
    section = win_section(View(everything, figures))
    assert section is not None
    said = [b.text for b in section.blocks if isinstance(b, Text)]
    assert len(said) == 1
    assert "leaning" in said[0]
    titles = [b.title for b in section.blocks if isinstance(b, Figure)]
    assert not any("leaning" in title for title in titles)
    assert len(titles) == 4  # a matrix and a ranking of each of the two others


def test_instruments_without_a_model_come_first(everything: Material) -> None:
    assert [parts["judge"] for parts in judged_sets(everything)] == ["learned", "fair", "leaning"]


def test_gains_against_distance(everything: Material, figures: Figures) -> None:
    section = distance_section(View(everything, figures))
    assert section is not None
    picture = section.blocks[0]
    assert isinstance(picture, Figure)
    own = [r for r in picture.data["rows"] if r["panel"] == "film, win rate by learned"]
    assert [(r["series"], round(r["x"], 6)) for r in own] == [
        ("film_shuffled", 0.0),
        ("film_dpo", 0.5),
        ("film_gdpo", 1.0),
    ]
    assert [r["estimate"] for r in own] == sorted(r["estimate"] for r in own)
    # A blocked judge has no win rates and so no panel.
    assert not any("leaning" in r["panel"] for r in picture.data["rows"])
    levels = {line["panel"]: line["y"] for line in picture.data["lines"]}
    assert levels["film, win rate by learned"] == 0.5


def test_nothing_written_nothing_shown(
    written: tuple[Path, Path], tmp_path: Path, params: Params, figures: Figures
) -> None:
    bare = material(written[0], tmp_path, params)
    assert win_section(View(bare, figures)) is None
    assert distance_section(View(bare, figures)) is None
