from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest
import soft_labels_small as small

from measurand import shards
from measurand.errors import ParamsError, RunnerError
from measurand.manifest import read_manifest
from measurand.verification import verify
from pipelines.soft_labels.dataset import build
from schemas.soft_labels.params import Params


def _frame(folder: Path) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(shards.read_table(folder)))


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


def test_every_part_is_written_and_verifies(small_dataset: Path) -> None:
    assert sorted(p.name for p in small_dataset.iterdir()) == [
        "items",
        "judgements",
        "pairs",
        "reference",
    ]
    for part in small_dataset.iterdir():
        assert verify(part) == []


def test_every_pair_has_its_reference_and_both_orders(small_dataset: Path) -> None:
    pairs, reference = _frame(small_dataset / "pairs"), _frame(small_dataset / "reference")
    assert set(pairs["pair_id"]) == set(reference["pair_id"])
    judgements = _frame(small_dataset / "judgements")
    counts = judgements.group_by("pair_id", "judge", "wording").agg(pl.col("order").sort())
    assert counts.height == 2 * pairs.height
    assert counts["order"].to_list() == [["12", "21"]] * counts.height


def test_labels_are_oriented_and_come_back_from_the_judge(small_dataset: Path) -> None:
    pairs = _frame(small_dataset / "pairs")
    assert pairs["p"].min() >= 0.5  # type: ignore[operator]
    means = _frame(small_dataset / "judgements").group_by("pair_id").agg(pl.col("p_1").mean())
    both = pairs.join(means, on="pair_id")
    assert (both["p"] - both["p_1"]).abs().max() < 1e-9  # type: ignore[operator]


def test_the_licence_is_in_the_manifest(small_dataset: Path) -> None:
    [source] = read_manifest(small_dataset / "pairs").sources
    assert source.licence == "CC0-1.0"


def test_the_same_bytes_with_two_workers_and_again(
    small_dataset: Path, small_params: Params, tmp_path: Path
) -> None:
    first = _digests(small_dataset)
    threads = "FnApiRunner:threads=2"
    build(small_params, tmp_path / "data", threads, journal=tmp_path / "journal")
    assert _digests(tmp_path / "data") == first
    build(small_params, tmp_path / "data", "FnApiRunner", journal=tmp_path / "journal")
    assert _digests(tmp_path / "data") == first


def test_a_pair_too_long_is_rejected_with_its_length(small_params: Params, tmp_path: Path) -> None:
    raw = small_params.model_dump(mode="json")
    lengths = raw | {"build": raw["build"] | {"max_tokens": 14, "judges": []}}
    build(Params.model_validate(lengths), tmp_path / "data", "FnApiRunner", journal=tmp_path / "j")
    rejected = pl.read_parquet(tmp_path / "data" / "pairs" / "rejected.parquet")
    long = rejected.filter(reason="too_long")
    assert long.height > 0
    assert "not 14" in long["detail"][0]
    manifest = read_manifest(tmp_path / "data" / "pairs")
    assert manifest.rows_in == manifest.rows + rejected.height
    assert not (tmp_path / "data" / "judgements").exists()


def test_a_split_without_pairs_is_named(small_params: Params, tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("good,bad,p\na,b,0.9\n")
    raw = small_params.model_dump(mode="json")
    raw["build"]["sets"][0]["source"]["path"] = str(path)
    with pytest.raises(ParamsError, match="no pair for"):
        build(Params.model_validate(raw), tmp_path / "data", "FnApiRunner", journal=tmp_path / "j")
    raw["build"]["max_tokens"] = 8
    raw["build"]["sets"][0]["source"]["path"] = str(small.write_pairs(tmp_path / "all.csv"))
    with pytest.raises(ParamsError, match="longer than 8 tokens"):
        build(Params.model_validate(raw), tmp_path / "data", "FnApiRunner", journal=tmp_path / "j")


def test_a_refused_runner_writes_nothing(small_params: Params, tmp_path: Path) -> None:
    with pytest.raises(RunnerError):
        build(small_params, tmp_path / "data", "DirectRunner", journal=tmp_path / "journal")
    assert not (tmp_path / "data").exists()
