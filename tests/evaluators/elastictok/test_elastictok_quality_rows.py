"""Counts of invented tables: what the search found, and what is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from elastictok_small import params_of

from evaluators.elastictok.context import SYSTEM, Findings
from evaluators.elastictok.quality import data_rows, near_clips, unseen_rows
from measurand import runs, shards
from measurand.parquet import rejected_table
from measurand.subject import Subject
from measurand.tables import Column, Table
from schemas.elastictok.tables import LEAKAGE, NEAR

ELASTIC = Subject("elastictok", "elastic", 0, 0)
TOY = Table(
    name="toy", version="1.0.0", key=("name",), columns=(Column("name", pa.string(), "a name"),)
)


def _clip(source: str, split: str, clip: str, frames: int, near: int) -> dict[str, Any]:
    return {"source": source, "split": split, "clip_id": clip, "frames": frames,
            "near_frames": near, "median_rms": 0.1, "near": near * 2 > frames}  # fmt: skip


CLIPS = [
    _clip("pong", "test_time", "c4", 10, 10),
    _clip("pong", "test_clip", "c3", 8, 6),
    _clip("moving", "test_clip", "c1", 20, 1),
    _clip("moving", "test_clip", "c2", 5, 0),
]
"""Not in the order of sources, splits and clips."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``dataset/`` of two splits, three near copies searched, rows rejected."""
    folder = tmp_path_factory.mktemp("invented") / "dataset"
    leaks = [
        {"split": split, "train_frames": 90, "split_frames": frames, "shared_pixels": pixels,
         "shared_times": times, "smallest_gap": None, "planted": planted, "found": found}
        for split, frames, pixels, times, planted, found in (
            ("test_clip", 40, 3, 2, 8, 6), ("test_time", 30, 0, 0, 0, 0),
        )
    ]  # fmt: skip
    shards.write_dataset(folder / "leakage", LEAKAGE, runs.table(LEAKAGE, leaks))
    shards.write_dataset(folder / "near", NEAR, runs.table(NEAR, CLIPS))
    rejected: dict[str, tuple[str, ...]] = {"clips": ("short", "dark", "short"), "blocks": ()}
    for name, reasons in rejected.items():
        lost = rejected_table([(f"k{i}", reason, "") for i, reason in enumerate(reasons)])
        kept = runs.table(TOY, [{"name": "a"}, {"name": "b"}])
        shards.write_dataset(folder / name, TOY, kept, rejected=lost)
    return folder.parent


def _told(dataset: Path, metric: str) -> dict[str, tuple[float | None, int | None]]:
    rows = [r for r in data_rows(dataset, ELASTIC) if r["metric"] == metric]
    return {r["slice"]: (r["estimate"], r["n"]) for r in rows}


def test_leaks_are_equal_pixels_and_times_of_all_frames_of_a_split(dataset: Path) -> None:
    assert _told(dataset, "leaks") == {"split=test_clip": (5.0, 40), "split=test_time": (0.0, 30)}
    assert _told(dataset, "planted_leaks_found") == {"split=test_clip": (0.75, 8)}


def test_near_copies_are_a_share_of_the_frames_of_a_source_and_split(dataset: Path) -> None:
    found = _told(dataset, "near_copies")
    assert found == {
        "source=moving,split=test_clip": (1 / 25, 25),
        "source=pong,split=test_clip": (6 / 8, 8),
        "source=pong,split=test_time": (1.0, 10),
    }
    assert list(found) == sorted(found)


def test_clips_are_sorted_and_none_where_nothing_was_searched(
    dataset: Path, tmp_path: Path
) -> None:
    assert near_clips(dataset)["clip_id"].to_list() == ["c1", "c2", "c3", "c4"]
    empty = near_clips(tmp_path)
    assert empty.is_empty()
    assert "near_frames" in empty.columns


def test_rejected_rows_are_counted_by_table_and_reason(dataset: Path) -> None:
    assert _told(dataset, "rejected") == {
        "reason=dark,table=clips": (1.0, 5),
        "reason=short,table=clips": (2.0, 5),
    }


def _findings(near: pl.DataFrame | None) -> Findings:
    measured = [("c1", "test_clip"), ("c1", "test_clip"), ("c3", "test_near"), ("c4", "test_time")]
    budgets = pl.DataFrame(
        {
            "model": ["elastic"] * 4,
            "split": [split for _, split in measured],
            "clip_id": [clip for clip, _ in measured],
        }
    )
    tables = {"budgets": budgets} | ({} if near is None else {"near": near})
    return Findings(SYSTEM, "elastic", 0, 0, params_of(), tables, {})


def test_what_is_left_are_measured_clips_that_are_no_near_copies() -> None:
    [row] = unseen_rows(_findings(pl.DataFrame(CLIPS)))
    assert (row["metric"], row["slice"]) == ("unseen_clips", "split=test_clip")
    assert (row["estimate"], row["n"]) == (1.0, 3)
    # Where every clip is a near copy none is set apart in the results, and none is left.
    copies = pl.DataFrame([{**clip, "near": True} for clip in CLIPS])
    [row] = unseen_rows(_findings(copies))
    assert (row["estimate"], row["n"]) == (0.0, 3)
    [row] = unseen_rows(_findings(pl.DataFrame(CLIPS).filter(split="test_time")))
    assert (row["estimate"], row["n"]) == (None, 1)
    assert "without a search for near copies" in (row["reason"] or "")
