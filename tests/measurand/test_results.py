from __future__ import annotations

from typing import get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from measurand.errors import SchemaError
from measurand.results import (
    RESULTS,
    STATISTICS,
    STATUSES,
    StatisticRow,
    current,
    slice_parts,
    slice_text,
)

ROW = {
    "run_id": "r", "system": "toy", "model": "m", "metric": "accuracy", "item_id": "i", "repeat": 0,
    "cluster_id": "c", "value": 1.0, "status": "ok", "reason": None, "slice": "", "seed": 42,
    "prompt_tokens": 12, "prompt_sha256": "0" * 64,
}  # fmt: skip


def results(*changes: dict[str, object]) -> object:
    rows = [ROW | c for c in changes]
    return RESULTS.validate(RESULTS.from_columns({k: [r[k] for r in rows] for k in ROW}))


def test_a_failed_call_has_no_value() -> None:
    lost = {"item_id": "j", "status": "infra_error", "value": None, "reason": "HTTP 500"}
    assert results({}, lost).column("value").to_pylist() == [1.0, None]


@pytest.mark.parametrize(
    "change",
    [
        {"value": float("nan")},
        {"status": "failed"},
        {"cluster_id": None},
        {"repeat": -1},
        {"prompt_sha256": "abc"},
        {"prompt_tokens": -1},
    ],
)
def test_bad_rows_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(SchemaError, match=next(iter(change))):
        results(change)


def test_the_same_item_twice_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"\('m', 'accuracy', 'i', 0\)"):
        results({}, {})
    assert results({}, {"repeat": 1}).num_rows == 2


def test_statuses_are_those_of_the_column() -> None:
    (status,) = [c for c in RESULTS.columns if c.name == "status"]
    assert status.enum == STATUSES == ("ok", "model_error", "infra_error", "skipped")


def test_an_undefined_statistic_is_null_with_a_reason() -> None:
    nullable = {c.name for c in STATISTICS.columns if c.nullable}
    assert {"estimate", "se", "ci_lo", "ci_hi", "lower", "upper", "reason"} <= nullable


WORD = st.text(st.characters(blacklist_characters=",=", blacklist_categories=["Cs"]), min_size=1)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(WORD, WORD))
def test_slices_round_trip_in_one_order(parts: dict[str, str]) -> None:
    text = slice_text(parts)
    assert slice_parts(text) == parts
    assert slice_text(dict(reversed(parts.items()))) == text


@pytest.mark.parametrize("parts", [{"a": "1,2"}, {"a=b": "1"}, {"a,b": "1"}, {"": "1"}])
def test_slices_that_could_not_be_read_back_are_refused(parts: dict[str, str]) -> None:
    with pytest.raises(SchemaError, match="slice"):
        slice_text(parts)


def test_a_value_may_hold_an_equals_sign() -> None:
    assert slice_parts(slice_text({"a": "x=y"})) == {"a": "x=y"}
    assert slice_parts("somebody's own words,a=1") == {"a": "1"}


def test_the_row_of_a_statistic_has_the_columns_of_its_table() -> None:
    kinds = {"double": float, "string": str, "int64": int, "int32": int}
    typed = get_type_hints(StatisticRow)
    assert list(typed) == [column.name for column in STATISTICS.columns]
    for column in STATISTICS.columns:
        kind = kinds[str(column.dtype)]
        assert typed[column.name] == (kind | None if column.nullable else kind), column.name


def test_statistics_of_the_version_before_are_read_with_an_empty_column() -> None:
    old = STATISTICS.schema().empty_table().drop_columns(["scope"])
    assert STATISTICS.validate(current(old)).equals(STATISTICS.schema().empty_table())
    assert current(current(old)) == current(old)
