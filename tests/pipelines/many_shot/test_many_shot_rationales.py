from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from measurand import shards
from measurand.errors import CapabilityError, InfraError, ParamsError
from measurand.journal import canonical_json
from measurand.manifest import read_manifest
from pipelines.many_shot import example, oracles, tasks
from pipelines.many_shot.rationales import write_rationales
from pipelines.many_shot.tasks.arithmetic import steps_valid
from schemas.many_shot.params import Params
from schemas.many_shot.tables import POOL, RATIONALES

TASK = {
    "id": "sums",
    "source": {"kind": "arithmetic", "terms": 3, "digits": 1},
    "train": 12,
    "dev": 3,
    "test": 5,
    "stop": ["\n"],
    "curves": [{"regime": "reinforced", "rationale": "model", "shots": [1], "seeds": 1}],
}
HOW = {
    "model": "oracle:solver",
    "tasks": ["sums"],
    "problems": 8,
    "samples": 3,
    "examples": 2,
    "temperature": 0.8,
    "max_tokens": 12,
    "seed": 7,
    "batch_size": 4,
}


def params_of(**changes: Any) -> Params:
    return Params.model_validate({"build": {"tasks": [TASK], "rationales": {**HOW, **changes}}})


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many_shot") / "pool"
    rows = []
    for at, e in enumerate(tasks.examples(params_of().task("sums"), 0, Path()).examples[:20]):
        split = "train" if at < 12 else "dev" if at < 15 else "test"
        row = {
            "task": "sums",
            "example_id": example.example_id("sums", e),
            "split": split,
            "group_id": example.group_id("sums", e.group),
            "input": e.input,
            "target": e.target,
            "options": None,
            "answer_idx": None,
            "rationale": e.rationale,
            "rationale_source": e.rationale_source,
            "verifier": e.verifier,
            "details": canonical_json(dict(e.details)),
            "source_package": "measurand",
            "source_version": "1",
            "source_key": e.key,
            "n_input_tokens": 1,
            "n_target_tokens": 1,
        }
        rows.append(row)
    table = POOL.from_columns({c.name: [row[c.name] for row in rows] for c in POOL.columns})
    shards.write_dataset(folder, POOL, table)
    return folder


def written(out: Path) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(RATIONALES.validate(shards.read_table(out))))


def test_right_solutions_are_kept_once_per_example(pool: Path, tmp_path: Path) -> None:
    write_rationales(params_of(), pool, tmp_path / "out", tmp_path / "journal")
    rows = written(tmp_path / "out")
    assert len(rows) == (8 + 5) * 3
    assert rows["correct"].all()
    assert rows.group_by("example_id").agg(pl.col("chosen").sum())["chosen"].to_list() == [1] * 13
    assert rows["sample"].unique().sort().to_list() == [0, 1, 2]
    assert all(steps_valid(text) for text in rows["rationale"])
    # The program's own solution, read back out of what the solver wrote.
    known = pl.DataFrame(pl.from_arrow(shards.read_table(pool)))
    both = rows.join(known, on="example_id", suffix="_known")
    assert (both["rationale"] == both["rationale_known"]).all()
    assert (both["extracted"] == both["target"]).all()
    assert set(both["split"]) == {"train", "test"}
    first = known.filter(split="train").head(8)["example_id"]
    assert set(rows.filter(split="train")["example_id"]) == set(first)
    parents = read_manifest(tmp_path / "out").parents
    assert parents == {"pool": read_manifest(pool).logical_hash}


def test_wrong_and_bare_answers_are_written_down_and_never_chosen(
    pool: Path, tmp_path: Path
) -> None:
    write_rationales(params_of(model="oracle:constant"), pool, tmp_path / "o", tmp_path / "j")
    rows = written(tmp_path / "o")
    assert len(rows) == 39
    assert set(rows["extracted"]) == {"0"}
    assert not rows["correct"].all()
    assert not rows["chosen"].any()
    assert rows["rationale"].is_null().all()


def test_a_language_model_draws_other_samples_and_resumes_to_the_same_bytes(
    pool: Path, tmp_path: Path, toy_model_folder: Path
) -> None:
    model = f"hf:{toy_model_folder}?template=none&device=cpu"
    params = params_of(model=model, examples=0, samples=2, problems=4)
    write_rationales(params, pool, tmp_path / "a", tmp_path / "journal")
    rows = written(tmp_path / "a")
    assert rows["status"].unique().to_list() == ["ok"]
    by_sample = rows.partition_by("sample")
    assert by_sample[0]["text"].to_list() != by_sample[1]["text"].to_list()
    assert (rows["n_tokens"] <= 12).all()
    calls = tmp_path / "journal" / "rationales.jsonl"
    lines = calls.read_bytes().splitlines(keepends=True)
    # As a kill leaves it: whole batches, one cut in two, the last line torn.
    calls.write_bytes(b"".join(lines[:6]) + lines[6][:30])
    write_rationales(params, pool, tmp_path / "b", tmp_path / "journal")
    part = "part-00000-of-00001.parquet"
    assert (tmp_path / "a" / part).read_bytes() == (tmp_path / "b" / part).read_bytes()
    # A finished journal asks nothing again.
    size = calls.stat().st_size
    write_rationales(params, pool, tmp_path / "b", tmp_path / "journal")
    assert calls.stat().st_size == size


def test_the_prompt_shows_solved_dev_examples_and_none_that_are_asked(
    pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real = oracles.Oracle.generate

    def spy(self: Any, requests: Any, *rest: Any) -> Any:
        seen.extend(request.prompt for request in requests)
        return real(self, requests, *rest)

    monkeypatch.setattr(oracles.Oracle, "generate", spy)
    write_rationales(params_of(samples=1), pool, tmp_path / "o", tmp_path / "j")
    known = pl.DataFrame(pl.from_arrow(shards.read_table(pool)))
    dev = known.filter(split="dev").head(2)
    others = known.filter(pl.col("split") != "dev")["input"].to_list()
    assert len(seen) == 13
    for prompt in seen:
        for row in dev.to_dicts():
            assert f"{row['input']}\nAnswer: {row['rationale']} The answer is" in prompt
        assert sum(text in prompt for text in others) == 1


def test_too_few_solved_examples_are_refused(pool: Path, tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="3 dev examples have a solution"):
        write_rationales(params_of(examples=4), pool, tmp_path / "o", tmp_path / "j")


def test_a_build_without_rationales_writes_none(pool: Path, tmp_path: Path) -> None:
    curves = [{"shots": [1], "seeds": 1}]
    params = Params.model_validate({"build": {"tasks": [{**TASK, "curves": curves}]}})
    with pytest.raises(ParamsError, match="null"):
        write_rationales(params, pool, tmp_path / "o", tmp_path / "j")


def test_a_writer_that_cannot_write_is_refused(pool: Path, tmp_path: Path) -> None:
    with pytest.raises(CapabilityError):
        write_rationales(params_of(model="oracle:prior"), pool, tmp_path / "o", tmp_path / "j")


def test_a_dead_server_refuses_the_build(pool: Path, tmp_path: Path) -> None:
    dead = "openai:http://127.0.0.1:9/v1#none?retries=0&timeout=1"
    with pytest.raises((CapabilityError, InfraError)):
        write_rationales(params_of(model=dead), pool, tmp_path / "o", tmp_path / "j")
    assert not (tmp_path / "o").exists()
