"""Build the points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from measurand import shards
from measurand.stats.resample import rng_for
from schemas.line.params import Params
from schemas.line.tables import POINTS


def build(
    params: Params, out: Path, runner: str, beam_options: Sequence[str] = (), *, journal: Path
) -> None:
    """Write ``out/points``."""
    n, rng = params.build.n_points, rng_for("line")
    x = rng.uniform(-1, 1, n)
    rows = POINTS.from_columns(
        {
            "point_id": [f"p{i:04d}" for i in range(n)],
            "split": ["train" if i % 2 else "test" for i in range(n)],
            "x": x,
            "y": 2 * x + 1 + params.build.noise * rng.normal(size=n),
        }
    )
    shards.write_dataset(out / "points", POINTS, rows, n_shards=2)
