"""Scorers and reducers of Inspect 0.3.285: every figure reproduced, or left out by name."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from measurand.analysis.record import analyse
from measurand.interop.inspect_runs import ERRORS
from measurand.interop.read import read
from measurand.interop.rows import Wish

pytestmark = pytest.mark.integration
inspect_ai = pytest.importorskip("inspect_ai")

ITEMS = 9


def answer(input: Any, tools: Any, tool_choice: Any, config: Any) -> Any:
    from inspect_ai.model import ModelOutput, ModelUsage

    text = input[-1].text
    said = f"GRADE: {'CI'[len(text) % 2]}"
    if "[BEGIN DATA]" not in text:  # no grader's prompt
        number = int(text.split()[1])
        asked[number] = asked.get(number, -1) + 1
        right = (number * 7 + asked[number] * 5) % 3 > 0
        said = f"ANSWER: {number % 2 == 1 if right else 'maybe'}"
    output = ModelOutput.from_content("mockllm/model", said)
    # Without it Inspect counts tokens, which takes a file from the network.
    output.usage = ModelUsage(input_tokens=3, output_tokens=1, total_tokens=4)
    return output


asked: dict[int, int] = {}


def run(folder: Path, scorers: Any, epochs: Any = None, **settings: Any) -> Path:
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import get_model
    from inspect_ai.solver import generate

    samples = [
        Sample(id=i, input=f"Is {i} odd?", target=str(i % 2 == 1), metadata={"p": i // 3})
        for i in range(ITEMS)
    ]
    asked.clear()
    task = Task(dataset=samples, solver=generate(), scorer=scorers, epochs=epochs, name="t")
    model = get_model("mockllm/model", custom_outputs=answer)
    [log] = eval(task, model=model, log_dir=str(folder), display="none", **settings)
    assert log.status == "success", log.error
    return Path(log.location)


def reproduced(log: Path) -> tuple[set[str], set[str]]:
    """Figures of a log that its items give, and those left out; any other is a failure."""
    from inspect_ai.log import read_eval_log

    header = read_eval_log(str(log), header_only=True)
    assert header.results is not None
    record = analyse(read([log], Wish()))
    assert record["findings"] == []
    own = {
        (s["metric"], o["name"]): o["value"]
        for s in record["scores"]
        for m in s["models"]
        for o in m["own"]
    }
    left = {e["name"]: e["told"] for e in record["account"]["left_out"] if e["kind"] == "metric"}
    same, named = set(), set()
    for score in header.results.scores:
        base = score.scorer if score.name == score.scorer else f"{score.scorer}/{score.name}"
        reduced = "" if score.reducer in (None, "mean") else f",{score.reducer}"
        for metric in score.metrics.values():
            name = metric.name.rsplit("/", 1)[-1]
            if name in ERRORS or (metric.group or "") in ERRORS:
                continue
            if (base + reduced, name) in own:
                assert own[base + reduced, name] == pytest.approx(metric.value)
                same.add(f"{base}{reduced}: {name}")
            else:
                assert left[f"t, {base}{reduced}: {name}"] == pytest.approx(metric.value)
                named.add(f"{base}{reduced}: {name}")
    return same, named


def test_every_built_in_scorer(tmp_path: Path) -> None:
    from inspect_ai import scorer

    grader = inspect_ai.model.get_model("mockllm/model", custom_outputs=answer)
    # math() needs packages of its own; its values are the letters of the others.
    scorers = [
        *(scorer.match(), scorer.includes(), scorer.exact(), scorer.f1(), scorer.answer("word")),
        *(scorer.pattern(r"ANSWER: (\w+)"), scorer.model_graded_qa(model=grader)),
        scorer.model_graded_fact(model=grader),
        scorer.cascade(match=scorer.match(), includes=scorer.includes()),
    ]
    same, named = reproduced(run(tmp_path, scorers))
    assert {name.split(":")[0] for name in same} >= {
        "match", "includes", "exact", "f1", "answer", "pattern", "model_graded_qa",
        "model_graded_fact", "cascade",
    }  # fmt: skip
    assert named == set()


@pytest.mark.parametrize(
    "reducer",
    ["mean", "median", "mode", "max", "at_least_2", "pass_at_2", "pass_k_2", "majority"],
)
def test_every_built_in_reducer(tmp_path: Path, reducer: str) -> None:
    from inspect_ai import Epochs, scorer

    log = run(tmp_path, scorer.includes(), Epochs(4, reducer))
    same, named = reproduced(log)
    suffix = "" if reducer == "mean" else f",{reducer}"
    assert same == {f"includes{suffix}: accuracy"}
    assert named == set()


def test_several_reducers_and_lists_that_are_collected(tmp_path: Path) -> None:
    from inspect_ai import Epochs, scorer

    same, _ = reproduced(run(tmp_path, scorer.includes(), Epochs(3, ["mean", "mode", "max"])))
    assert same == {"includes: accuracy", "includes,mode: accuracy", "includes,max: accuracy"}

    @scorer.metric
    def longest() -> Any:
        # Without types Inspect hands over scores of an older form.
        return lambda scores: float(max(len(s.as_list()) for s in scores))

    @scorer.scorer(metrics=[longest()])
    def number() -> Any:
        async def score(state: Any, target: Any) -> Any:
            return scorer.Score(value=float(len(state.output.completion)))

        return score

    _, named = reproduced(run(tmp_path, number(), Epochs(3, "collect")))
    assert named == {"number,collect: longest"}


@pytest.mark.parametrize("kind", ["number", "letter", "bool", "dict", "list", "nan", "nan in dict"])
def test_every_kind_of_value(tmp_path: Path, kind: str) -> None:
    from inspect_ai import scorer

    made: dict[str, Any] = {
        "number": lambda i: i / 4,
        "letter": lambda i: "CIPN"[i % 4],
        "bool": lambda i: i % 3 == 0,
        "dict": lambda i: {"a": float(i), "b": "C" if i % 2 else "I"},
        "list": lambda i: [float(i), 1.0],
        "nan": lambda i: float("nan") if i % 3 == 0 else 1.0 + i,
        "nan in dict": lambda i: {"a": float("nan") if i % 3 == 0 else float(i), "b": 1.0},
    }
    keyed = "dict" in kind
    metrics: Any = {"a": [scorer.mean()], "b": [scorer.mean()]} if keyed else [scorer.mean()]

    @scorer.scorer(metrics=metrics)
    def own() -> Any:
        async def score(state: Any, target: Any) -> Any:
            return scorer.Score(value=made[kind](int(state.sample_id)))

        return score

    same, named = reproduced(run(tmp_path, own()))
    expected = {"own/a: mean", "own/b: mean"} if keyed else {"own: mean"}
    if kind == "list":
        assert (same, named) == (set(), expected), "Inspect's own mean counts a list as 0"
    else:
        assert (same, named) == (expected, set())


def test_perplexity_and_figures_that_are_no_mean(tmp_path: Path) -> None:
    from inspect_ai import scorer

    metrics = [scorer.perplexity_per_seq(), scorer.perplexity_per_token()]

    @scorer.scorer(metrics=metrics)
    def nll() -> Any:
        async def score(state: Any, target: Any) -> Any:
            n, total = 3 + int(state.sample_id) % 4, -0.5 * (1 + int(state.sample_id))
            return scorer.Score(
                value=-total / n, metadata={"num_tokens": n, "sum_log_probs": total}
            )

        return score

    @scorer.scorer(metrics=[scorer.accuracy(), *scorer.categorical(["C", "I"])])
    def graded() -> Any:
        async def score(state: Any, target: Any) -> Any:
            return scorer.Score(value="CI"[int(state.sample_id) % 2])

        return score

    log = run(tmp_path, [nll(), graded()])
    same, named = reproduced(log)
    assert same >= {"nll: perplexity_per_seq", "graded: accuracy"}
    assert "nll: perplexity_per_token" in named
    record = analyse(read([log], Wish()))
    [score] = [s for s in record["scores"] if s["metric"] == "nll"]
    figure = score["models"][0]["figure"]
    assert math.log(figure["value"]) == pytest.approx(score["models"][0]["mean"]["value"])


def test_a_score_beside_an_error_as_the_tool_counts_it(tmp_path: Path) -> None:
    from inspect_ai import Task, eval, scorer
    from inspect_ai.dataset import Sample
    from inspect_ai.solver import solver

    @solver
    def boom() -> Any:
        async def solve(state: Any, generate: Any) -> Any:
            state.output.completion = "True"
            if int(state.sample_id) % 4 == 0:
                raise RuntimeError("boom")
            return state

        return solve

    samples = [Sample(id=i, input=f"Is {i} odd?", target=str(i % 2 == 1)) for i in range(ITEMS)]
    for counted in (True, False):
        task = Task(
            dataset=samples, solver=boom(), scorer=scorer.match(), fail_on_error=False,
            score_on_error=counted, name="t",
        )  # fmt: skip
        [log] = eval(
            task, model="mockllm/model", log_dir=str(tmp_path / str(counted)), display="none"
        )
        record = analyse(read([Path(log.location)], Wish()))
        assert record["findings"] == []
        states = record["account"]["samples"][0]["states"]
        assert set(states) == {"error, scored" if counted else "error", "scored"}


def test_edited_and_invalidated_samples_of_the_tool(tmp_path: Path) -> None:
    from inspect_ai import scorer
    from inspect_ai.log import ProvenanceData, edit_score, invalidate_samples, read_eval_log
    from inspect_ai.log import write_eval_log as write
    from inspect_ai.scorer import ScoreEdit

    path = run(tmp_path, scorer.includes())
    log = read_eval_log(str(path))
    who = ProvenanceData(author="a", reason="r")
    assert log.samples is not None
    edit_score(log, log.samples[0].id, "includes", ScoreEdit(value="C", provenance=who))
    log = invalidate_samples(log, [str(log.samples[1].uuid)], who)
    for ending in ("eval", "json"):
        file = tmp_path / f"edited.{ending}"
        write(log, str(file))
        found = read([file], Wish())
        assert dict(found.account.states[0].parts)["invalidated"] == 1
        assert dict(found.account.states[0].parts)["edited, scored"] == 1
        status = dict(
            zip(*(found.table[c].to_pylist() for c in ("item_id", "status")), strict=True)
        )
        assert status["t/1"] == "skipped"
        assert status["t/0"] == "ok"
