"""Random tables in ten dialects give what the clean one gives, or a named refusal."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measurand.dialects import Dialect
from measurand.errors import InputError
from measurand.keying import without_key
from measurand.responses import read
from measurand.scales.record import analyse

Table = list[list[float | None]]
NAMES = ["q1", "q2", "q3"]
cell = st.one_of(st.none(), st.integers(1, 7).map(float), st.integers(4, 28).map(lambda q: q / 4))
tables = st.lists(st.lists(cell, min_size=3, max_size=3), min_size=3, max_size=12)


def text(value: float | None, decimal: str = ".", missing: str = "") -> str:
    return missing if value is None else f"{value:g}".replace(".", decimal)


def lines(table: Table, mark: str, decimal: str = ".", missing: str = "", end: str = "\n") -> str:
    rows = [NAMES, *([text(v, decimal, missing) for v in row] for row in table)]
    # A line of blanks only would be no line.
    named = [["id" if i == 0 else f"r{i}", *row] for i, row in enumerate(rows)]
    return end.join(mark.join(row) for row in named) + end


def qualtrics(table: Table) -> str:
    head, *rest = lines(table, ",").splitlines()
    ids = ",".join('"{""ImportId"":""' + n + '""}"' for n in ("_recordId", *NAMES))
    return "\n".join([head, "Response ID,How?,Why?,When?", ids, *rest]) + "\n"


def parquet(table: Table) -> bytes:
    answers = [dict(zip(NAMES, row, strict=True)) for row in table]
    kind = pa.struct([(n, pa.float64()) for n in NAMES])
    ids = [f"r{i + 1}" for i in range(len(table))]
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": ids, "answers": pa.array(answers, kind)}), sink)
    return sink.getvalue()


DIALECTS: dict[str, Callable[[Table], bytes]] = {
    "semicolons": lambda t: lines(t, ";").encode(),
    "decimal commas": lambda t: lines(t, ";", ",").encode(),
    "tabs": lambda t: lines(t, "\t", ",").encode(),
    "bars": lambda t: lines(t, "|", end="\r\n").encode(),
    "utf-16": lambda t: lines(t, "\t").encode("utf-16"),
    "byte order mark": lambda t: lines(t, ";", ",").encode("utf-8-sig"),
    "sep line": lambda t: ("sep=;\n" + lines(t, ";", ",")).encode(),
    "codes": lambda t: lines(t, ";", ",", "99").encode(),
    "header rows": lambda t: qualtrics(t).encode(),
    "records": parquet,
}


def result(content: bytes, name: str) -> object:
    try:
        table = read(io.BytesIO(content), name, dialect=Dialect(missing=("99",)))
        record = analyse(without_key(table), resamples=0)
    except InputError as error:
        return error.code
    for scale in record["scales"]:
        scale["items"] = [dict(i, item=i["item"].removeprefix("answers.")) for i in scale["items"]]
        scale["left_out"] = [i.removeprefix("answers.") for i in scale["left_out"]]
    return json.dumps([record["rows"], record["scales"]], sort_keys=True)


@pytest.mark.integration
@pytest.mark.parametrize("dialect", DIALECTS)
@given(table=tables)
@settings(max_examples=25, deadline=None)
def test_every_dialect_gives_the_clean_result(dialect: str, table: Table) -> None:
    clean = result(lines(table, ",").encode(), "t.csv")
    assert result(DIALECTS[dialect](table), "t.csv") in (clean, "not_a_number")


@given(content=st.binary(max_size=200), mark=st.sampled_from(",;\t|"))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_table_or_a_named_refusal(content: bytes, mark: str) -> None:
    for made in (content, f"a{mark}b\n1{mark}".encode() + content, gzip.compress(content)):
        found = []
        with contextlib.suppress(InputError):
            table = read(io.BytesIO(made), "t.csv")
            found = [table.numbers(name) for name in table.names]
        assert all(np.isfinite(x.values[~np.isnan(x.values)]).all() for x in found)
