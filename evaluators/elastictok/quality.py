"""Whether the figures may be read at all: leaks, rejected rows."""

from __future__ import annotations

from pathlib import Path

from evaluators.elastictok.context import SYSTEM
from measurand import shards
from measurand.manifest import read_manifest
from measurand.results import Rows
from measurand.statistics import exact, statistic_row


def data_rows(data: Path, model: str) -> Rows:
    """``leaks`` and ``planted_leaks_found`` of every split; ``rejected`` rows by reason.

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
    for table in ("clips", "blocks"):
        manifest = read_manifest(data / "dataset" / table)
        for reason, count in sorted(manifest.rejected.items()):
            parts = {"table": table, "reason": reason}
            figure = exact(float(count), n=manifest.rows_in)
            yield statistic_row(SYSTEM, model, "rejected", parts, figure)
