from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from api_inputs import said

import measurand


def number(text: str) -> str | None:
    found = re.search("[0-9]", text)
    return found and found[0]


def test_a_function_reads_what_its_pattern_reads() -> None:
    frame, columns = pl.DataFrame(said(1)), {"target": "right"}
    by_pattern = measurand.rescore(frame, pattern="[0-9]", map=columns)
    by_function = measurand.rescore(frame, parser=number, map=columns)
    assert by_function.record["parser"] == "number"
    assert by_function.record["models"] == by_pattern.record["models"]
    assert by_function.record["answers"] == "frame"


def test_rows_are_the_paired_figures() -> None:
    found = measurand.rescore(said(2), pattern="[0-9]", map={"target": "right"})
    old, right = said(2)["value"], said(2)["right"]
    new = [float(number(a) == r) for a, r in zip(said(2)["answer"], right, strict=True)]
    for at, row in enumerate(found.rows()):
        own = slice(20 * at, 20 * at + 20)
        assert row["new"] == pytest.approx(sum(new[own]) / 20)
        assert row["old"] == pytest.approx(sum(old[own]) / 20)
        assert row["difference"] == pytest.approx(row["new"] - row["old"])
        assert row["unread"] == said(2)["answer"][own].count("?")


def test_the_scores_are_the_saved_ones_and_are_read_by_other_verbs(tmp_path: Path) -> None:
    saved = tmp_path / "new.csv"
    found = measurand.rescore(said(3), pattern="[0-9]", map={"target": "right"}, save=saved)
    means = [one.mean.estimate for one in measurand.analyse(found.scores).means]
    assert means == [one.mean.estimate for one in measurand.analyse(saved).means]
    assert means == [one["new"]["of_read"]["value"] for one in found.record["models"]]


def test_without_old_scores_nothing_is_paired() -> None:
    answers = {k: v for k, v in said(4).items() if k != "value"}
    for row in measurand.rescore(answers, pattern="[0-9]", map={"target": "right"}).rows():
        assert row["old"] is row["difference"] is row["low"] is None


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    for options in ({}, {"pattern": "x", "parser": number}, {"parser": lambda text: 3}):
        with pytest.raises(measurand.InputError) as caught:
            measurand.rescore(said(1), map={"target": "right"}, save=tmp_path / "n.csv", **options)
        assert caught.value.code in ("bad_argument", "bad_parser")
    assert not list(tmp_path.iterdir())
