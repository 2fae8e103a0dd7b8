from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from measurand import shards
from pipelines.elastictok.leaks import pixels, search, summarise
from schemas.elastictok.params import Params
from schemas.elastictok.tables import BLOCKS


def rewritten(built: Path, out: Path, small: Params) -> tuple[Path, list[dict[str, object]]]:
    """The dataset with one training window given to test_time under another id."""
    table = shards.read_table(built / "dataset" / "blocks")
    rows = table.to_pylist()
    stolen = next(r for r in rows if r["split"] == "train" and not len(set(r["segments"])) > 1)
    rows.append({**stolen, "sample_id": "0" * 64, "split": "test_time"})
    columns = {c.name: [r[c.name] for r in rows] for c in BLOCKS.columns}
    shards.write_dataset(out, BLOCKS, BLOCKS.from_columns(columns))
    return out, rows


def test_the_search_finds_what_is_planted_and_nothing_else(built: Path, small: Params) -> None:
    for row in search(built / "dataset" / "blocks", small.build):
        assert row["shared_pixels"] == row["shared_times"] == 0
        assert row["found"] == row["planted"] == 24
    later = shards.read_table(built / "dataset" / "leakage").to_pylist()
    gaps = [r["smallest_gap"] for r in later if r["split"] == "test_time"]
    assert gaps[0] > small.build.window


def test_a_leak_is_found_by_pixels_and_by_time(built: Path, small: Params, tmp_path: Path) -> None:
    folder, _ = rewritten(built, tmp_path / "x", small)
    [row] = [r for r in search(folder, small.build) if r["split"] == "test_time"]
    assert row["shared_pixels"] == row["shared_times"] == small.build.window
    assert row["smallest_gap"] == 0


def test_the_summary_is_that_of_the_pixels(built: Path) -> None:
    rows = shards.read_table(built / "dataset" / "blocks").to_pylist()
    for part in summarise(built / "dataset" / "blocks"):
        own = [r for r in rows if (r["source"], r["split"]) == (part["source"], part["split"])]
        every = np.concatenate([pixels(r).ravel() for r in own]).astype(float)
        assert part["sequences"] == len(own)
        assert part["clips"] == len({r["clip_id"] for r in own})
        assert part["pixel_mean"] == pytest.approx(every.mean())
        assert part["pixel_sd"] == pytest.approx(every.std())
        motion = pa.array([m for r in own for m in r["motion"]])
        assert part["motion_deciles"][-1] == pytest.approx(max(motion.to_pylist()))
