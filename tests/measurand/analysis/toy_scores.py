"""Item rows of known truth: three models on 40 items in 10 passages, two repeats."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from measurand.interop.account import Account
from measurand.interop.rows import NOBODY, Collector, ItemRows, Log, Wish, finish

ABILITY = {"low": 0.3, "middle": 0.5, "high": 0.8}


def item_rows(
    *, items: int = 40, repeats: int = 2, passages: int = 10, models: dict[str, float] | None = None
) -> ItemRows:
    """Rows of metric ``acc`` of task ``toy``; ``a`` is dead at the top, ``b`` goes against."""
    rng = np.random.default_rng(1)
    shift = rng.normal(0, 0.15, passages)
    rows = Collector()
    for model, ability in (models or ABILITY).items():
        for i in range(items):
            for repeat in range(repeats):
                p = ability + shift[i % passages]
                value = float(rng.random() < p)
                value = 1.0 if i == 0 else float(model == "low") if i == 1 else value
                status = "infra_error" if (model, i, repeat) == ("high", 7, 1) else "ok"
                rows.add(
                    *(model, "acc", f"item{i:03d}", repeat, f"p{i % passages}"),
                    *(value if status == "ok" else None, status, None),
                    *(f"lang={'en' if i % 2 else 'de'},task=toy", NOBODY, None),
                )
    log = Log("toy", rows.table(), "", "toy", Account())
    return ItemRows(finish([log], "toy", Wish(), Account()), "plain tables")


def shuffled(rows: ItemRows, seed: int = 0) -> ItemRows:
    order = np.random.default_rng(seed).permutation(rows.table.num_rows)
    return ItemRows(rows.table.take(pa.array(order)), rows.origin)
