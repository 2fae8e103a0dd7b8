from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from value_functions_small import (
    BREAKOUT,
    CHAIN,
    CHESS,
    DIGITS,
    HAS_CHESS,
    HAS_WORDS,
    NO_CHESS,
    WORDLE,
    small,
    table,
)  # fmt: skip

from measurand import shards
from measurand.manifest import read_manifest
from pipelines.value_functions import dataset
from schemas.value_functions.params import Params

TABLES = ("sources", "examples", "moves", "transitions")


def world(tmp_path: Path) -> Params:
    sources: list[dict[str, Any]] = [CHAIN, DIGITS, BREAKOUT, table(tmp_path / "mine.csv")]
    sources += [CHESS] if HAS_CHESS else []
    sources += [WORDLE] if HAS_WORDS else []
    return small(sources, [{"id": "chain", "source": "chain", "steps": 1}])


def built(params: Params, out: Path, runner: str = "FnApiRunner") -> dict[str, bytes]:
    dataset.build(params, out, runner, journal=out / "journal")
    return {
        f"{name}/{path.name}": path.read_bytes()
        for name in TABLES
        for path in sorted((out / name).glob("*.parquet"))
    }


@pytest.mark.integration
def test_bytes_do_not_depend_on_workers_or_on_the_order_of_sources(tmp_path: Path) -> None:
    params = world(tmp_path)
    once = built(params, tmp_path / "a")
    assert built(params, tmp_path / "b", "FnApiRunner:processes=2") == once
    turned = tuple(reversed(params.build.sources))
    other = params.model_copy(update={"build": params.build.model_copy(update={"sources": turned})})
    assert built(other, tmp_path / "c") == once
    for name in TABLES:
        found = read_manifest(tmp_path / "a" / name)
        assert found.rows_in == found.rows + sum(found.rejected.values()), name


@pytest.mark.integration
@pytest.mark.skipif(not HAS_CHESS, reason=NO_CHESS)
def test_positions_stand_in_one_split_and_games_too(tmp_path: Path) -> None:
    # One opening move of each game: many positions come again.
    given = {**CHESS, "games": 40, "positions": 1, "nodes": 1}
    params = small([CHAIN, given], [{"id": "chain", "source": "chain", "steps": 1}])
    dataset.build(params, tmp_path / "d", "FnApiRunner", journal=tmp_path)
    rows = shards.read_table(tmp_path / "d" / "moves").to_pylist()
    where: dict[str, set[str]] = {}
    for row in rows:
        where.setdefault(row["position_id"], set()).add(row["split"])
        where.setdefault(row["game"], set()).add(row["split"])
    assert all(len(splits) == 1 for splits in where.values())
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    counts = {}
    for row in rows:
        counts.setdefault(row["position_id"], []).append(row["move"])
    assert all(len(counts[row["position_id"]]) == row["n_legal"] for row in rows)


def test_positions_that_recur_are_left_to_training() -> None:
    from pipelines.value_functions.jobs import Game, Position

    def at(split: str, rank: int, name: str) -> Position:
        return Position(rank, name, "k", "fen", Game("chess", name, split, (), 1, 0.5, 0.0, 1))

    kept, again = dataset._first(("k", [at("test", 2, "g1"), at("train", 0, "g9")]))
    assert kept.name == "g9"
    assert again.tag == "again"
    assert again.value[1].name == "g1"


def test_what_is_left_out_of_a_table_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    source = table(path)
    with path.open("a") as file:
        file.write("1,2,3,1,inf\n1,2,3,1,much\n1,,3,1,2\n1,2,3,,2\n")
    params = small([source], [{"id": "mine", "source": "mine", "steps": 1}])
    dataset.build(params, tmp_path / "d", "FnApiRunner", journal=tmp_path)
    found = read_manifest(tmp_path / "d" / "examples")
    assert found.rows == 120
    assert found.rejected == {"not_finite": 1, "no_number": 1, "missing": 2}
    assert found.sources[0].sha256 is not None
