from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from api_inputs import taken

import measurand


def test_a_row_an_item() -> None:
    frame = pl.DataFrame(taken(1))
    found = measurand.items(frame)
    share = dict(frame.group_by("item_id").agg(pl.col("value").mean()).iter_rows())
    assert {row["item"]: row["right"] for row in found.rows()} == pytest.approx(share)
    assert found.kept == ()
    assert found.to_polars().height == 12


def test_a_form_is_saved_and_used(tmp_path: Path) -> None:
    made = measurand.items(taken(2), keep=4, save=tmp_path / "form.json")
    assert len(made.kept) == 4
    scores = measurand.items(taken(2), form=tmp_path / "form.json")
    assert {row["model"] for row in scores.rows()} == {f"m{i}" for i in range(12)}
    assert all(row["items"] == 4 for row in scores.rows())
    assert "m0" in scores.render("md")
    with pytest.raises(measurand.InputError) as caught:
        measurand.items(taken(2), keep=4, save=tmp_path / "form.json")
    assert caught.value.code == "file_exists"


def test_families_are_read_from_a_table(tmp_path: Path) -> None:
    lines = [f"m{i},{'ab'[i % 2]}" for i in range(12)]
    (tmp_path / "families.csv").write_text("\n".join(["model,family", *lines]))
    found = measurand.items(taken(3), families=tmp_path / "families.csv")
    assert found.record["families"] == ["a", "b"] * 6
