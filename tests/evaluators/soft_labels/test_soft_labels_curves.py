from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from evaluators.soft_labels.context import Material
from evaluators.soft_labels.curves import MEASURES, _second_half, curve_rows, measured_steps


def test_means_over_seeds_at_measured_steps(everything: Material) -> None:
    rows = {(row["metric"], row["slice"]): row for row in curve_rows(everything)}
    assert measured_steps(everything, "film_dpo") == [0, 10, 20]
    row = rows["dev_margin", "run=film_dpo,step=10"]
    assert row["estimate"] == pytest.approx(1.005)  # seeds are .01 apart
    assert row["se"] == pytest.approx(0.005)
    assert rows["dev_margin", "run=known_cdpo,step=10"]["reason"] == "no interval: one seed"
    assert ("loss", "run=film_dpo,step=20") not in rows  # no batch after the last step
    assert ("dev_margin", "run=film_dpo,step=5") not in rows
    assert {metric for metric, _ in rows} == {*MEASURES, "margin_growth", "gap_change"}


def test_a_loss_at_rest_has_no_growth(everything: Material) -> None:
    rows = {(row["metric"], row["slice"]): row["estimate"] for row in curve_rows(everything)}
    assert rows["margin_growth", "run=known_cdpo"] == 0
    assert rows["margin_growth", "run=film_gdpo"] == pytest.approx(1)
    assert rows["gap_change", "run=film_gdpo"] == pytest.approx(-0.1)


def test_one_measured_step_has_no_growth_to_tell(everything: Material) -> None:
    once = dataclasses.replace(everything, training=everything.training.filter(pl.col("step") == 0))
    growth = [row for row in curve_rows(once) if row["metric"] == "margin_growth"]
    assert growth
    for row in growth:
        assert (row["estimate"], row["reason"]) == (None, "fewer than two measured steps")


def test_two_measured_steps_have_a_growth_and_middles_are_nearest_to_half() -> None:
    def grown(steps: list[int]) -> float | None:
        rows = [{"seed": s, "step": at, "x": at**2 + s} for s in (0, 1) for at in steps]
        return _second_half(pl.DataFrame(rows), "x").value

    assert grown([0, 20]) == 400
    assert grown([0, 12, 20]) == 400 - 144
    assert grown([0, 6, 14, 20]) == 400 - 36
    assert grown([0, 7, 12, 20]) == 400 - 144
