"""What the masks of the corpus are like, beside what was asked for."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from evaluators.webagent.evaluate.context import ALL, SYSTEM, Found
from measurand import shards
from measurand.manifest import MANIFEST
from measurand.results import Rows
from measurand.statistics import exact, statistic_row
from measurand.stats.estimate import undefined
from measurand.subject import frame
from schemas.webagent.corpus_tables import MASKS


def masks(data: Path) -> pl.DataFrame:
    """Rows of ``webagent.masks``; none where no corpus was built."""
    folder = data / "dataset" / "masks"
    table = shards.read_table(folder) if (folder / MANIFEST).exists() else None
    return frame(MASKS.schema().empty_table() if table is None else table)


def mask_rows(found: Found, data: Path) -> Rows:
    """``mask_density_off``: how far the share of masked tokens is from what was asked for.

    Of all examples together: in a short one whole tokens are all that can be masked.
    """
    rows, corpus = masks(data), found.params.build.corpus
    off = undefined("no corpus was built", n=0)
    if corpus is not None and rows.height:
        tokens = int(rows["tokens"].sum())
        density = float(rows["noise"].sum()) / tokens
        off = exact(abs(density - corpus.corruption.density), n=tokens)
    yield statistic_row(SYSTEM, ALL, "mask_density_off", {}, off)
