"""Shards that are made in one step from keys known before."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest

from measurand import beam, shards
from measurand.beam import sinks
from measurand.errors import ConservationError, InfraError, SchemaError
from measurand.manifest import file_sha256, read_manifest
from measurand.parquet import REJECTED, read_shard, shard_of
from measurand.tables import Column, Table
from measurand.verification import verify

SPEC = Table(
    name="toy.squares",
    version="1.0.0",
    key=("name",),
    doc="A number and its square.",
    columns=(
        Column("name", pa.string(), "the number in words"),
        Column("square", pa.int64(), "its square", minimum=0),
    ),
)
KEYS = [f"n{i:03d}" for i in range(60)]


def rows(names: list[str]) -> pa.Table:
    return SPEC.from_columns({"name": names, "square": [int(n[1:]) ** 2 for n in names]})


def left(names: list[str]) -> pa.Table:
    n = len(names)
    return REJECTED.from_columns({"key": names, "reason": ["seventh"] * n, "detail": [""] * n})


@dataclass
class Squares:
    """Every seventh number is rejected; works in pieces of five keys."""

    calls: list[list[str]] = field(default_factory=list)

    def __call__(self, keys: list[str]) -> Iterator[tuple[pa.Table, pa.Table]]:
        self.calls.append(keys)
        for at in range(0, len(keys), 5):
            some = keys[at : at + 5]
            bad = [n for n in some if int(n[1:]) % 7 == 0]
            yield rows([n for n in some if n not in bad]), left(bad)


class Stranger(Squares):
    """Makes a row of a key that it was not given."""

    def __call__(self, keys: list[str]) -> Iterator[tuple[pa.Table, pa.Table]]:
        yield rows(["n999"]), left([])


class Forgetful(Squares):
    """Loses a key: neither a row nor a rejected one."""

    def __call__(self, keys: list[str]) -> Iterator[tuple[pa.Table, pa.Table]]:
        for made, bad in super().__call__(keys):
            yield made.slice(1), bad


def build(
    out: Path, make: beam.Make, runner: str = "FnApiRunner", n: int = 4, keys: list[str] = KEYS
) -> None:
    with beam.pipeline(runner, ()) as pipeline:
        sink = beam.make_shards(pipeline, keys, SPEC, out, n, make)
    sink.finish(parents={}, params={}, rows_in=len(keys))


def digests(out: Path) -> dict[str, str]:
    return {p.name: file_sha256(p) for p in sorted(out.iterdir())}


def test_rows_and_rejected_rows_are_the_keys(tmp_path: Path) -> None:
    build(tmp_path / "d", Squares())
    manifest = read_manifest(tmp_path / "d")
    assert verify(tmp_path / "d") == []
    assert manifest.rows_in == 60
    assert manifest.rejected == {"seventh": 9}
    assert manifest.rows == 51
    table = shards.read_table(tmp_path / "d")
    written = dict(zip(table["name"].to_pylist(), table["square"].to_pylist(), strict=True))
    assert written == {n: int(n[1:]) ** 2 for n in KEYS if int(n[1:]) % 7}
    lost = read_shard(tmp_path / "d" / "rejected.parquet")["key"].to_pylist()
    assert sorted([*written, *lost]) == KEYS


@pytest.mark.parametrize("runner", ["FnApiRunner:threads=2", "FnApiRunner"])
def test_order_of_keys_and_number_of_workers_change_no_byte(tmp_path: Path, runner: str) -> None:
    build(tmp_path / "a", Squares())
    build(tmp_path / "b", Squares(), runner, keys=KEYS[::-1])
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_a_shard_without_keys_is_written_too(tmp_path: Path) -> None:
    build(tmp_path / "d", Squares(), n=200)
    assert len(list((tmp_path / "d").glob("part-*"))) == 200
    assert shards.read_table(tmp_path / "d").num_rows == 51
    build(tmp_path / "e", Squares(), n=3, keys=[])
    assert shards.read_table(tmp_path / "e").num_rows == 0


def test_rows_of_other_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="rows of other keys were made: \\['n999'\\]"):
        build(tmp_path / "d", Stranger())
    assert not (tmp_path / "d" / "manifest.json").exists()


def test_a_lost_key_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(ConservationError):
        build(tmp_path / "d", Forgetful())
    assert not (tmp_path / "d" / "manifest.json").exists()


def test_nothing_of_an_earlier_build_stays(tmp_path: Path) -> None:
    build(tmp_path / "d", Squares(), n=9)
    build(tmp_path / "d", Squares(), n=2)
    assert len(list((tmp_path / "d").glob("part-*"))) == 2
    assert verify(tmp_path / "d") == []


def test_an_earlier_build_stands_until_the_new_one_is_checked(tmp_path: Path) -> None:
    out = tmp_path / "d"
    build(out, Squares(), n=3)
    before = digests(out)
    with beam.pipeline() as pipeline:
        sink = beam.make_shards(pipeline, KEYS, SPEC, out, 2, Squares())
    assert sink.written() == 2
    assert digests(out) == before
    with pytest.raises(ConservationError):
        sink.finish(rows_in=len(KEYS) + 1)
    assert digests(out) == before
    sink.finish(rows_in=len(KEYS))
    assert len(list(out.glob("part-*"))) == 2
    assert verify(out) == []
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


@pytest.mark.parametrize("make", [Stranger(), Forgetful()])
def test_a_build_that_fails_leaves_the_earlier_one(make: Squares, tmp_path: Path) -> None:
    out = tmp_path / "d"
    build(out, Squares())
    before = digests(out)
    with pytest.raises((SchemaError, ConservationError)):
        build(out, make)
    gc.collect()
    assert digests(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_a_job_that_was_given_up_writes_nothing(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    group = (1, [key for key in KEYS if shard_of(key, 4) == 1])
    one = sinks._Single(Squares(), SPEC.name)
    with pytest.raises(InfraError, match="given up"):
        list(sinks._make(group, [(SPEC, gone)], 4, one))
    with pytest.raises(InfraError, match="given up"):
        sinks._write((0, []), SPEC, gone, 4)
    assert not gone.exists()


def test_a_call_gets_the_keys_of_one_shard_sorted(tmp_path: Path) -> None:
    make = Squares()
    group = (1, [key for key in KEYS if shard_of(key, 4) == 1])
    one = sinks._Single(make, SPEC.name)
    assert len(list(sinks._make(group, [(SPEC, tmp_path)], 4, one))) == 1
    assert make.calls == [sorted(group[1])]
    written = read_shard(tmp_path / "part-00001-of-00004.parquet")["name"].to_pylist()
    assert written == [key for key in sorted(group[1]) if int(key[1:]) % 7]


DIVISORS = Table(
    name="toy.divisors",
    version="1.0.0",
    key=("name", "divisor"),
    doc="A divisor of a number.",
    columns=(
        Column("name", pa.string(), "the number in words"),
        Column("divisor", pa.int64(), "one of its divisors", minimum=1),
    ),
)


class Both(Squares):
    """The squares, and the divisors of what was not rejected."""

    def __call__(self, keys: list[str]) -> Iterator[tuple[dict[str, pa.Table], pa.Table]]:  # type: ignore[override]
        for made, bad in super().__call__(keys):
            pairs = [
                (n, d)
                for n in made["name"].to_pylist()
                for d in range(1, int(n[1:]) + 1)
                if int(n[1:]) % d == 0
            ]
            names, divisors = zip(*pairs, strict=True) if pairs else ((), ())
            table = DIVISORS.from_columns({"name": names, "divisor": divisors})
            yield {SPEC.name: made, DIVISORS.name: table}, bad


def build_both(out: Path, runner: str = "FnApiRunner", keys: list[str] = KEYS) -> None:
    tables = [(SPEC, out / "squares"), (DIVISORS, out / "divisors")]
    with beam.pipeline(runner, ()) as pipeline:
        made = beam.make_tables(pipeline, keys, tables, 4, Both())
    for sink, rows_in in zip(made, (len(keys), None), strict=True):
        sink.finish(parents={}, params={}, rows_in=rows_in)


def test_several_tables_of_the_same_keys(tmp_path: Path) -> None:
    build_both(tmp_path / "a")
    build(tmp_path / "alone", Squares())
    assert digests(tmp_path / "a/squares") == digests(tmp_path / "alone")
    build_both(tmp_path / "b", "FnApiRunner:threads=2", KEYS[::-1])
    assert digests(tmp_path / "a/divisors") == digests(tmp_path / "b/divisors")
    assert verify(tmp_path / "a/divisors") == []
    found = shards.read_table(tmp_path / "a/divisors")
    assert found.filter(pa.compute.equal(found["name"], "n012"))["divisor"].to_pylist() == [
        1, 2, 3, 4, 6, 12,
    ]  # fmt: skip
    assert read_manifest(tmp_path / "a/divisors").rows_in == found.num_rows


class Divisors(Both):
    """The divisors alone, any number a key; counts what it reads, or too little."""

    def __init__(self, missed: int = 0) -> None:
        super().__init__()
        self._missed = missed

    def __call__(self, keys: list[str]) -> Iterator[tuple[pa.Table, pa.Table]]:  # type: ignore[override]
        for made, bad in super().__call__(keys):
            table = made[DIVISORS.name]
            beam.count(DIVISORS, "rows_in", table.num_rows + bad.num_rows - self._missed)
            yield table, bad


@pytest.mark.parametrize("missed", [0, 1])
def test_a_key_of_several_rows_whose_maker_counts_them(tmp_path: Path, missed: int) -> None:
    build_both(tmp_path / "a")
    n, make = shards.read_table(tmp_path / "a/divisors").num_rows, Divisors(missed)
    with beam.pipeline() as p:
        sink = beam.make_shards(p, KEYS, DIVISORS, tmp_path / "b", 4, make, one_row=False)
    if missed:
        with pytest.raises(ConservationError):
            sink.finish(rows_in=n + 9)
        return
    sink.finish(rows_in=n + 9)
    for name in (p.name for p in (tmp_path / "b").glob("part-*")):
        assert file_sha256(tmp_path / "b" / name) == file_sha256(tmp_path / "a/divisors" / name)
    assert read_manifest(tmp_path / "b").rejected == {"seventh": 9}
