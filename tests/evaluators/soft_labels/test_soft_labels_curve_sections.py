from __future__ import annotations

from pathlib import Path

from evaluators.soft_labels.context import Material, View, material
from evaluators.soft_labels.curve_sections import curve_section
from evaluators.soft_labels.report import statistics
from measurand.reporting.document import Figure, Table, Text
from measurand.reporting.lookup import Figures
from schemas.soft_labels.params import Params


def test_every_run_is_a_line_and_displacement_has_two(
    everything: Material, params: Params, figures: Figures
) -> None:
    section = curve_section(View(everything, figures))
    assert section is not None
    pictures = [b for b in section.blocks if isinstance(b, Figure)]
    margin = next(p for p in pictures if p.title == "Reward margin on training pairs")
    line = [r for r in margin.data["rows"] if r["series"] == "known_cdpo"]
    assert [(r["x"], r["estimate"]) for r in line] == [(0, 0.0), (10, 1.0), (20, 1.0)]
    shift = pictures[-1].data["rows"]
    assert {r["series"] for r in shift} == {"preferred", "other"}
    assert {r["panel"] for r in shift} == {f"{r.id}, {r.set}" for r in params.train.runs}
    said, table = section.blocks[-1], section.blocks[-2]
    assert isinstance(said, Text)
    assert f"of {len(params.train.runs)} learned" in said.text
    assert isinstance(table, Table)
    assert [row[1] for row in table.rows] == [20] * 4


def test_without_a_log_there_is_no_section(
    written: tuple[Path, Path], tmp_path: Path, params: Params
) -> None:
    bare = material(written[0], tmp_path, params)
    assert curve_section(View(bare, Figures(statistics(written[0], tmp_path, params)))) is None


def test_captions_speak_only_of_losses_that_were_trained(
    everything: Material, params: Params, figures: Figures
) -> None:
    section = curve_section(View(everything, figures))
    assert section is not None
    said = " ".join(b.description for b in section.blocks if isinstance(b, Figure))
    trained = {run.method for run in params.train.runs}
    names = {"cdpo": "cDPO", "gdpo": "GDPO", "gipo": "GIPO"}
    assert {method for method, name in names.items() if name in said} == trained & set(names)
    assert "gipo" not in trained
