"""Comparisons of frames, and reruns of whole reports."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from api_inputs import items

import measurand
from measurand.errors import InputError

ROOT = Path(__file__).parents[3]


def test_the_sides_of_a_comparison_may_be_frames() -> None:
    before = items(1)
    after = {**before, "value": [1.0] * 60}
    found = measurand.compare(before, after)
    assert [d.a for d in found.differences] == ["b", "b"]
    assert all(d.difference.estimate > 0 for d in found.differences)
    assert repr(found.differences[0]).startswith("b beats a by")
    assert found.render("md").startswith("#")


def test_a_rerun_has_a_row_a_figure(tmp_path: Path) -> None:
    for name in ("statistics.parquet", "report.json"):
        shutil.copy(ROOT / "reports/compwob" / name, tmp_path / name)
    found = measurand.compare(ROOT / "reports/compwob", tmp_path, mode="rerun")
    assert isinstance(found, measurand.Rerun)
    assert not found.changed
    assert found.differences == ()
    table = found.to_polars()
    assert table.height == measurand.Report(ROOT / "reports/compwob").to_arrow().num_rows > 10
    assert set(table["system"]) == {"compwob"}
    assert set(table["moved"]) == {"equal"}
    assert "Rerun" in repr(found)
    assert found._repr_html_().startswith("<div")


def test_frames_are_no_reports() -> None:
    with pytest.raises(InputError) as refused:
        measurand.compare(items(1), items(2), mode="rerun")
    assert refused.value.code == "no_side"
