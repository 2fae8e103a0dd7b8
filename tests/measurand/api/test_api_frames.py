"""Frames of every kind give one result; what a frame can hold that a table cannot is named."""

from __future__ import annotations

from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from api_inputs import answers, items, ratings

import measurand
from measurand.api.frames import is_path, table_of
from measurand.errors import InputError


def _kinds(columns: dict[str, list]) -> dict[str, Any]:
    return {
        "dictionary": columns,
        "rows": [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ],
        "polars": pl.DataFrame(columns, strict=False),
        "pandas": pd.DataFrame(columns),
        "pyarrow": pa.table(columns),
        "datasets": datasets.Dataset.from_dict(columns),
    }


@pytest.mark.parametrize("verb", ["analyse", "reliability", "agreement"])
def test_six_kinds_of_frames_give_one_result(verb: str) -> None:
    columns = {"analyse": items, "reliability": answers, "agreement": ratings}[verb](5)
    more = {} if verb == "analyse" else {"resamples": 60}
    call = getattr(measurand, verb)
    found = {kind: call(frame, **more).to_json() for kind, frame in _kinds(columns).items()}
    assert len(set(found.values())) == 1, sorted(found)


def test_an_array_is_a_table_without_names() -> None:
    columns = answers(1)
    array = np.column_stack([columns[name] for name in columns])
    named = measurand.reliability(columns, resamples=0)
    plain = measurand.reliability(array, resamples=0)
    assert plain["all items"]["alpha"] == named["all items"]["alpha"]
    with pytest.raises(InputError, match="1 dimensions"):
        measurand.reliability(array[:, 0])


def test_categorical_and_nullable_columns_are_read() -> None:
    columns = items(1)
    frame = pd.DataFrame(columns).astype({"model": "category", "value": "Float64"})
    frame["item_id"] = frame["item_id"].astype("string")
    assert measurand.analyse(frame).to_json() == measurand.analyse(columns).to_json()


def test_large_ids_are_kept_apart() -> None:
    ids = [2**63 + k for k in range(4)]
    frame = pl.DataFrame({"item_id": pl.Series(ids, dtype=pl.UInt64), "value": [0.0, 1, 1, 0]})
    rows = measurand.read(frame).to_arrow()
    assert rows.column("item_id").to_pylist() == [str(i) for i in ids]


def test_the_frames_own_index_and_zones_do_no_harm() -> None:
    frame = pd.DataFrame(items(1))
    frame["when"] = pd.date_range("2026-01-01", periods=len(frame), tz="Europe/Berlin")
    frame.index = pd.MultiIndex.from_product([["x", "y"], range(30)], names=["side", "k"])
    assert measurand.analyse(frame).means == measurand.analyse(items(1)).means


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (pd.DataFrame([[1, 2]], columns=["item_id", "item_id"]), "duplicate_columns"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "bad_frame"),
        ({"item_id": ["\ud800"], "value": [1.0]}, "bad_frame"),
        (pd.DataFrame({"item_id": ["a", 1.5], "value": [1.0, 2.0]}), "bad_frame"),
        ({"item_id": [], "value": []}, "empty"),
        ({"item_id": ["a"], "value": ["much"]}, "bad_value"),
        ({"item_id": ["a", "b"], "value": [1]}, "bad_frame"),
        ({"question": ["a"], "value": [1]}, "no_column"),
        (42, "not_a_frame"),
        ([1, 2], "not_a_frame"),
        (pd.Series([1, 2]), "bad_frame"),
    ],
    ids=range(11),
)
def test_what_is_no_table_has_a_named_error(frame: Any, code: str) -> None:
    with pytest.raises(InputError) as refused:
        measurand.analyse(frame)
    assert refused.value.code == code
    assert refused.value.hint


def test_columns_are_lent_not_copied() -> None:
    table = pa.table({"item_id": ["a", "b"], "value": [1.0, 0.0]})
    assert table_of(table) is table
    frame = pl.DataFrame({"value": np.arange(100_000.0)})
    lent = table_of(frame).column("value").chunk(0).buffers()[1].address
    assert lent == frame["value"].to_arrow().buffers()[1].address
    assert is_path("a.csv")
    assert not is_path(table)
