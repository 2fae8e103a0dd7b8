"""Build the questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from measurand import shards
from schemas.coin.params import Params
from schemas.coin.tables import ITEMS


def build(
    params: Params, out: Path, runner: str, beam_options: Sequence[str] = (), *, journal: Path
) -> None:
    """Write ``out/items``."""
    rows = ITEMS.from_columns({"item_id": [f"q{i:04d}" for i in range(params.build.n_items)]})
    shards.write_dataset(out / "items", ITEMS, rows, n_shards=2)
