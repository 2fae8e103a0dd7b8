from __future__ import annotations

from measurand.costs import COSTS


def test_costs_are_counted_by_model_and_part() -> None:
    row = {
        "model": ["m"], "part": ["p"], "calls": [3], "prompt_tokens": [30], "cached_tokens": [10],
        "seconds": [1.5], "fingerprint": ["f"], "dtype": ["float32"], "chat_template": [True],
        "retries": [2],
    }  # fmt: skip
    assert COSTS.validate(COSTS.from_columns(row)).num_rows == 1
    assert COSTS.key == ("model", "part")
