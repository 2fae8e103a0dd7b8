from __future__ import annotations

from pathlib import Path

import pytest
import webagent_small as small

from evaluators.webagent.evaluate.context import found_in
from evaluators.webagent.masked import mask_rows, masks
from schemas.webagent.params import Params


def test_the_share_of_masked_tokens_is_held_against_what_was_asked_for(
    results: Path, params: Params, tmp_path: Path
) -> None:
    found = found_in(results, params)
    (row,) = mask_rows(found, results)
    assert row["estimate"] == pytest.approx(0, abs=1e-12)
    assert row["n"] == 30_000

    def denser(table: str, row: small.Row) -> small.Row:
        mine = table == "dataset/masks" and row["mu"] == 64
        return {**row, "noise": 1800} if mine else row

    (row,) = mask_rows(found, small.write(tmp_path, params, denser))
    # 4,800 of 30,000 tokens.
    assert row["estimate"] == pytest.approx(0.01)


def test_without_a_corpus_it_is_undefined(results: Path, params: Params, tmp_path: Path) -> None:
    (row,) = mask_rows(found_in(results, params), tmp_path)
    assert (row["estimate"], row["reason"]) == (None, "no corpus was built")
    assert masks(tmp_path).is_empty()
