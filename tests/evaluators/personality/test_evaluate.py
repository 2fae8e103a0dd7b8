from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from evaluators.personality.evaluate import Administration, _expected, evaluate
from measurand import shards
from measurand.errors import CapabilityError, InfraError, InputError
from measurand.manifest import read_manifest
from measurand.results import RESULTS
from measurand.verification import verify
from schemas.personality.params import ModelRun, Params
from schemas.personality.tables import RESPONSES


def digest(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and "costs" not in p.parts
    }


def test_every_prompt_gets_one_response(administer: Callable[[str], Path], data: Path) -> None:
    results = administer("synthetic:factor")
    prompts = read_manifest(data / "dataset" / "prompts")
    [folder] = (results / "responses").iterdir()
    manifest = read_manifest(folder)
    asked = shards.read_table(data / "dataset" / "prompts", ["experiment"])
    experiments = asked["experiment"].to_pylist()
    assert manifest.rows == prompts.rows - experiments.count("cue") > 0
    assert manifest.parents == {"prompts": prompts.logical_hash}
    table = RESPONSES.validate(shards.read_table(folder))
    assert table["status"].unique().to_pylist() == ["ok"]
    # A respondent knows which item it is asked, so equal texts are different questions to it.
    assert table["shared"].unique().to_pylist() == [False]
    assert verify(results) == []


def test_a_text_that_two_questionnaires_share_stands_in_one_batch(
    small: Params, data: Path, tmp_path: Path
) -> None:
    spec = ModelRun(model="synthetic:uniform", experiments=("validity",))
    prompts = data / "dataset" / "prompts"
    run = Administration(small, spec, prompts, {}, tmp_path, tmp_path, None)
    chunks = [chunk for _, table in run._parts() for chunk in run._chunks(table)]
    texts = [text for chunk in chunks for text in {row["prompt"] for row in chunk}]
    assert len(texts) == len(set(texts)) < sum(map(len, chunks))
    most = max(len({row["prompt"] for row in chunk}) for chunk in chunks)
    assert most == small.evaluate.batch_size


def test_item_results_keep_to_the_contract(administer: Callable[[str], Path]) -> None:
    items = RESULTS.validate(shards.read_table(administer("synthetic:factor") / "items"))
    frame = pl.DataFrame(pl.from_arrow(items))
    assert set(frame["metric"]) == {"answered", "mass", "retest_agreement", "retest_difference"}
    assert frame.filter(pl.col("metric") == "retest_agreement")["value"].to_list() == [1.0] * 32
    assert frame["cluster_id"].n_unique() == 10


def test_an_interrupted_run_ends_in_the_same_bytes(
    small: Params, data: Path, administer: Callable[[str], Path], tmp_path: Path
) -> None:
    whole = administer("synthetic:factor")
    out, journal = tmp_path / "results", tmp_path / "journal"
    evaluate(small, data, "synthetic:factor", tmp_path / "first", journal=journal, limit=700)
    [calls] = journal.iterdir()
    lines = calls.read_bytes().splitlines(keepends=True)
    # As a kill leaves it: a batch cut in two, and the last line torn.
    calls.write_bytes(b"".join(lines[:500]) + lines[500][:40])
    evaluate(small, data, "synthetic:factor", out, journal=journal)
    assert digest(out) == digest(whole)


def test_a_limit_marks_the_results_partial(small: Params, data: Path, tmp_path: Path) -> None:
    evaluate(small, data, "synthetic:factor", tmp_path / "r", journal=tmp_path / "j", limit=10)
    assert read_manifest(tmp_path / "r" / "items").params["partial"] is True


def test_a_model_that_cannot_give_log_probabilities_is_refused_before_the_first_call(
    small: Params, data: Path, tmp_path: Path
) -> None:
    recorded = tmp_path / "calls.jsonl"
    recorded.write_text("")
    with pytest.raises((CapabilityError, InputError)):
        evaluate(small, data, f"replay:{recorded}", tmp_path / "r", journal=tmp_path / "j")


def test_a_dead_server_is_an_infrastructure_error_not_a_score(
    small: Params, data: Path, tmp_path: Path
) -> None:
    spec = "openai:http://127.0.0.1:9/v1#none?retries=0&timeout=1"
    with pytest.raises((CapabilityError, InfraError)):
        evaluate(small, data, spec, tmp_path / "r", journal=tmp_path / "j")
    assert not list((tmp_path / "r").rglob("manifest.json"))


def test_nothing_to_ask_is_said(small: Params, data: Path, tmp_path: Path) -> None:
    raw = small.model_dump(mode="json")
    raw["evaluate"]["models"] = [
        {"model": "synthetic:factor", "experiments": ["single"], "instruments": ["spi_27"]}
    ]
    params = Params.model_validate(raw)
    with pytest.raises(InputError, match="no prompts"):
        evaluate(params, data, None, tmp_path / "r", journal=tmp_path / "j")


def test_expected_is_the_mean_under_the_renormalised_probabilities() -> None:
    logs = tuple(math.log(p) for p in (0.1, 0.2, 0.1))
    assert _expected(logs) == pytest.approx(2.0)


def test_expected_counts_a_choice_that_was_not_returned_as_nothing() -> None:
    assert _expected((None, math.log(0.2), math.log(0.2))) == pytest.approx(2.5)


@pytest.mark.parametrize("logs", [None, (), (None, None)])
def test_expected_is_null_without_probabilities(logs: tuple[float | None, ...] | None) -> None:
    assert _expected(logs) is None


def test_the_journal_of_a_run_replays_to_the_same_answers(
    small: Params, data: Path, administer: Callable[[str], Path], tmp_path: Path
) -> None:
    results = administer("synthetic:factor")
    [calls] = (results.parent / "journal").iterdir()
    model = f"replay:{calls}"
    evaluate(small, data, model, tmp_path / "r", journal=tmp_path / "j")
    [first], [second] = ((r / "responses").iterdir() for r in (results, tmp_path / "r"))
    columns = ["prompt_id", "value", "logprobs", "mass", "status"]
    assert shards.read_table(first, columns) == shards.read_table(second, columns)
