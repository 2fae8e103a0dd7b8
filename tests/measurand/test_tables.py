from __future__ import annotations

import dataclasses
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from counting import calls
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from measurand.errors import SchemaError
from measurand.results import RESULTS, STATISTICS
from measurand.tables import Column, Table, compatibility, type_text

ID = Column("id", pa.string(), "identity")


def table(*columns: Column, key: tuple[str, ...] = ("id",)) -> Table:
    return Table("t.rows", "1.2.0", key, (ID, *columns), "a row")


def broken(column: Column, values: list[object], dtype: pa.DataType | None = None) -> list[str]:
    """Rules that ``values`` break, without casting them first."""
    spec = table(column)
    ids = pa.array([str(i) for i in range(len(values))])
    data = pa.table({"id": ids, column.name: pa.array(values, dtype or column.dtype)})
    return [v.rule for v in spec.violations(data) if v.column == column.name]


FULL = table(
    Column("score", pa.float64(), "a | score", "points", nullable=True, minimum=0, maximum=1.5),
    Column("status", pa.dictionary(pa.int8(), pa.string()), "what", enum=("ok", "skipped")),
    Column("sha", pa.string(), "hash", pattern="^[0-9a-f]+$", unique=True),
    Column("levels", pa.list_(pa.int8(), 5), "levels", minimum=0, maximum=9, since="1.1.0"),
    Column("parts", pa.list_(pa.struct([pa.field("p", pa.float32())])), "parts", nullable=True),
)


def good(n: int = 3) -> pa.Table:
    return FULL.from_columns(
        {
            "id": [f"r{i}" for i in range(n)],
            "score": [0.5, None, 1.5][:n],
            "status": ["ok", "skipped", "ok"][:n],
            "sha": ["a", "b", "c"][:n],
            "levels": [[0, 0, 9, 0, None]] * n,
            "parts": [[{"p": 1.0}], None, []][:n],
        }
    )


@pytest.mark.parametrize("spec", [FULL, RESULTS, STATISTICS], ids=lambda t: t.name)
def test_a_schema_carries_the_whole_declaration(spec: Table) -> None:
    assert Table.from_schema(spec.schema()) == spec


def test_the_declaration_survives_parquet(tmp_path) -> None:
    pq.write_table(good(), tmp_path / "t.parquet")
    assert Table.from_schema(pq.read_schema(tmp_path / "t.parquet")) == FULL


def test_metadata_keys_are_sorted() -> None:
    schema = FULL.schema()
    for metadata in [schema.metadata, *(f.metadata for f in schema)]:
        assert list(metadata) == sorted(metadata)


def test_foreign_schema_is_refused() -> None:
    with pytest.raises(SchemaError, match="not a declared table"):
        Table.from_schema(pa.schema([("id", pa.string())]))


def test_good_rows_pass() -> None:
    assert FULL.validate(good()).schema.equals(FULL.schema(), check_metadata=True)


@pytest.mark.parametrize(
    ("column", "values", "rules"),
    [
        (Column("x", pa.float64(), "d"), [1.0, None], ["not null"]),
        (Column("x", pa.float64(), "d"), [1.0, math.nan], ["not NaN"]),
        (Column("x", pa.float64(), "d", nullable=True), [None, math.nan], ["not NaN"]),
        # NaN must break its own rule and no other.
        (Column("x", pa.float64(), "d", minimum=0, maximum=1), [math.nan], ["not NaN"]),
        (Column("x", pa.float64(), "d", minimum=0, maximum=1), [0.0, 1.0, -0.0], []),
        (Column("x", pa.float64(), "d", minimum=0, maximum=1), [-1e-9, 1 + 1e-9], [">= 0", "<= 1"]),
        (Column("x", pa.float64(), "d", maximum=1), [math.inf], ["<= 1"]),
        (Column("x", pa.int8(), "d", nullable=True, minimum=1, maximum=5), [None, 1, 5], []),
        (Column("x", pa.int8(), "d", minimum=1, maximum=5), [0, 6], [">= 1", "<= 5"]),
        (Column("x", pa.string(), "d", enum=("a", "b")), ["a", "c"], ["one of ['a', 'b']"]),
        (Column("x", pa.string(), "d", nullable=True, enum=("a",)), [None, "a"], []),
        (Column("x", pa.string(), "d", pattern="^[0-9]+$"), ["1", "1a"], ["matches ^[0-9]+$"]),
        (Column("x", pa.string(), "d", unique=True), ["1", "1"], ["unique"]),
        (Column("x", pa.string(), "d", unique=True, nullable=True), [None, None], []),
        (Column("x", pa.list_(pa.float32()), "d"), [[math.nan], []], ["not NaN"]),
        (Column("x", pa.list_(pa.float32()), "d", maximum=0), [[-1.0, None], [0.5]], ["<= 0"]),
        (Column("x", pa.list_(pa.float32()), "d", nullable=True), [None, [], [None]], []),
        (Column("x", pa.list_(pa.float32(), 2), "d"), [[None, 1.0], [math.nan, 1.0]], ["not NaN"]),
        (Column("x", pa.list_(pa.int8(), 2), "d", minimum=0), [[0, None], [-1, 1]], [">= 0"]),
        (
            Column("x", pa.list_(pa.field("e", pa.int8(), nullable=False)), "d"),
            [[1], [None]],
            ["elements not null"],
        ),
        (Column("x", pa.list_(pa.string()), "d", enum=("a",)), [["a"], ["b"]], ["one of ['a']"]),
        (Column("x", pa.list_(pa.list_(pa.float64())), "d"), [[[1.0], [math.nan]]], ["not NaN"]),
        (
            Column("x", pa.struct([("s", pa.string()), ("p", pa.float64())]), "d", nullable=True),
            [{"s": "a", "p": math.nan}, None],
            ["not NaN"],
        ),
        (
            Column("x", pa.list_(pa.struct([("p", pa.float64())])), "d"),
            [[{"p": math.nan}], [None]],
            ["not NaN"],
        ),
    ],
)
def test_rules(column: Column, values: list[object], rules: list[str]) -> None:
    dtype = column.dtype
    if pa.types.is_list(dtype) and not dtype.value_field.nullable:
        dtype = pa.list_(dtype.value_type)  # pyarrow itself would not build the offending rows
    assert broken(column, values, dtype) == rules


def test_enum_of_a_dictionary_whose_chunks_have_other_codes() -> None:
    column = Column("x", pa.dictionary(pa.int8(), pa.string()), "d", enum=("a", "b"))
    chunks = [pa.array(["a", "b"]).dictionary_encode(), pa.array(["b", "c"]).dictionary_encode()]
    data = pa.table({"id": ["0", "1", "2", "3"], "x": pa.chunked_array(chunks)})
    found = table(column).violations(table(column).conform(data))
    assert [(v.count, v.rows, v.values) for v in found] == [(1, (3,), ("'c'",))]


def test_a_violation_names_table_column_rule_count_rows_and_values() -> None:
    rows = good().set_column(1, "score", pa.array([2.0, 9.0, None]))
    with pytest.raises(SchemaError) as caught:
        FULL.validate(rows)
    assert str(caught.value) == "t.rows.score: <= 1.5 broken in 2 rows (0: 2.0, 1: 9.0)"
    assert caught.value.code == "schema_violation"


def test_equal_keys_are_named() -> None:
    spec = table(Column("n", pa.int8(), "d"), key=("id", "n"))
    rows = spec.from_columns({"id": ["a", "b", "a", "a"], "n": [1, 1, 1, 2]})
    (found,) = spec.violations(rows)
    assert (found.count, found.rows, found.values) == (2, (0, 2), ("('a', 1)", "('a', 1)"))


def test_without_a_key_rows_may_be_equal_and_sort_by_all_columns() -> None:
    spec = table(Column("n", pa.int8(), "d"), key=())
    assert spec.violations(spec.from_columns({"id": ["a", "a"], "n": [1, 1]})) == []
    assert spec.sort_columns == ("id", "n")


@pytest.mark.parametrize(
    "make",
    [
        lambda: table(ID),
        lambda: table(key=("other",)),
        lambda: table(Column("x", pa.int8(), "d", nullable=True), key=("id", "x")),
        lambda: table(Column("x", pa.float64(), "d"), key=("x",)),
        lambda: Column("x", pa.list_(pa.int8(), 2), "d", nullable=True),
        lambda: Column("x", pa.string(), "d", minimum=0),
        lambda: Column("x", pa.int8(), "d", pattern="a"),
        lambda: Column("x", pa.map_(pa.string(), pa.int8()), "d"),
        lambda: Column("x", pa.list_(pa.dictionary(pa.int8(), pa.string())), "d"),
        lambda: Column("x", pa.dictionary(pa.int8(), pa.int64()), "d"),
        lambda: Column("x", pa.list_(pa.list_(pa.int8(), 2)), "d"),
        lambda: Column("x", pa.list_(pa.int8()), "d", unique=True),
    ],
)
def test_declarations_that_cannot_hold_are_refused(make) -> None:
    with pytest.raises(SchemaError):
        make()


@pytest.mark.parametrize(
    "columns",
    [
        {"id": ["a"]},
        {"id": ["a"], "n": [1], "more": [1]},
        {"id": ["a"], "n": [300]},
        {"id": ["a"], "n": [2**70]},
        {"id": ["a"], "n": ["text"]},
        {"id": ["a"], "n": [1.5]},
        {"id": ["a"], "n": np.array([1.5])},
        {"id": ["a", "b"], "n": [1]},
        {"id": ["a"], "n": pa.array([1.5])},
        {"id": ["a"], "n": 3},
    ],
)
def test_columns_that_do_not_fit_are_named_errors(columns: dict[str, object]) -> None:
    with pytest.raises(SchemaError, match=r"t\.rows"):
        table(Column("n", pa.int8(), "d")).from_columns(columns)


def test_conform_reorders_and_casts_without_loss() -> None:
    spec = table(Column("n", pa.int8(), "d"))
    data = pa.table({"n": pa.array([7], pa.int64()), "id": pa.array(["a"], pa.large_string())})
    assert spec.conform(data).schema.equals(spec.schema(), check_metadata=True)
    twice = pa.Table.from_arrays([pa.array(["a"])] * 2 + [pa.array([1])], names=["id", "id", "n"])
    with pytest.raises(SchemaError, match="duplicate"):
        spec.conform(twice)


def test_type_text_ignores_the_names_that_parquet_gives_to_list_children() -> None:
    names = [pa.list_(pa.field(n, pa.int8(), nullable=False)) for n in ("item", "element")]
    assert {type_text(t) for t in names} == {"list<int8 not null>"}
    assert type_text(pa.list_(pa.float32(), 5)) == "fixed_size_list<float>[5]"
    assert type_text(pa.struct([("a", pa.list_(pa.int8()))])) == "struct<a: list<int8>>"


def test_dictionary_lists_every_column_and_escapes_pipes() -> None:
    text = FULL.dictionary()
    assert text.count("\n| `") == len(FULL.columns)
    assert "a \\| score" in text
    assert ">= 0, <= 1.5" in text


def changed(**changes: object) -> Table:
    return dataclasses.replace(FULL, **changes)


def with_column(index: int, **changes: object) -> Table:
    columns = list(FULL.columns)
    columns[index] = dataclasses.replace(columns[index], **changes)
    return changed(columns=tuple(columns))


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        (FULL, "same"),
        (changed(doc="other words"), "patch"),
        (with_column(1, doc="other words"), "patch"),
        (changed(columns=(*FULL.columns, Column("n", pa.int8(), "d", nullable=True))), "minor"),
        (changed(columns=(*FULL.columns, Column("n", pa.int8(), "d"))), "major"),
        (changed(columns=FULL.columns[:-1]), "major"),
        (changed(columns=FULL.columns[::-1]), "major"),
        (changed(key=("id", "sha")), "major"),
        (with_column(1, unit="%"), "major"),
        (with_column(1, maximum=2.0), "major"),
        (with_column(1, dtype=pa.float32()), "major"),
        (with_column(1, nullable=False), "major"),
        (with_column(2, enum=("ok",)), "major"),
    ],
)
def test_compatibility(new: Table, verdict: str) -> None:
    assert compatibility(FULL, new) == verdict


NUMBERS = st.one_of(st.none(), st.floats(width=32), st.sampled_from([0.0, -0.0, 1.0, -1.0]))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(NUMBERS, st.lists(NUMBERS, max_size=3)), max_size=8))
def test_violations_agree_with_plain_python(rows: list[tuple[float | None, list]]) -> None:
    spec = table(
        Column("x", pa.float32(), "d", minimum=-1, maximum=1),
        Column("l", pa.list_(pa.float32()), "d", maximum=1),
    )
    n = len(rows)
    data = pa.table(
        {
            "id": pa.array([str(i) for i in range(n)], pa.string()),
            "x": pa.array([x for x, _ in rows], pa.float32()),
            "l": pa.array([values for _, values in rows], pa.list_(pa.float32())),
        }
    )
    xs = [x for x, _ in rows]
    lists = [[v for v in values if v is not None] for _, values in rows]
    expected = {
        ("x", "not null"): sum(x is None for x in xs),
        ("x", "not NaN"): sum(x is not None and math.isnan(x) for x in xs),
        ("x", ">= -1"): sum(x is not None and x < -1 for x in xs),
        ("x", "<= 1"): sum(x is not None and x > 1 for x in xs),
        ("l", "not NaN"): sum(any(map(math.isnan, values)) for values in lists),
        ("l", "<= 1"): sum(any(v > 1 for v in values) for values in lists),
    }
    found = {(v.column, v.rule): v.count for v in spec.violations(data)}
    assert found == {rule: count for rule, count in expected.items() if count}


def test_a_million_rows_are_checked_without_a_call_a_row() -> None:
    n = 1_000_000
    spec = table(
        Column("value", pa.float64(), "d", minimum=0, maximum=1),
        Column("status", pa.dictionary(pa.int8(), pa.string()), "d", enum=("ok", "bad")),
    )
    data = pa.table(
        {
            "id": pa.array(np.arange(n)).cast(pa.string()),
            "value": np.linspace(0, 1, n),
            "status": pa.array(["ok"] * n).dictionary_encode().cast(spec.schema().field(2).type),
        }
    )
    assert spec.violations(data) == []
    assert calls(lambda: spec.violations(data)) < 1000
