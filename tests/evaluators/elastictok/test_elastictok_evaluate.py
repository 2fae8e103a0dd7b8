from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from elastictok_small import build_in, inside, params_of, train_in
from gate_controls import spoil

from evaluators.elastictok.context import frame
from evaluators.elastictok.evaluate import COPIED, evaluate, strips
from evaluators.elastictok.report import statistics
from measurand import shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.training.repeats import repeat_of
from measurand.verification import verify
from pipelines.elastictok.jobs import TABLES, Place, read
from schemas.elastictok.params import Params
from schemas.elastictok.tables import NEAR


def hashes(folder: Path) -> dict[str, str]:
    """Logical hash of every result but times."""
    return {
        name: read_manifest(folder / name).logical_hash
        for name in (*TABLES, "items", "history")
        if name != "search_costs"
    }


def test_every_table_is_written_and_verifies(results: Path) -> None:
    assert {p.name for p in results.iterdir()} == {*TABLES, *COPIED, "items", "near"}
    assert verify(results) == []
    config = read_manifest(results / "budgets").params
    assert config["models"] == ["elastic", "fixed4", "fixed16", "blind", "untrained", "jpeg",
                                "h264"]  # fmt: skip
    assert set(config["limits"]) == {"strict", "middle", "loose"}
    assert not config["partial"]


def test_every_model_is_measured_on_the_same_blocks(results: Path) -> None:
    budgets = frame(shards.read_table(results / "budgets"))
    blocks = budgets.select("model", "sample_id", "block").unique()
    counts = blocks.group_by("model").len()["len"].unique().to_list()
    assert counts == [2 * (12 + 12)]
    assert set(budgets["split"].unique()) == {"test_clip", "test_time"}
    rates = frame(shards.read_table(results / "rates"))
    assert rates.filter(model="jpeg").select("sample_id", "block").n_unique() == 48


def test_items_are_those_of_the_tables(results: Path) -> None:
    items = frame(shards.read_table(results / "items"))
    budgets = frame(shards.read_table(results / "budgets"))
    assert items.filter(metric="mse").height == budgets.height
    coded = frame(shards.read_table(results / "coded")).filter(variant="plain")
    assert items.filter(metric="tokens").height == coded.height
    means = items.filter(metric="tokens").group_by("model").agg(pl.col("value").mean())
    expected = coded.group_by("model").agg(pl.col("n_tokens").mean().alias("value"))
    assert means.sort("model").equals(expected.sort("model"))


def test_a_second_run_measures_nothing_and_equals_the_first(
    small: Params, data: Path, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.elastictok import measuring

    monkeypatch.setattr(measuring, "measure", None)
    with inside(data):
        evaluate(small, data, None, tmp_path / "again", journal=data / "journal")
    assert hashes(tmp_path / "again") == hashes(results)


@pytest.mark.integration
def test_a_fresh_run_equals_the_first(
    small: Params, data: Path, results: Path, tmp_path: Path
) -> None:
    raw = small.model_dump(mode="json")
    raw["evaluate"]["processes"] = 2
    evaluate(Params.model_validate(raw), data, None, tmp_path / "again", journal=tmp_path / "j")
    first, second = hashes(results), hashes(tmp_path / "again")
    assert first == second


def test_one_model_and_a_limit(small: Params, data: Path, tmp_path: Path) -> None:
    evaluate(small, data, "fixed4", tmp_path / "out", journal=tmp_path / "j", limit=2)
    budgets = frame(shards.read_table(tmp_path / "out/budgets"))
    assert set(budgets["model"]) == {"fixed4"}
    assert budgets["sample_id"].n_unique() == 4
    assert read_manifest(tmp_path / "out/budgets").params["partial"]


def test_unknown_models_and_missing_checkpoints_are_named(
    small: Params, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no model nobody"):
        evaluate(small, data, "nobody", tmp_path / "out", journal=tmp_path / "j")
    (tmp_path / "dataset").symlink_to(data / "dataset")
    with pytest.raises(InputError, match="measurand train"):
        evaluate(small, tmp_path, None, tmp_path / "out", journal=tmp_path / "j")


def test_a_checkpoint_of_other_parameters_is_refused(
    small: Params, data: Path, tmp_path: Path
) -> None:
    raw = small.model_dump(mode="json")
    raw["train"]["optimiser"]["lr"] = 1e-4
    with pytest.raises(InputError, match="other code, data or parameters"):
        evaluate(Params.model_validate(raw), data, None, tmp_path / "o", journal=tmp_path / "j")


def test_strips_follow_one_clip_in_time(small: Params, data: Path) -> None:
    place = Place(small.model_dump_json(), data / "dataset/blocks", Path(), Path(), {})
    [at] = strips(small, place)
    rows = shards.read_table(data / "dataset/blocks").to_pylist()
    test = sorted((r for r in rows if r["split"] == "test_clip"), key=lambda r: r["sample_id"])
    own = [test[i] for _, i in at]
    assert len({r["clip_id"] for r in own}) == 1
    starts = [r["start_frame"] for r in own]
    assert starts == sorted(starts)
    assert len(own) > 1


def test_evaluators_import_no_torch() -> None:
    code = (
        "import sys, evaluators.elastictok.evaluate, evaluators.elastictok.report; "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.integration
def test_repeated_trainings_are_all_measured_and_told_as_the_method(tmp_path: Path) -> None:
    params = params_of(train={"repeats": 2})
    train_in(build_in(tmp_path, params), params)
    with inside(tmp_path):
        evaluate(params, tmp_path, None, tmp_path / "results", journal=tmp_path / "journal")
    found = statistics(tmp_path, tmp_path / "results", params).to_pylist()
    one = statistics(tmp_path, tmp_path / "results", repeat_of(params, 0)).to_pylist()
    other = statistics(
        tmp_path, tmp_path / "results" / "training-1", repeat_of(params, 1)
    ).to_pylist()
    keyed = [{(r["model"], r["metric"], r["slice"]): r for r in rows} for rows in (one, other)]
    checked = 0
    for row in found:
        a, b = (rows.get((row["model"], row["metric"], row["slice"])) for rows in keyed)
        if row["scope"] != "method":
            continue
        assert a is not None
        assert b is not None
        assert row["estimate"] == pytest.approx((a["estimate"] + b["estimate"]) / 2)
        assert row["ci_hi"] >= row["estimate"] >= row["ci_lo"]
        checked += a["estimate"] != b["estimate"]
    assert checked > 50
    assert verify(tmp_path / "results") == []


def test_strips_leave_out_near_copies_while_there_is_another_clip(
    small: Params, data: Path, tmp_path: Path
) -> None:
    shutil.copytree(data / "dataset", tmp_path / "dataset")
    place = Place(small.model_dump_json(), tmp_path / "dataset/blocks", Path(), Path(), {})
    rows = read(place.blocks, "test_clip").rows

    def shown(near: Callable[[str], bool]) -> str:
        spoil(tmp_path / "dataset/near", NEAR, lambda r: {**r, "near": near(r["clip_id"])})
        [at] = strips(small, place)
        return str(rows[at[0][1]]["clip_id"])

    first = shown(lambda clip: False)
    second = shown(lambda clip: clip == first)
    assert second != first
    # Where every clip is one, they are shown, and the words under them say so.
    assert shown(lambda clip: True) == first
