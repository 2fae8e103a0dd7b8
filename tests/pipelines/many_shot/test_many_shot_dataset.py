from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from forked import begin

from measurand import shards
from measurand.attempts import is_attempt
from measurand.errors import InputError, ParamsError, RunnerError, VerifyError
from measurand.manifest import file_sha256, read_manifest
from measurand.verification import verify
from pipelines.many_shot import dataset, prompts, splits
from pipelines.many_shot.dataset import build
from schemas.many_shot.params import Params

Recipe = Callable[..., Params]


def digests(out: Path) -> dict[str, str]:
    return {str(p.relative_to(out)): file_sha256(p) for p in sorted(out.rglob("*")) if p.is_file()}


def only(task: str, recipe: Recipe) -> dict[str, Any]:
    """Changes that leave one task, without solutions by a model."""
    [kept] = [t.model_dump() for t in recipe().build.tasks if t.id == task]
    kept["curves"] = [c for c in kept["curves"] if c["regime"] != "reinforced"]
    return {"tasks": [kept], "rationales": None}


def test_the_dataset_is_whole(built: Path, tables: dict[str, pl.DataFrame]) -> None:
    assert verify(built) == []
    parents = read_manifest(built / "prompts").parents
    for name in ("pool", "rationales"):
        assert parents[name] == read_manifest(built / name).logical_hash
    sizes = tables["pool"].group_by("task", "split").len()
    found = {(task, split): n for task, split, n in sizes.iter_rows()}
    assert found["line", "train"] == 60
    assert found["line", "test"] == 8
    assert found["sums", "dev"] == 2
    assert tables["pool"]["n_input_tokens"].min() > 0  # type: ignore[operator]


def test_no_test_question_is_among_the_shots(tables: dict[str, pl.DataFrame]) -> None:
    pool, prompts = tables["pool"], tables["prompts"]
    test = pool.filter(split="test")
    for name in ("shot_ids", "demonstration_ids"):
        shown = set(prompts.explode(name)[name].drop_nulls())
        assert not shown & set(test["example_id"])
        groups = set(pool.filter(pl.col("example_id").is_in(sorted(shown)))["group_id"])
        assert not groups & set(test["group_id"])
    row = tables["leakage"]
    names = ["shared_ids", "shared_groups", "shared_texts", "near_duplicates"]
    assert row.select(pl.sum_horizontal(names).sum()).item() == 0
    assert row["planted"].to_list() == row["found"].to_list()
    assert row["planted"].min() > 0  # type: ignore[operator]


@pytest.mark.parametrize("runner", ["FnApiRunner", "FnApiRunner:threads=2"])
def test_the_same_parameters_give_the_same_bytes(
    runner: str, recipe: Recipe, built: Path, tmp_path: Path
) -> None:
    build(recipe(), tmp_path / "d", runner, journal=tmp_path / "j")
    assert digests(tmp_path / "d") == digests(built)


def test_another_seed_changes_every_prompt_with_shots(
    recipe: Recipe, tables: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    build(recipe(seed=7, **only("line", recipe)), tmp_path / "d", "FnApiRunner", journal=tmp_path)
    other = pl.DataFrame(pl.from_arrow(shards.read_table(tmp_path / "d" / "prompts")))
    both = tables["prompts"].filter(pl.col("k") > 0).join(other, on="prompt_id", suffix="_other")
    assert len(both) == 20
    assert (both["prefix_sha256"] != both["prefix_sha256_other"]).all()


def test_without_solutions_there_is_no_table_of_them(recipe: Recipe, tmp_path: Path) -> None:
    build(recipe(**only("bits", recipe)), tmp_path / "d", "FnApiRunner", journal=tmp_path)
    assert sorted(p.name for p in (tmp_path / "d").iterdir()) == ["leakage", "pool", "prompts"]


def test_an_unknown_context_is_asked_for(recipe: Recipe, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    params = recipe(context_limit=None, **only("bits", recipe))
    folder = tmp_path / "no_config"
    known = params.build.tokenizer.removeprefix("hf:").partition("?")[0]
    AutoTokenizer.from_pretrained(known).save_pretrained(folder)
    raw = params.model_dump()
    raw["build"]["tokenizer"] = f"hf:{folder}"
    with pytest.raises(ParamsError, match=r"context length of .* is unknown"):
        build(Params.model_validate(raw), tmp_path / "d", "FnApiRunner", journal=tmp_path)
    assert not (tmp_path / "d").exists()


def test_a_runner_is_refused_before_anything_is_written(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises((InputError, RunnerError), match="loses rows silently"):
        build(recipe(), tmp_path / "d", "DaskRunner", journal=tmp_path)
    assert not (tmp_path / "d").exists()


def test_a_leak_in_the_written_prompts_is_refused(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A split that is broken on purpose: a test question comes back with another answer."""
    honest = splits.split_examples

    def leaky(*args: Any) -> splits.Split:
        split = honest(*args)
        leak = replace(split.test[0], target=split.train[0].target, group="of its own")
        return replace(split, train=[leak, *split.train[1:]])

    monkeypatch.setattr(dataset, "split_examples", leaky)
    with pytest.raises(VerifyError, match='"shared_texts": 1') as caught:
        build(recipe(**only("bits", recipe)), tmp_path / "d", "FnApiRunner", journal=tmp_path)
    assert caught.value.code == "leak"
    assert not (tmp_path / "d" / "leakage" / "manifest.json").exists()


def slowly(params: Params, out: Path, journal: Path) -> None:
    """A build in small pieces that leaves time to kill it."""
    chunk = prompts.Assemble._chunk

    def slow(self: prompts.Assemble, some: list[Any]) -> Any:
        time.sleep(0.2)
        return chunk(self, some)

    prompts.CHUNK = 4
    prompts.Assemble._chunk = slow  # type: ignore[method-assign]
    build(params, out, "FnApiRunner", journal=journal)


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_two_processes_and_a_kill_give_the_same_bytes(
    recipe: Recipe, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, journal = tmp_path / "killed" / "dataset", tmp_path / "killed" / "j"
    process = begin(slowly, recipe(), out, journal)
    stop_at = time.monotonic() + 120
    # A table lies under a name of its own until it is whole.
    while not list(out.glob(".prompts.attempt-*/part-*")):
        assert process.is_alive(), "the build ended before it could be killed"
        assert time.monotonic() < stop_at, "no shard after two minutes"
        time.sleep(0.02)
    process.kill()
    process.join()
    assert not (out / "prompts").exists()
    monkeypatch.setattr(prompts, "CHUNK", 4)
    build(recipe(), out, "FnApiRunner", journal=journal)
    assert digests(out) == digests(built)
    assert not [path for path in out.iterdir() if is_attempt(path.name)]

    two = tmp_path / "two" / "dataset"
    build(recipe(), two, "FnApiRunner:processes=2", journal=tmp_path / "two" / "j")
    assert digests(two) == digests(built)
