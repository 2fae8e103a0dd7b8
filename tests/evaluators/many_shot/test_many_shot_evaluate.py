from __future__ import annotations

import hashlib
import math
import signal
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from forked import begin
from many_shot_handmade import make, params_of

from evaluators.many_shot.evaluate import evaluate
from measurand import shards
from measurand.errors import CapabilityError, InfraError, InputError
from measurand.manifest import read_manifest
from measurand.models import load
from measurand.models.protocol import Request, Score
from measurand.results import RESULTS
from measurand.runs import slug
from measurand.verification import verify
from pipelines.many_shot import oracles
from schemas.many_shot.params import Params
from schemas.many_shot.tables import RESPONSES

SAME = "supervised-distinct2"  # at two shots the same prompts as without repetition


def digest(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and "costs" not in p.parts
    }


def frame(folder: Path) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(shards.read_table(folder)))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("many_shot"))


@pytest.fixture(scope="module")
def asked(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., tuple[pl.DataFrame, Path]]:
    """Responses and results folder of a model, asked once."""
    done: dict[tuple[str, ...], Path] = {}

    def ask(model: str, *tasks: str) -> tuple[pl.DataFrame, Path]:
        key = (model, *tasks)
        if key not in done:
            folder = tmp_path_factory.mktemp("run")
            run = {"model": model, "tasks": list(tasks) or None}
            params = params_of([run], batch_size=16, retest=8)
            evaluate(params, data, None, folder / "r", journal=folder / "j")
            done[key] = folder / "r"
        return frame(done[key] / "responses" / slug(model)), done[key]

    return ask


@pytest.fixture(scope="module")
def toy(toy_model_folder: Path) -> str:
    return f"hf:{toy_model_folder}?template=none&device=cpu"


def test_the_solver_is_right_everywhere(asked: Callable[..., tuple[pl.DataFrame, Path]]) -> None:
    rows, results = asked("oracle:solver")
    assert len(rows) == 108
    assert rows["status"].unique().to_list() == ["ok"]
    assert rows["correct"].all()
    assert rows.filter(task="bits")["partial"].to_list() == [1.0] * 12
    options = rows.filter(task="line")
    assert (options["prediction"] == options["answer_idx"]).all()
    assert options["confidence"].min() == pytest.approx(0.98, abs=1e-6)
    assert verify(results) == []
    for folder, spec in ((f"responses/{slug('oracle:solver')}", RESPONSES), ("items", RESULTS)):
        spec.validate(shards.read_table(results / folder))


def test_probabilities_of_right_answers_follow_what_the_shots_show(
    asked: Callable[..., tuple[pl.DataFrame, Path]],
) -> None:
    rows = asked("oracle:solver")[0].filter(task="sums")
    plain = rows.filter(curve="supervised")
    assert plain["nll"].to_list() == pytest.approx([-math.log(0.98)] * len(plain), abs=1e-6)
    assert plain["nll_program"].is_null().all()
    shown = rows.filter(pl.col("curve") != "supervised")
    assert shown["nll"].is_null().all()
    # The solver writes the program's solution word by word, and no other.
    assert shown["nll_program"].max() == pytest.approx(-math.log(0.98), abs=1e-6)
    strange = shown["nll_model"].drop_nulls()
    assert strange.min() > 50
    # One of four test questions has no verified solution.
    assert len(strange) * 4 == len(shown) * 3


@pytest.mark.parametrize("model", ["oracle:majority", "oracle:prior", "oracle:constant"])
def test_baselines_are_flat(model: str, asked: Callable[..., tuple[pl.DataFrame, Path]]) -> None:
    rows = asked(model, "line")[0].filter(regime="supervised")
    means = rows.group_by("label_map", "k", "seed").agg(pl.col("correct").mean())
    for _, curve in means.group_by("label_map"):
        assert curve["correct"].n_unique() == 1
    if model == "oracle:constant":
        # Linear questions are balanced: its share of either class.
        assert means["correct"].unique().to_list() == [0.5]


def test_without_shots_two_label_maps_are_mirror_images_of_a_language_model(
    toy: str, asked: Callable[..., tuple[pl.DataFrame, Path]]
) -> None:
    rows = asked(toy)[0].filter(task="line", regime="supervised", k=0)
    plain, flipped = rows.partition_by("label_map", maintain_order=True)
    both = plain.join(flipped, on="query_id", suffix="_flipped")
    assert len(both) == 6
    assert (both["correct"] != both["correct_flipped"]).all()
    total = both["confidence"] + both["confidence_flipped"]
    assert total.to_list() == pytest.approx([1.0] * 6, abs=1e-5)
    assert both["mass"].to_list() == pytest.approx(both["mass_flipped"].to_list(), rel=1e-4)


def test_a_language_model_is_scored_as_by_itself(
    toy: str, data: Path, asked: Callable[..., tuple[pl.DataFrame, Path]]
) -> None:
    rows, results = asked(toy)
    # The toy model has 96 positions: prompts beyond are skipped with a reason, never cut.
    skipped = rows.filter(status="skipped")
    assert len(skipped) > 0
    assert skipped["reason"].str.contains("exceed 96 tokens").all()
    assert skipped["correct"].is_null().all()
    prompts = {row["prompt_id"]: row for row in frame(data / "dataset" / "prompts").to_dicts()}
    pool = {row["example_id"]: row for row in frame(data / "dataset" / "pool").to_dicts()}
    model = load(f"{toy}&prefix=none")
    compared = 0
    for row in rows.filter(task="line", status="ok").to_dicts():
        question = pool[row["query_id"]]
        before = prompts[row["prompt_id"]]["prefix"]
        text = f"In: {question['input']}\nOut:"
        text = f"{before}\n\n{text}" if before else text
        assert hashlib.sha256(text.encode()).hexdigest() == row["prompt_sha256"]
        words = question["options"][::-1] if row["label_map"] == "flipped" else question["options"]
        [score] = model.score([Request(text)], [f" {word}" for word in words])
        # Shared prefixes in batches against every prompt alone and whole.
        assert row["option_logprobs"] == pytest.approx(score.logprobs, abs=1e-3)
        assert row["nll"] == pytest.approx(-row["option_logprobs"][row["answer_idx"]], abs=1e-6)
        compared += 1
    assert compared >= 18
    items = frame(results / "items")
    agreement = items.filter(metric="retest_agreement", status="ok")
    assert len(agreement) > 0
    assert agreement["value"].mean() == 1.0
    assert (items.filter(metric="retest_difference")["value"] < 1e-3).all()


def test_a_text_without_an_answer_is_wrong_not_missing(
    toy: str, asked: Callable[..., tuple[pl.DataFrame, Path]]
) -> None:
    rows = asked(toy)[0].filter(task="sums", status="ok")
    solved = rows.filter(rationale="program")
    assert len(solved) > 0
    # Random weights write no answer cue.
    assert solved["extracted"].is_null().all()
    assert solved["correct"].to_list() == [False] * len(solved)
    assert solved["reason"].unique().to_list() == ["no answer found"]
    bare = rows.filter(curve="supervised")
    assert bare["nll"].null_count() == 0


def test_items_keep_to_the_contract(asked: Callable[..., tuple[pl.DataFrame, Path]]) -> None:
    rows, results = asked("oracle:majority")
    items = frame(results / "items")
    assert len(items.filter(metric="accuracy")) == len(rows)
    assert set(items["metric"]) == {
        "accuracy",
        "confidence",
        "mass",
        "nll",
        "nll_program",
        "nll_model",
        "partial",
        "retest_agreement",
        "retest_difference",
    }
    first = items.filter(metric="accuracy", repeat=0).row(0, named=True)
    task, curve, k, seed, _, query = first["item_id"].split("|")
    assert first["slice"] == f"curve={curve},k={k[1:]},task={task}"
    assert first["cluster_id"] == f"{task}|{seed}"
    assert query in set(rows["query_id"])
    # Without shots there is no commonest free answer: no value, and why.
    unknown = items.filter(pl.col("status") != "ok", metric="accuracy")
    assert set(unknown["status"]) == {"model_error"}
    assert set(unknown["reason"]) == {"the prompt shows no answer"}
    assert unknown["value"].is_null().all()
    costs = frame(results / "costs")
    assert set(costs["part"]) == {"line", "sums", "sums nll", "bits", "bits nll", "retest"}


def test_curves_share_the_answers_to_equal_prompts(
    toy: str, asked: Callable[..., tuple[pl.DataFrame, Path]]
) -> None:
    rows, results = asked(toy)
    line = rows.filter(task="line")
    costs = {row["part"]: row["calls"] for row in frame(results / "costs").to_dicts()}
    assert costs["line"] == line.select("prompt_sha256", "label_map").n_unique() < len(line)
    twice = line.filter(pl.col("k") == 2, pl.col("curve").is_in(["supervised", SAME]))
    one, other = twice.sort("seed", "query_id").partition_by("curve", maintain_order=True)
    answers = ["option_logprobs", "prediction", "prompt_sha256", "prompt_tokens", "status"]
    assert one.select(answers).equals(other.select(answers))


@pytest.mark.parametrize("limit", [1, 7, 40])
def test_a_limit_asks_so_many_and_marks_the_results_partial(
    limit: int, data: Path, tmp_path: Path
) -> None:
    params = params_of(batch_size=16)
    evaluate(params, data, None, tmp_path / "r", journal=tmp_path / "j", limit=limit)
    assert len(frame(tmp_path / "r" / "responses" / slug("oracle:majority"))) == limit
    assert read_manifest(tmp_path / "r" / "items").params["partial"] is True


def test_the_batch_size_changes_no_answer(data: Path, tmp_path: Path) -> None:
    columns = ["prompt_id", "query_id", "prediction", "extracted", "correct"]
    tables = []
    for size in (1, 5, 1000):
        out = tmp_path / str(size)
        params = params_of(batch_size=size)
        evaluate(params, data, None, out / "r", journal=out / "j")
        tables.append(frame(out / "r" / "responses" / slug("oracle:majority")).select(columns))
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


def test_an_interrupted_run_ends_in_the_same_bytes(
    toy: str, data: Path, asked: Callable[..., tuple[pl.DataFrame, Path]], tmp_path: Path
) -> None:
    _, whole = asked(toy)
    params = params_of([{"model": toy}], batch_size=16, retest=8)
    [done] = (whole.parent / "j").iterdir()
    lines = done.read_bytes().splitlines(keepends=True)
    (tmp_path / "j").mkdir()
    # As a kill leaves it: a batch cut in two, and the last line torn.
    (tmp_path / "j" / done.name).write_bytes(b"".join(lines[:45]) + lines[45][:40])
    evaluate(params, data, None, tmp_path / "r", journal=tmp_path / "j")
    assert digest(tmp_path / "r") == digest(whole)


@pytest.mark.integration
def test_a_killed_process_resumes_to_the_same_bytes(
    toy: str, data: Path, asked: Callable[..., tuple[pl.DataFrame, Path]], tmp_path: Path
) -> None:
    _, whole = asked(toy)
    journal = tmp_path / "j" / f"{slug(toy)}.jsonl"
    params = params_of([{"model": toy}], batch_size=16, retest=8)
    words = {"params": params, "data": data, "model": None, "out": tmp_path / "r",
             "journal": tmp_path / "j"}  # fmt: skip
    process = begin(evaluate, **words)
    deadline = time.monotonic() + 120
    while process.is_alive() and time.monotonic() < deadline:
        if journal.exists() and journal.stat().st_size:
            break
        time.sleep(0.005)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not (tmp_path / "r" / "items").exists()
    process = begin(evaluate, **words)
    process.join()
    assert process.exitcode == 0
    assert digest(tmp_path / "r") == digest(whole)


def test_a_task_without_a_rule_is_refused_before_the_first_call(data: Path, tmp_path: Path) -> None:
    for model in ("oracle:knn5", "oracle:parity"):
        with pytest.raises(CapabilityError):
            evaluate(params_of(), data, model, tmp_path / "r", journal=tmp_path / "j")
    assert not (tmp_path / "j").exists()
    assert not (tmp_path / "r").exists()


def test_a_dead_server_is_an_infrastructure_error_not_a_score(data: Path, tmp_path: Path) -> None:
    spec = "openai:http://127.0.0.1:9/v1#none?retries=0&timeout=1"
    with pytest.raises((CapabilityError, InfraError)):
        evaluate(params_of(), data, spec, tmp_path / "r", journal=tmp_path / "j")
    assert not list((tmp_path / "r").rglob("manifest.json"))


def test_calls_that_fail_outside_the_model_have_no_value_and_are_asked_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = oracles.Oracle.score

    def failing(self: oracles.Oracle, requests: list[Request], choices: list[str]) -> list[Score]:
        lost = Score.failed("infra_error", "connection lost")
        scores = real(self, requests, choices)
        return [lost if "In:" in r.prompt else s for r, s in zip(requests, scores, strict=True)]

    with monkeypatch.context() as broken:
        broken.setattr(oracles.Oracle, "score", failing)
        with pytest.raises(InfraError, match="connection lost"):
            evaluate(params_of(), data, None, tmp_path / "r", journal=tmp_path / "j")
        assert not list((tmp_path / "r").rglob("manifest.json"))
        patient = params_of(max_infra_share=1.0)
        evaluate(patient, data, None, tmp_path / "lost", journal=tmp_path / "j")
    items = frame(tmp_path / "lost" / "items").filter(task_is("line"))
    assert set(items["status"]) == {"infra_error"}
    assert items["value"].is_null().all()
    evaluate(params_of(), data, None, tmp_path / "r", journal=tmp_path / "j")
    items = frame(tmp_path / "r" / "items").filter(task_is("line"))
    assert set(items["status"]) == {"ok"}
    assert items["value"].null_count() == 0


def task_is(name: str) -> pl.Expr:
    return pl.col("item_id").str.starts_with(f"{name}|")


def test_curves_that_were_not_built_are_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = params_of().model_dump(mode="json")
    raw["build"]["tasks"][0]["curves"].append({"label_map": "abstract", "shots": [0], "seeds": 1})
    params = Params.model_validate(raw)
    evaluate(params, data, None, tmp_path / "r", journal=tmp_path / "j")
    assert "line|supervised-abstract has no prompts" in capsys.readouterr().out
    named = read_manifest(tmp_path / "r" / "items").params["not_built"]
    assert named == ["line|supervised-abstract"]
    raw["evaluate"]["models"] = [{"model": "oracle:prior", "curves": ["supervised-abstract"]}]
    with pytest.raises(InputError, match="no prompts"):
        evaluate(Params.model_validate(raw), data, None, tmp_path / "n", journal=tmp_path / "j")
