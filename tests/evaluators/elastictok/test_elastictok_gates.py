"""What would make each control of gates/elastictok.yaml fail, shown on rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from gate_controls import Row, controls, outcome, spoil

from evaluators.elastictok.allocation import allocation_rows
from evaluators.elastictok.context import Findings
from evaluators.elastictok.curves import curve_rows
from evaluators.elastictok.quality import data_rows, unseen_rows
from evaluators.elastictok.savings import saving_rows
from evaluators.elastictok.searching import learned_rows, search_rows
from schemas.elastictok.tables import LEAKAGE

CASES: dict[str, Callable[[Path, Findings, bool], Iterable[Row]]] = {}
"""From the small world, sound or with its fault, to the statistics that the gate reads."""


def case(gate: str) -> Callable[[Callable[..., Iterable[Row]]], Callable[..., Iterable[Row]]]:
    def keep(make: Callable[..., Iterable[Row]]) -> Callable[..., Iterable[Row]]:
        CASES[gate] = make
        return make

    return keep


@case("no-leak")
def _leak(data: Path, found: Findings, fault: bool) -> Iterable[Row]:
    spoil(data / "dataset/leakage", LEAKAGE, lambda r: {**r, "shared_pixels": int(fault)})
    return data_rows(data, found)


@case("search-finds-planted-frames")
def _planted(data: Path, found: Findings, fault: bool) -> Iterable[Row]:
    missed = int(fault)
    spoil(data / "dataset/leakage", LEAKAGE, lambda r: {**r, "found": r["planted"] - missed})
    return data_rows(data, found)


@case("unseen-clips-are-left")
def _unseen(data: Path, found: Findings, fault: bool) -> Iterable[Row]:
    """Eleven clips, of which two are near copies or none is."""
    names = [f"c{i:02}" for i in range(11)]
    near = [{"clip_id": c, "split": "test_clip", "near": fault and c < "c02"} for c in names]
    blocks = [{"model": "elastic", "split": "test_clip", "clip_id": c} for c in names]
    tables = {**found.tables, "near": pl.DataFrame(near), "budgets": pl.DataFrame(blocks)}
    return unseen_rows(replace(found, tables=tables))


@case("halving-finds-nearly-the-fewest")
def _halves(data: Path, found: Findings, fault: bool) -> Iterable[Row]:
    """Binary search takes a token more than the full one on a fifth of blocks, or three more."""
    coded = found.tables["coded"].with_columns(pl.lit(True).alias("feasible"))
    full = coded.filter(search="full")
    halved = full.with_columns(
        pl.lit("binary").alias("search").cast(coded["search"].dtype),
        (pl.col("n_tokens") + 3 * int(fault) + (pl.int_range(pl.len()) % 5 == 0))
        .cast(pl.Int32)
        .alias("n_tokens"),
    )
    others = coded.filter(pl.col("search") != "binary")
    tables = {**found.tables, "coded": pl.concat([others, halved])}
    return search_rows(replace(found, tables=tables))


@case("searches-are-honest")
def _honest(data: Path, found: Findings, fault: bool) -> Iterable[Row]:
    above = pl.when(pl.col("feasible")).then(pl.col("limit") * (2.0 if fault else 0.5))
    return search_rows(_with(found, "coded", above.otherwise(pl.col("mse")).alias("mse")))


@case("regression-learned")
def _learned(data: Path, found: Findings, fault: bool) -> Iterable[Row]:
    # The fault is a regression that predicts the best constant.
    loss = pl.col("constant_loss") * (1.0 if fault else 0.5)
    return learned_rows(_with(found, "regression", loss.alias("loss")))


@case("errors-fall")
def _fall(data: Path, found: Findings, fault: bool) -> Iterable[Row]:
    slope = pl.col("n_tokens") * (1e-3 if fault else -1e-3) + 1.0
    return curve_rows(_with(found, "errors", slope.alias("mse")))


@case("noise-needs-all-tokens")
def _noise(data: Path, found: Findings, fault: bool) -> Iterable[Row]:
    noise = pl.col("variant") == "noise"
    tokens = pl.when(noise).then(found.slots - int(fault)).otherwise(pl.col("n_tokens"))
    return allocation_rows(_with(found, "coded", tokens.cast(pl.Int32).alias("n_tokens")))


def _with(found: Findings, table: str, column: pl.Expr) -> Findings:
    return replace(found, tables={**found.tables, table: found.tables[table].with_columns(column)})


def test_every_control_has_a_failing_case() -> None:
    assert set(CASES) == controls("elastictok")


@pytest.mark.integration
@pytest.mark.parametrize("gate", sorted(CASES))
def test_a_control_passes_where_all_is_well_and_fails_where_it_is_not(
    tmp_path: Path, data: Path, found: Findings, gate: str
) -> None:
    shutil.copytree(data / "dataset", tmp_path / "dataset")
    for fault, state in ((False, "pass"), (True, "fail")):
        rows = list(CASES[gate](tmp_path, found, fault))
        assert outcome("elastictok", gate, rows, "elastic") == {state}


@pytest.mark.parametrize(("tokens", "state"), [(2, "pass"), (12, "fail")])
def test_a_search_must_need_fewer_tokens_than_the_model_trained_with_them(
    found: Findings, tokens: int, state: str
) -> None:
    """All blocks reach the threshold: by search with about so many, by the fixed model with 4."""
    about = (tokens - 1 + pl.int_range(pl.len()) % 3).cast(pl.Int32).alias("n_tokens")
    coded = found.tables["coded"].with_columns(about, pl.lit(True).alias("feasible"))
    budgets = found.tables["budgets"].with_columns(pl.lit(0.0).alias("mse"))
    given = replace(found, tables={**found.tables, "coded": coded, "budgets": budgets})
    rows = list(saving_rows(given))
    asked = {"against": "fixed4", "n": "4"}
    assert outcome("elastictok", "search-saves", rows, "elastic", **asked) == {state}
