from __future__ import annotations

from pathlib import Path

import polars as pl
from api_inputs import answers

import measurand
from measurand.api.scales import Understood


def test_a_dry_run_says_what_each_column_is(tmp_path: Path) -> None:
    found = measurand.reliability({**answers(1), "name": ["x"] * 25}, dry_run=True)
    assert isinstance(found, Understood)
    assert [c["column"] for c in found.record["columns"]][-1] == "name"
    assert found.to_polars().height == 6


def test_a_key_turns_items_round(tmp_path: Path) -> None:
    key = tmp_path / "key.csv"
    lines = [f"q{j},one,{-1 if j == 0 else 1},1,5" for j in range(5)]
    key.write_text("\n".join(["item,scale,keyed,minimum,maximum", *lines]))
    turned = {**answers(1), "q0": [6 - v for v in answers(1)["q0"]]}
    whole = measurand.reliability(answers(1), resamples=0)["all items"]["alpha"].estimate
    frame = pl.DataFrame(turned)
    found = measurand.reliability(frame, key=key, resamples=0)["one"]["alpha"].estimate
    assert abs(found - whole) < 1e-12
