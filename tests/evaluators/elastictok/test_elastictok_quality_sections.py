"""What the sections on data, codes and training say; their order is tested with the report."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from evaluators.elastictok.context import Findings, View
from evaluators.elastictok.quality import data_rows
from evaluators.elastictok.quality_sections import (
    data_section,
    method_section,
    near_words,
    training_section,
)
from measurand import shards
from measurand.manifest import read_manifest
from measurand.reporting.document import Table, Text
from measurand.reporting.lookup import Figures
from measurand.statistics import statistics_table
from measurand.subject import Subject

ELASTIC = Subject("elastictok", "elastic", 0, 0)


def test_leaks_and_rejected_rows_are_counted(data: Path) -> None:
    rows = list(data_rows(data, ELASTIC))
    leaks = [r for r in rows if r["metric"] == "leaks"]
    assert [r["slice"] for r in leaks] == [
        f"split={s}" for s in ("test_clip", "test_time", "validation")
    ]  # fmt: skip
    assert {r["estimate"] for r in leaks} == {0.0}
    assert {r["estimate"] for r in rows if r["metric"] == "planted_leaks_found"} == {1.0}
    manifest = read_manifest(data / "dataset/blocks")
    rejected = {r["slice"]: r["estimate"] for r in rows if r["metric"] == "rejected"}
    for reason, count in manifest.rejected.items():
        assert rejected[f"reason={reason},table=blocks"] == count


def test_the_data_section_shows_every_source_and_split(data: Path, found: Findings) -> None:
    figures = Figures(statistics_table(list(data_rows(data, ELASTIC))))
    part = data_section(View(found, figures, data=data))
    holds, search, near, rejected = part.blocks
    assert isinstance(near, Table)
    assert isinstance(holds, Table)
    summary = shards.read_table(data / "dataset/summary")
    assert len(holds.rows) == summary.num_rows
    assert isinstance(search, Table)
    assert [row[-1] for row in search.rows] == ["24 of 24"] * 3
    assert isinstance(rejected, Table)
    assert sum(int(str(row[2])) for row in rejected.rows) == sum(
        r["estimate"] for r in figures.metrics("elastic", "rejected")
    )
    assert "CC-BY-2.0" in part.intro


def test_speed_is_tokens_over_seconds(found: Findings) -> None:
    part = training_section(View(found))
    assert part is not None
    table = part.blocks[1]
    assert isinstance(table, Table)
    speed = found.tables["speed"].row(0, named=True)
    assert table.rows[0][3]["value"] == pytest.approx(speed["tokens"] / speed["seconds"])
    assert table.rows[0][5]["value"] is None
    assert "CPU" in table.rows[0][5]["reason"]
    said = part.blocks[2]
    assert isinstance(said, Text)
    assert "of 4 learned" in said.text


def test_methods_say_what_differs(found: Findings) -> None:
    # Without statistics the table says of every score that it was not made.
    text, alphas = method_section(View(found)).blocks
    assert isinstance(text, Text)
    assert isinstance(alphas, Table)
    assert {row[1]["reason"] for row in alphas.rows} == {"not asked"}
    assert "K = 16" in text.text
    assert "released one misses" in text.text


def test_near_copies_are_counted_and_what_is_left_is_said(data: Path, found: Findings) -> None:
    rows = [r for r in data_rows(data, ELASTIC) if r["metric"] == "near_copies"]
    near = shards.read_table(data / "dataset/near").to_pylist()
    assert {r["slice"] for r in rows} == {f"source={r['source']},split={r['split']}" for r in near}
    figures = Figures(statistics_table(rows))
    table = data_section(View(found, figures, data=data)).blocks[2]
    assert isinstance(table, Table)
    assert sum(int(str(row[1])) for row in table.rows) == len(near)

    def words(**sources: list[bool]) -> str:
        return near_words(pl.DataFrame([
            {"source": source, "split": "test_clip", "near": one}
            for source, every in sources.items() for one in every
        ]))  # fmt: skip

    assert words(a=[False], b=[False]) == ""
    said = words(a=[False], pong=[True, False], other=[True, False, False])
    assert said.startswith("2 of 6 unseen clips are near copies of what was trained on: figures")
    assert said.endswith("Next to nothing is left of pong (1 of 2).")
    assert "nothing is left" in words(pong=[True])
