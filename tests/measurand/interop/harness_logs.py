"""Logs that the harnesses themselves write: toy tasks, toy models, no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

ITEMS = 24

MULTIPLE_CHOICE = """\
task: toy_mc
dataset_path: json
dataset_kwargs: {data_files: {test: FOLDER/mc.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: choices
doc_to_target: answer
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
metadata: {version: 1.0}
"""
GENERATE = """\
task: toy_gen
dataset_path: json
dataset_kwargs: {data_files: {test: FOLDER/gen.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: answer
repeats: 2
generation_kwargs: {until: ["\\n"]}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
filter_list:
  - {name: first, filter: [{function: take_first}]}
  - {name: maj, filter: [{function: majority_vote}, {function: take_first}]}
metadata: {version: 1.0}
"""
ROLLING = """\
task: toy_text
dataset_path: json
dataset_kwargs: {data_files: {test: FOLDER/gen.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{question}}"
metric_list:
  - {metric: word_perplexity, aggregation: weighted_perplexity, higher_is_better: false}
metadata: {version: 1.0}
"""


def lm_eval_logs(folder: Path) -> Path:
    """Run lm-evaluation-harness with its dummy model on three toy tasks."""
    tasks = folder / "tasks"
    tasks.mkdir(parents=True)
    with (tasks / "mc.jsonl").open("w") as file:
        for i in range(ITEMS):
            choices = [str(i), str(i + 1), str(i + 2)]
            doc = {"passage": f"p{i // 4}", "question": f"{i} + 1?", "choices": choices}
            file.write(json.dumps({**doc, "answer": 1}) + "\n")
    with (tasks / "gen.jsonl").open("w") as file:
        for i in range(9):
            answer = "lol" if i % 3 else str(i + 1)
            file.write(json.dumps({"question": f"{i} + 1?", "answer": answer}) + "\n")
    for name, text in (("mc", MULTIPLE_CHOICE), ("gen", GENERATE), ("text", ROLLING)):
        (tasks / f"{name}.yaml").write_text(text.replace("FOLDER", str(tasks)))
    command = [
        *(sys.executable, "-m", "lm_eval", "--model", "dummy"),
        *("--tasks", "toy_mc,toy_gen,toy_text", "--include_path", str(tasks)),
        *("--log_samples", "--output_path", str(folder / "out")),
    ]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache")}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "out"


def inspect_log(
    folder: Path, name: str = "one", *, epochs: int = 3, fail: bool = False, seed: int = 0
) -> Path:
    """Run Inspect with its mock model: two scorers, one of them with a dictionary of values."""
    from inspect_ai import Epochs, Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import Score, match, mean, scorer
    from inspect_ai.solver import generate

    asked: dict[str, int] = {}

    def answer(input: Any, tools: Any, tool_choice: Any, config: Any) -> ModelOutput:
        text = input[-1].text
        asked[text] = asked.get(text, -1) + 1
        number = int(text.split()[1])
        if fail and number == 3:
            raise RuntimeError("the server is gone")
        right = (number * 7 + asked[text] * 5 + seed) % 4 > 0
        output = ModelOutput.from_content("mockllm/model", str(number % 2 == right))
        output.usage = ModelUsage(input_tokens=3, output_tokens=1, total_tokens=4)
        return output

    @scorer(metrics={"length": [mean()], "known": [mean()]})
    def shape() -> Any:
        async def score(state: Any, target: Any) -> Score:
            known = float("nan") if state.sample_id == "s5" else 1.0
            return Score(value={"length": len(state.output.completion), "known": known})

        return score

    samples = [
        Sample(
            id=f"s{i}",
            input=f"Is {i} odd?",
            target=str(i % 2 == 1),
            metadata={"passage": f"p{i // 4}", "lang": "en" if i % 3 else "de"},
        )
        for i in range(ITEMS)
    ]
    task = Task(
        dataset=samples,
        solver=generate(),
        scorer=[match(location="exact"), shape()],
        epochs=Epochs(epochs, "mean"),
        name=name,
        fail_on_error=False,
    )
    [log] = eval(
        task,
        model=get_model("mockllm/model", custom_outputs=answer),
        log_dir=str(folder),
        display="none",
    )
    return Path(log.location)


def eval_file(
    path: Path,
    samples: list[dict[str, Any]],
    *,
    whole: dict[str, dict[str, Any]] | None = None,
    scores: list[dict[str, Any]] | None = None,
    reductions: list[dict[str, Any]] | None = None,
    header: dict[str, Any] | None = None,
    **about: Any,
) -> Path:
    """A small ``.eval`` of the members and fields that Inspect writes.

    Args:
        path: the file.
        samples: summaries; id, epoch, input and target have values of their own where left out.
        whole: members below ``samples/``, by ``id_epoch``.
        scores: the log's own figures.
        reductions: what its reducers made.
        header: other fields of the header.
        about: fields of its ``eval``.
    """
    kept = [
        {"id": f"s{i}", "epoch": 1, "input": f"Question {i}", "target": "yes", "metadata": {}, **s}
        for i, s in enumerate(samples)
    ]
    head = {
        "status": "success",
        "eval": {"task": "t", "model": "m", "dataset": {}, "config": {"epochs": 1}, **about},
        "plan": {"steps": [{"solver": "generate", "params": {}}], "config": {}},
        "results": {"scores": scores or []},
        **(header or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(head))
        archive.writestr("summaries.json", json.dumps(kept))
        if reductions is not None:
            archive.writestr("reductions.json", json.dumps(reductions))
        for name, sample in (whole or {}).items():
            archive.writestr(f"samples/{name}.json", json.dumps(sample))
    return path


def right(*values: Any, scorer: str = "match") -> list[dict[str, Any]]:
    """Summaries with one score each."""
    return [{"scores": {scorer: {"value": value}}} for value in values]


def lm_eval_file(
    folder: Path,
    lines: list[dict[str, Any]],
    *,
    task: str = "t",
    time: str = "2026-01-01T00-00-00.000000",
    results: dict[str, Any] | None = None,
) -> Path:
    """A sample log as lm-evaluation-harness writes it, and the results file beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"samples_{task}_{time}.jsonl"
    with log.open("w") as file:
        for i, line in enumerate(lines):
            metrics = [k for k in line if k not in ("doc", "doc_id", "filter", "doc_hash")]
            base = {"doc_id": i, "doc": {"q": f"q{i}"}, "filter": "none", "metrics": metrics}
            file.write(json.dumps({**base, **line}) + "\n")
    if results is not None:
        about = {"model_name": "m", **results}
        (folder / f"results_{time}.json").write_text(json.dumps(about))
    return log
