from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from value_functions_small import BREAKOUT, CHAIN, CHESS, DIGITS, HAS_CHESS, small, table

from evaluators.value_functions.evaluate import evaluate
from measurand import shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from pipelines.value_functions import dataset, train
from schemas.value_functions.params import Params

# Every test reads what a whole run left: build, training, evaluation.
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Params, Path]:
    folder = tmp_path_factory.mktemp("evaluate")
    sources = [CHAIN, {**DIGITS, "pictures": 40}, BREAKOUT, table(folder / "mine.csv")]
    two = ["mse", "hl_gauss"]
    runs: list[dict[str, Any]] = [
        {"id": "chain", "source": "chain", "steps": 20, "losses": two},
        {"id": "digits", "source": "digits", "steps": 10, "shifts": [0, 8], "losses": two},
        {"id": "mine", "source": "mine", "steps": 150, "batch": 32, "losses": two},
        {"id": "breakout", "source": "breakout", "steps": 10, "losses": two},
    ]
    if HAS_CHESS:
        sources.append(CHESS)
        runs.append({"id": "chess", "source": "chess", "steps": 10, "losses": two})
    params = small(sources, runs)
    dataset.build(params, folder / "dataset", "FnApiRunner", journal=folder)
    train.train(params, folder / "dataset", folder / "checkpoint", journal=folder / "journal")
    evaluate(params, folder, None, folder / "results", journal=folder)
    return params, folder


def items(folder: Path, **wanted: Any) -> list[dict[str, Any]]:
    rows = shards.read_table(folder / "results" / "items").to_pylist()
    return [row for row in rows if all(row[k] == v for k, v in wanted.items())]


def test_a_line_is_learned_and_a_constant_scores_nothing(world: tuple[Params, Path]) -> None:
    _, folder = world
    for loss in ("mse", "hl_gauss"):
        scores = [r["value"] for r in items(folder, model=loss, metric="score", slice="run=mine")]
        assert np.mean(scores) > 0.5
    constant = items(folder, model="constant", metric="score", slice="run=mine")
    assert np.mean([row["value"] for row in constant]) == pytest.approx(0, abs=0.25)
    assert len({row["cluster_id"] for row in constant}) < len(constant)


def test_every_phase_of_moving_targets_has_items(world: tuple[Params, Path]) -> None:
    _, folder = world
    for phase in ("0", "1"):
        rows = items(folder, model="mse", metric="squared_error", slice=f"phase={phase},run=digits")
        assert len(rows) == 8 * 2
    later = np.mean([r["value"] for r in items(folder, model="constant", metric="squared_error",
                                               slice="phase=1,run=digits")])  # fmt: skip
    assert later == pytest.approx(0.5, abs=0.3)


def test_every_network_and_control_plays_the_same_episodes(world: tuple[Params, Path]) -> None:
    _, folder = world
    names = {
        model: {r["item_id"] for r in items(folder, model=model, metric="return")}
        for model in ("mse", "hl_gauss", "random", "script")
    }
    assert len(names["mse"]) == 4
    assert all(found == names["mse"] for found in names.values())
    script = np.mean([r["value"] for r in items(folder, model="script", metric="score")])
    random = np.mean([r["value"] for r in items(folder, model="random", metric="score")])
    assert (script, random) == (pytest.approx(1), pytest.approx(0))


@pytest.mark.skipif(not HAS_CHESS, reason="Debian's stockfish is not installed")
def test_moves_are_chosen(world: tuple[Params, Path]) -> None:
    _, folder = world
    constant = items(folder, model="constant", metric="score", slice="run=chess")
    assert np.mean([row["value"] for row in constant]) == pytest.approx(0, abs=1e-9)
    orders = items(folder, model="constant", metric="tau", slice="run=chess")
    assert {(row["value"], row["status"]) for row in orders} == {(None, "skipped")}
    assert items(folder, model="material", metric="regret", slice="run=chess")


@pytest.mark.skipif(not HAS_CHESS, reason="Debian's stockfish is not installed")
def test_bins_are_those_of_the_calibration(world: tuple[Params, Path]) -> None:
    _, folder = world
    bins = shards.read_table(folder / "results" / "reliability").to_pylist()
    assert {row["run"] for row in bins} == {"chess"}
    inner = shards.read_table(folder / "results" / "representations").to_pylist()
    for row in (one for one in inner if one["run"] == "chess"):
        own = [one for one in bins if (one["loss"], one["seed"]) == (row["loss"], row["seed"])]
        apart = sum(one["moves"] * abs(one["said"] - one["true"]) for one in own)
        whole = sum(one["moves"] for one in own)
        assert apart / whole == pytest.approx(row["calibration"])


def test_a_limit_is_marked(world: tuple[Params, Path], tmp_path: Path) -> None:
    params, folder = world
    evaluate(params, folder, None, tmp_path / "r", journal=folder, limit=2)
    rows = shards.read_table(tmp_path / "r" / "items").to_pylist()
    mine = {r["item_id"] for r in rows if r["slice"] == "run=mine" and r["model"] == "mse"}
    assert len(mine) == 2
    assert read_manifest(tmp_path / "r" / "items").params["partial"] is True


def test_what_is_missing_is_named(world: tuple[Params, Path], tmp_path: Path) -> None:
    params, folder = world
    with pytest.raises(InputError, match="not oracle:x"):
        evaluate(params, folder, "oracle:x", tmp_path, journal=folder)
    with pytest.raises(InputError, match="no training"):
        evaluate(params, tmp_path, None, tmp_path, journal=folder)
