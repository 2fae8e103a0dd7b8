"""Frames of every kind give one result; what a frame can hold that a table cannot is named."""

from __future__ import annotations

from decimal import Decimal
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


@pytest.mark.parametrize(
    "model",
    [
        pd.Series(items(1)["model"], dtype="category"),
        pd.Series(items(1)["model"], dtype="string"),
        pl.Series(items(1)["model"], dtype=pl.Categorical),
        pl.Series(items(1)["model"], dtype=pl.Enum(["A", "B"])),
        pa.array(items(1)["model"]).dictionary_encode(),
        pa.array(items(1)["model"], pa.large_string()),
    ],
    ids=["category", "string", "Categorical", "Enum", "dictionary", "large"],
)
@pytest.mark.parametrize("value", ["Float64", "float16", "boolean", "decimal", "Int64"])
def test_categorical_and_nullable_columns_are_read(model: Any, value: str) -> None:
    columns = items(1)
    given = columns["value"]
    kept = {
        "boolean": lambda: pd.array([bool(v) for v in given], dtype="boolean"),
        "decimal": lambda: pa.array([Decimal(int(v)) for v in given]),
        "float16": lambda: np.array(given, dtype="float16"),
    }.get(value, lambda: pd.array(given, dtype=value))()
    frame = {"item_id": columns["item_id"], "model": model, "value": kept}
    frame["passage"] = columns["passage"]
    assert measurand.analyse(frame).to_json() == measurand.analyse(columns).to_json()


def test_what_is_missing_is_missing_in_every_type() -> None:
    columns = answers(3)
    columns["q1"][4] = None
    expected = measurand.reliability(columns, resamples=0).to_json()
    for dtype in ("Int64", "float64", "Int8", "int8[pyarrow]"):
        frame = pd.DataFrame({name: pd.array(c, dtype=dtype) for name, c in columns.items()})
        assert measurand.reliability(frame, resamples=0).to_json() == expected, dtype
    ordered = pd.DataFrame({name: pd.Categorical(c, ordered=True) for name, c in columns.items()})
    assert measurand.reliability(ordered, resamples=0).to_json() == expected


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([2**63 + k for k in range(4)], dtype=pl.UInt64),
        pd.Series([2**63 + k for k in range(4)], dtype="uint64"),
        pd.Series([2**63 + k for k in range(4)], dtype="UInt64"),
        pa.array([2**63 + k for k in range(4)], pa.uint64()),
    ],
    ids=["polars", "pandas", "nullable", "pyarrow"],
)
def test_large_ids_are_kept_apart(series: Any) -> None:
    rows = measurand.read({"item_id": series, "value": [0.0, 1, 1, 0]}).to_arrow()
    assert rows.column("item_id").to_pylist() == [str(2**63 + k) for k in range(4)]


def test_an_index_is_columns_and_its_own_name() -> None:
    columns = items(1)
    frame = pd.DataFrame(columns)
    for index in (["item_id"], ["item_id", "model"], ["model", "item_id", "passage"]):
        found = measurand.analyse(frame.set_index(index), cluster="passage")
        assert found.means == measurand.analyse(columns, cluster="passage").means, index
    frame["when"] = pd.date_range("2026-01-01", periods=len(frame), tz="Europe/Berlin")
    frame.index = pd.MultiIndex.from_product([["x", "y"], range(30)], names=["side", "k"])
    assert measurand.analyse(frame).means == measurand.analyse(columns).means


def test_times_with_zones_are_ids_and_clusters() -> None:
    # One hour before and after clocks go back: two items at the same local time.
    times = pd.to_datetime(["2026-10-25T00:30Z", "2026-10-25T01:30Z"]).tz_convert("Europe/Berlin")
    frames = {
        "pandas": pd.DataFrame({"item_id": times, "value": [1.0, 0.0]}),
        "polars": pl.DataFrame({"item_id": list(times), "value": [1.0, 0.0]}).with_columns(
            pl.col("item_id").dt.convert_time_zone("Europe/Berlin")
        ),
        "pyarrow": pa.table({"item_id": pa.array(times), "value": [1.0, 0.0]}),
    }
    for kind, frame in frames.items():
        ids = measurand.read(frame).to_arrow().column("item_id").to_pylist()
        assert ids == ["2026-10-25 02:30:00+02:00", "2026-10-25 02:30:00+01:00"], kind
    days = pd.date_range("2026-01-01", periods=15, tz="UTC").repeat(2)
    frame = pd.DataFrame(items(1)).assign(day=[*days, *days])
    assert measurand.analyse(frame, cluster="day").means[0].mean.clusters == 15


@pytest.mark.parametrize("verb", ["read", "analyse", "reliability", "agreement"])
@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow", "datasets", "dictionary", "rows"])
def test_no_rows_are_a_named_error(verb: str, kind: str) -> None:
    frame = _kinds({"item_id": [], "value": []})[kind]
    with pytest.raises(InputError) as refused:
        getattr(measurand, verb)(frame)
    assert refused.value.code == "empty"


def _object(values: list[Any]) -> pd.Series:
    return pd.Series(values, dtype=object)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (pd.DataFrame([[1, 2]], columns=["item_id", "item_id"]), "duplicate_columns"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "bad_frame"),
        (pa.table([pa.array(["a"])] * 2, names=["item_id", "item_id"]), "duplicate_columns"),
        (
            pd.DataFrame([["a", 1.0, 2, 3]], columns=["item_id", "value", 1, "1"]),
            "duplicate_columns",
        ),
        ({"item_id": ["\ud800"], "value": [1.0]}, "bad_frame"),
        ([{"item_id": "\ud800", "value": 1.0}], "bad_frame"),
        ({"item_id": ["a"], "value": [1.0], "\ud800": [1]}, "bad_frame"),
        (pd.DataFrame({"item_id": _object(["\ud800"]), "value": [1.0]}), "bad_frame"),
        ({"item_id": [2**63, 2**63 + 1], "value": [1.0, 0.0]}, "bad_frame"),
        (pd.DataFrame({"item_id": _object([2**64]), "value": [1.0]}), "bad_frame"),
        (pd.DataFrame({"item_id": ["a"], "value": [1j]}), "bad_frame"),
        (pl.LazyFrame({"item_id": ["a"], "value": [1.0]}), "not_a_frame"),
        (datasets.DatasetDict(train=datasets.Dataset.from_dict({"item_id": ["a"]})), "not_a_frame"),
        (datasets.Dataset.from_dict({"item_id": ["a"]}).to_iterable_dataset(), "not_a_frame"),
        (pd.DataFrame({"item_id": ["a", 1.5], "value": [1.0, 2.0]}), "bad_frame"),
        ({"item_id": [], "value": []}, "empty"),
        ({"item_id": ["a"], "value": ["much"]}, "bad_value"),
        ({"item_id": ["a", "b"], "value": [1]}, "bad_frame"),
        ({"question": ["a"], "value": [1]}, "no_column"),
        (42, "not_a_frame"),
        ([1, 2], "not_a_frame"),
        (pd.Series([1, 2]), "bad_frame"),
    ],
    ids=range(22),
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
    alone = table_of({"value": frame["value"]}).column("value").chunk(0).buffers()[1].address
    assert alone == lent
    assert is_path("a.csv")
    assert not is_path(table)
