"""Whether the figures may be read at all: leaks, near copies, rejected rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from evaluators.elastictok.context import HEADLINE, Findings
from measurand import shards, soundness
from measurand.manifest import read_manifest
from measurand.results import Rows
from measurand.statistics import exact
from measurand.stats.estimate import Estimate, undefined
from measurand.subject import Subject, frame
from schemas.elastictok.tables import NEAR


def near_clips(data: Path) -> pl.DataFrame:
    """Rows of ``near``, none where a dataset was built without."""
    folder = data / "dataset" / "near"
    table = shards.read_table(folder) if folder.is_dir() else NEAR.schema().empty_table()
    return frame(table).sort("source", "split", "clip_id")


def data_rows(data: Path, subject: Subject) -> Rows:
    """``leaks`` and ``planted_leaks_found`` of every split; ``rejected`` rows by reason.

    ``near_copies`` by source and split: the share of frames that are near a training frame.

    Args:
        data: folder with ``dataset/``.
        subject: whose figures they void: the elastic model.
    """
    for one in shards.read_table(data / "dataset" / "leakage").to_pylist():
        yield from soundness.leak_rows(
            subject,
            {"split": one["split"]},
            one["shared_pixels"] + one["shared_times"],
            of=one["split_frames"],
            found=one["found"],
            planted=one["planted"],
        )
    for (source, split), own in near_clips(data).group_by(["source", "split"], maintain_order=True):
        parts = {"source": str(source), "split": str(split)}
        near, frames = int(own["near_frames"].sum()), int(own["frames"].sum())
        yield from soundness.near_rows(subject, parts, near, frames)
    for table in ("clips", "blocks"):
        manifest = read_manifest(data / "dataset" / table)
        for reason, count in sorted(manifest.rejected.items()):
            parts = {"table": table, "reason": reason}
            figure = exact(float(count), n=manifest.rows_in)
            yield subject.row("rejected", parts, figure)


def unseen_rows(found: Findings) -> Rows:
    """``unseen_clips``: measured clips of the headline's split that are no near copies."""
    yield found.row("unseen_clips", {"split": HEADLINE}, _unseen(found))


def _unseen(found: Findings) -> Estimate:
    """Where all clips are near copies none is set apart, and none is left."""
    clips = found.budget(found.model, HEADLINE)["clip_id"].unique()
    near = found.table("near").filter(pl.col("split") == HEADLINE)
    if near.is_empty():
        return undefined("the dataset was built without a search for near copies", n=len(clips))
    copies = near.filter("near")["clip_id"]
    return exact(float((~clips.is_in(copies.implode())).sum()), n=near.height)
