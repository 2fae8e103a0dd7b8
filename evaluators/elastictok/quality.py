"""Whether the figures may be read at all: leaks, near copies, rejected rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from evaluators.elastictok.context import SYSTEM
from measurand import shards
from measurand.manifest import read_manifest
from measurand.results import Rows
from measurand.statistics import exact, statistic_row
from measurand.subject import frame
from schemas.elastictok.tables import NEAR


def near_clips(data: Path) -> pl.DataFrame:
    """Rows of ``near``, none where a dataset was built without."""
    folder = data / "dataset" / "near"
    table = shards.read_table(folder) if folder.is_dir() else NEAR.schema().empty_table()
    return frame(table).sort("source", "split", "clip_id")


def data_rows(data: Path, model: str) -> Rows:
    """``leaks`` and ``planted_leaks_found`` of every split; ``rejected`` rows by reason.

    ``near_copies`` by source and split: the share of frames that are near a training frame.

    Args:
        data: folder with ``dataset/``.
        model: whose figures they void: the elastic model.
    """
    for one in shards.read_table(data / "dataset" / "leakage").to_pylist():
        parts = {"split": one["split"]}
        leaks = float(one["shared_pixels"] + one["shared_times"])
        yield statistic_row(SYSTEM, model, "leaks", parts, exact(leaks, n=one["split_frames"]))
        if one["planted"]:
            found = exact(one["found"] / one["planted"], n=one["planted"])
            yield statistic_row(SYSTEM, model, "planted_leaks_found", parts, found)
    for (source, split), own in near_clips(data).group_by(["source", "split"], maintain_order=True):
        frames = int(own["frames"].sum())
        figure = exact(float(own["near_frames"].sum()) / frames, n=frames)
        parts = {"source": str(source), "split": str(split)}
        yield statistic_row(SYSTEM, model, "near_copies", parts, figure)
    for table in ("clips", "blocks"):
        manifest = read_manifest(data / "dataset" / table)
        for reason, count in sorted(manifest.rejected.items()):
            parts = {"table": table, "reason": reason}
            figure = exact(float(count), n=manifest.rows_in)
            yield statistic_row(SYSTEM, model, "rejected", parts, figure)
