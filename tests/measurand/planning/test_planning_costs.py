from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from measurand.costs import COSTS
from measurand.planning.costs import PerCall, per_call
from measurand.shards import write_dataset

ROWS = pa.table({"model": ["m", "m", "n"], "prompt_tokens": [10, 20, 99]})


def test_tokens_of_the_rows() -> None:
    assert per_call(ROWS, "m", None) == PerCall(15.0, None)
    assert per_call(ROWS.drop_columns(["prompt_tokens"]), "m", None) == PerCall()


def test_costs_that_lie_beside_the_rows(tmp_path: Path) -> None:
    row = {"model": "m", "calls": 4, "prompt_tokens": 100, "cached_tokens": 0, "seconds": 2.0,
           "fingerprint": "f", "dtype": "d", "chat_template": False, "retries": 0}  # fmt: skip
    rows = [{**row, "part": part} for part in ("a", "b")]
    table = COSTS.from_columns({c.name: [r[c.name] for r in rows] for c in COSTS.columns})
    write_dataset(tmp_path / "costs", COSTS, table, params={})
    assert per_call(ROWS, "m", tmp_path) == PerCall(25.0, 0.5)
    assert per_call(ROWS, "n", tmp_path) == PerCall(99.0, None)
