"""Runs that end when their gates are decided: what is asked, in which order, and what is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from many_shot_handmade import TASKS, make, params_of

import measurand
from evaluators.many_shot.evaluate import evaluate
from measurand import cli, shards
from measurand.gates import Verdict, run_gates
from measurand.gates.telling.outputs import to_markdown, to_text
from measurand.manifest import read_manifest
from measurand.params import Stop
from measurand.results import RESULTS
from measurand.runs import slug
from measurand.sequence import ordered
from measurand.until import Until
from measurand.verification import verify
from schemas.many_shot.params import Params

MODEL = "oracle:majority"
ROOT = Path(__file__).parents[3]
SEED = 5
FORTY = [{**TASKS[0], "curves": [{"shots": [2], "seeds": 40}]}]


def gate(limit: float, **more: Any) -> dict[str, Any]:
    about = {"id": "right", "metric": "accuracy", "test": "threshold", "limit": limit}
    return {**about, "slice": {"task": "line"}, "sequential": {"low": 0, "high": 1}, **more}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("forty"), FORTY)


Asked = tuple[pl.DataFrame, dict[str, Any], Path]


@pytest.fixture
def ask(data: Path, tmp_path: Path) -> Callable[..., Asked]:
    """Item results, what the manifest says of the order, and the folder of a run."""

    def run(*gates: dict[str, Any], name: str = "a", model: str = MODEL, **evaluated: Any) -> Asked:
        file, out = tmp_path / f"{name}.yaml", tmp_path / name
        rules = {"version": 1, "system": "many_shot", "gates": list(gates)}
        file.write_text(yaml.safe_dump(rules | {"defaults": {"min_n": 0, "min_clusters": 0}}))
        until = Until(Stop(gates=file.name, seed=SEED, clusters=4), tmp_path)
        params = settings(model, **evaluated)
        evaluate(params, data, None, out / "results", journal=out / "journal", until=until)
        items = pl.DataFrame(pl.from_arrow(shards.read_table(out / "results/items")))
        return items, read_manifest(out / "results/items").params["sequence"], out

    return run


def settings(model: str = MODEL, **evaluated: Any) -> Params:
    return params_of([{"model": model}], FORTY, batch_size=16, **({"retest": 0} | evaluated))


def verdict(out: Path, name: str = "a") -> Verdict:
    return run_gates(out.parent / f"{name}.yaml", results=out / "results")


def keys(out: Path) -> list[str]:
    lines = (out / "journal" / f"{slug(MODEL)}.jsonl").read_text().splitlines()
    return [json.loads(line)["key"] for line in lines]


def test_a_run_ends_with_the_batch_that_decides_its_gates(ask: Callable[..., Asked]) -> None:
    items, sequence, out = ask(gate(0.02))
    names = ordered((f"line|s{seed}" for seed in range(40)), SEED)
    [run] = sequence["models"]
    assert run["clusters"] % 4 == 0
    assert 0 < run["clusters"] < 40
    assert set(items["cluster_id"]) == set(names[: run["clusters"]])
    assert run["items"] == items.filter(metric="accuracy").height == 6 * run["clusters"]
    assert (run["of_clusters"], run["of_items"], run["open"]) == (40, 240, [])
    assert verify(out / "results") == []
    found = verdict(out)
    assert (found.state, found.warnings) == ("pass", ())
    assert found.gates[0].found.clusters == run["clusters"]
    assert found.sequence is not None
    assert found.sequence.models[0].items_saved == 240 - run["items"]
    said = found.sequence.sentence()
    assert f"{240 - run['items']} items saved, about" in said
    assert "sequential" in said
    assert said in to_text(found)
    assert "Sequential: clusters" in to_markdown(found)
    plain = json.loads(found.to_json())
    assert plain["version"] == "1.4.0"
    assert plain["sequence"]["models"][0]["items_saved"] == 240 - run["items"]
    assert plain["sequence"]["models"][0]["seconds_saved"] > 0


def test_one_batch_less_would_not_have_decided(ask: Callable[..., Asked]) -> None:
    """The verdict on the answers before the last batch is undecided, at the same look."""
    items, sequence, out = ask(gate(0.02))
    last = ordered(set(items["cluster_id"]), SEED)[-4:]
    kept = items.filter(~pl.col("cluster_id").is_in(last)).to_arrow()
    before = read_manifest(out / "results/items")
    shards.write_dataset(
        out / "before/items",
        RESULTS,
        kept.cast(RESULTS.schema()),
        parents=before.parents,
        params={"sequence": sequence},
    )
    assert run_gates(out.parent / "a.yaml", results=out / "before").state == "inconclusive"


def test_a_gate_that_is_never_decided_uses_the_sample_up(
    ask: Callable[..., Asked], data: Path, tmp_path: Path
) -> None:
    near = 0.5
    items, sequence, _ = ask(gate(near))
    whole = settings()
    evaluate(whole, data, None, tmp_path / "whole", journal=tmp_path / "j")
    plain = pl.DataFrame(pl.from_arrow(shards.read_table(tmp_path / "whole/items")))
    assert abs(plain.filter(metric="accuracy")["value"].mean() - near) < 0.1
    [run] = sequence["models"]
    assert (run["items"], run["open"]) == (240, [f"right [{MODEL}; task=line]"])
    assert items.sort("metric", "item_id").equals(plain.sort("metric", "item_id"))
    assert "sequence" not in read_manifest(tmp_path / "whole/items").params


def test_all_bets_have_to_be_decided(ask: Callable[..., Asked]) -> None:
    _, easy, _ = ask(gate(0.02))
    _, both, _ = ask(gate(0.02), gate(0.5, id="hard"), name="b")
    assert easy["models"][0]["items"] < both["models"][0]["items"] == 240


def test_a_model_without_a_bet_is_asked_everything(ask: Callable[..., Asked]) -> None:
    _, sequence, _ = ask(gate(0.02, models=["another"]))
    [run] = sequence["models"]
    assert (run["items"], run["open"]) == (240, None)


def test_a_longer_run_asks_what_a_shorter_one_asked_first(ask: Callable[..., Asked]) -> None:
    short, longer = ask(gate(0.02))[2], ask(gate(0.5), name="b")[2]
    assert keys(longer)[: len(keys(short))] == keys(short)
    assert len(keys(longer)) > len(keys(short))


def test_a_killed_run_goes_on_in_the_same_sequence(ask: Callable[..., Asked]) -> None:
    """As a kill leaves it: a batch cut in two, and the last line torn."""
    whole, sequence, out = ask(gate(0.1), retest=5)
    [done] = (out / "journal").iterdir()
    lines = done.read_bytes().splitlines(keepends=True)
    again = out.parent / "b/journal" / done.name
    again.parent.mkdir(parents=True)
    again.write_bytes(b"".join(lines[:15]) + lines[15][:40])
    items, resumed, _ = ask(gate(0.1), name="b", retest=5)
    assert items.equals(whole)
    assert resumed == sequence
    assert "retest_agreement" in set(items["metric"])


def test_other_gates_are_told_to_be_of_a_fixed_sample(ask: Callable[..., Asked]) -> None:
    _, _, out = ask(gate(0.02), gate(0.02, id="fixed", sequential=None))
    [warning] = verdict(out).warnings
    assert "read fixed with care" in warning


def test_another_gate_file_is_told(ask: Callable[..., Asked]) -> None:
    _, _, out = ask(gate(0.02))
    file = out.parent / "a.yaml"
    file.write_text(file.read_text().replace("limit: 0.02", "limit: 0.4"))
    assert any("another gate file ended this run" in w for w in verdict(out).warnings)


def test_a_baseline_that_was_asked_everything_is_paired_with_what_was_asked(
    ask: Callable[..., Asked], data: Path, tmp_path: Path
) -> None:
    evaluate(settings("oracle:prior"), data, None, tmp_path / "base", journal=tmp_path / "j")
    against = {"file": str(tmp_path / "base/items"), "model": "oracle:prior"}
    worse = gate(0, test="non_inferiority", margin={"abs": 0.45}, baseline=against)
    del worse["limit"]
    _, sequence, out = ask(worse, model="oracle:solver")
    assert sequence["models"][0]["items"] < 240
    found = verdict(out)
    assert found.state == "pass"
    assert dict(found.gates[0].counts)["pairs"] == sequence["models"][0]["items"]


@pytest.fixture
def project(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose many-shot system has the data made by hand."""
    root = tmp_path / "project"
    (root / "params").mkdir(parents=True)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, root / name)
    (root / "data").mkdir()
    shutil.copytree(data, root / "data/many_shot")
    write_params(root)
    rules = {"version": 1, "system": "many_shot", "gates": [gate(0.02, min_n=0, min_clusters=0)]}
    (root / "stop.yaml").write_text(yaml.safe_dump(rules))
    monkeypatch.chdir(root)
    return root


def write_params(root: Path, **evaluated: Any) -> None:
    raw = settings().model_dump(mode="json")
    raw["evaluate"] |= evaluated
    raw["report"]["resamples"] = 200
    (root / "params/many_shot.yaml").write_text(yaml.safe_dump(raw))


def test_the_command_and_the_parameter_ask_the_same(project: Path) -> None:
    assert cli.main(["evaluate", "many_shot", "--until", "stop.yaml"]) == 0
    results = project / "reports/many_shot/results"
    by_command = (results / "items/manifest.json").read_bytes()
    assert [p.name for p in (project / "journal/many_shot").iterdir()] == ["until-20260101-10"]
    calls = next((project / "journal/many_shot").rglob("*.jsonl"))
    before = calls.read_bytes()
    write_params(project, until={"gates": "stop.yaml"})
    measurand.evaluate("many_shot")
    assert (results / "items/manifest.json").read_bytes() == by_command
    assert calls.read_bytes() == before
    found = measurand.gate("stop.yaml", results=results)
    assert found.state == "pass"
    assert "items saved, about" in found.render("md")


def test_another_seed_keeps_calls_of_its_own(project: Path) -> None:
    for seed in (1, 2):
        write_params(project, until={"gates": "stop.yaml", "seed": seed, "clusters": 5})
        measurand.evaluate("many_shot")
    folders = {p.name for p in (project / "journal/many_shot").iterdir()}
    assert folders == {"until-1-5", "until-2-5"}


def test_a_limit_and_a_gate_file_with_a_fault_are_refused(project: Path) -> None:
    with pytest.raises(measurand.InputError, match="--limit with --until"):
        measurand.evaluate("many_shot", until="stop.yaml", limit=3)
    text = (project / "stop.yaml").read_text()
    (project / "fixed.yaml").write_text(text.replace("high: 1", "high: 0"))
    with pytest.raises(measurand.InputError) as caught:
        measurand.evaluate("many_shot", until="fixed.yaml")
    assert caught.value.code == "bad_gate"
    assert not (project / "journal").exists()
