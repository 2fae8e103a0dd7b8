"""The whole report: order, bytes, and what it refuses to say."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from evaluators.soft_labels import report as report_module
from evaluators.soft_labels.report import HEADLINES, statistics
from measurand.reporting import document, render
from measurand.reporting.view import assemble
from schemas.soft_labels.params import Params


@pytest.fixture(scope="module")
def report(params: Params, written: tuple[Path, Path], table: pa.Table) -> document.Document:
    return assemble(report_module, *written, table, params)


def test_headlines_are_statistics(table: pa.Table) -> None:
    assert set(HEADLINES) <= set(table["metric"].to_pylist())


def test_judges_come_before_what_they_say(report: document.Document) -> None:
    assert [part.title for part in report.sections] == [
        "The judges as instruments",
        "Labels",
        "Held-out pairs, by how sure the label is",
        "Calibration",
        "Against training steps",
        "Win rates",
        "Distance from the start",
        "An exact bandit",
        "Methods",
    ]


@pytest.mark.integration
def test_the_report_is_drawn_from_its_own_json(report: document.Document) -> None:
    packed = document.to_json(report)
    assert render.to_html(document.from_json(packed)) == render.to_html(report)


def test_statistics_and_report_are_the_same_twice(
    params: Params, written: tuple[Path, Path], table: pa.Table, report: document.Document
) -> None:
    assert statistics(*written, params) == table
    assert document.to_json(assemble(report_module, *written, table, params)) == document.to_json(
        report
    )


def test_only_figures_of_trained_policies_are_of_a_training(table: pa.Table) -> None:
    rows = table.to_pylist()
    of = {(r["metric"], r["slice"]): r["scope"] for r in rows}
    untrained = [r for r in rows if "run=reference" in r["slice"] and r["metric"] != "strength"]
    assert untrained
    assert {r["scope"] for r in untrained} == {None}
    assert of["accuracy", "run=film_dpo"] == "training"
    assert of["strength", "judge=fair,run=reference,set=film"] is None
    assert of["text_position_bias", "judge=fair,set=film"] == "training"
    against = [r for r in rows if "over=reference," in r["slice"] and "run=film_" in r["slice"]]
    assert {r["scope"] for r in against} == {"training"}


def test_every_null_has_a_reason(table: pa.Table) -> None:
    for row in table.to_pylist():
        if row["estimate"] is None or row["ci_lo"] is None:
            assert row["reason"], row


def test_a_dataset_without_results_still_has_judges_and_labels(
    params: Params, written: tuple[Path, Path], tmp_path: Path
) -> None:
    found = statistics(written[0], tmp_path, params)
    report = assemble(report_module, written[0], tmp_path, found, params)
    assert [part.title for part in report.sections] == [
        "The judges as instruments",
        "Labels",
        "Methods",
    ]


def test_it_says_what_it_is_not(report: document.Document) -> None:
    text = render.to_markdown(report)
    assert "no win rate of it is reproduced here" in text
    assert "No win rates by leaning on film, since the judge prefers a place" in text


def test_pairs_are_never_taken_as_independent(table: pa.Table) -> None:
    """Rows stand for themselves where they are trainings, calls or responses, and nowhere else."""
    alone = {
        row["metric"]
        for row in table.to_pylist()
        if row["ci_lo"] is not None and row["n_clusters"] is None and row["method"] != "exact count"
    }
    free = {"rater_alpha", "comparison_missing", "judge_missing", "sample_missing", "win_shift"}
    assert {m for m in alone if not m.endswith("_seeds") and not m.startswith("dev_")} <= free | {
        "train_gap", "train_margin", "loss", "factor", "margin_growth", "gap_change"
    }  # fmt: skip
