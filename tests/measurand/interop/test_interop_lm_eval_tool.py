"""Every aggregation of lm-evaluation-harness 0.4.13: reproduced, or left out with its figure."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from measurand.analysis.record import analyse
from measurand.interop import lm_eval_runs
from measurand.interop.read import read
from measurand.interop.rows import Wish

pytestmark = pytest.mark.integration
pytest.importorskip("lm_eval")

#: aggregation -> values of one document, as the harness's own metrics make them.
VALUES = {
    "mean": "float(i % 3 == 0)",
    "nanmean": "float('nan') if i % 4 == 0 else float(i % 3 == 0)",
    "median": "float(i * i)",
    "perplexity": "-0.1 * i",
    "weighted_perplexity": "(-0.1 * i, 1 + i % 4)",
    "bits_per_byte": "(-0.1 * i, 2 + i % 5)",
    "f1": "(i % 2, i % 3 == 0)",
    "matthews_corrcoef": "(i % 2, int(i % 3 == 0))",
    "bleu": "('the cat sat on the mat %d' % i, 'the cat sat on mat %d' % i)",
    "chrf": "('the cat sat %d' % i, 'a cat sat %d' % i)",
    "chrf++": "('the cat sat %d' % i, 'a cat sat %d' % i)",
    "ter": "('the cat sat %d' % i, 'a cat sat %d' % i)",
    "brier_score": "(i % 2, [0.1 * (i % 7), 1 - 0.1 * (i % 7)])",
}
FUNCTIONS = {
    "own_mean": "sum(items) / len(items)",
    "own_max": "max(items)",
    "own_logistic": "1 / (1 + 2.718281828459045 ** -(2 * sum(items) / len(items)))",
    "own_count": "float(len(items))",
}
LOWER = ("perplexity", "weighted_perplexity", "bits_per_byte", "ter", "brier_score")


HEAD = """\
task: NAME
dataset_path: json
dataset_kwargs: {data_files: {test: FOLDER/d.jsonl}}
test_split: test
metadata: {version: 1.0}
"""


def task(folder: Path) -> None:
    names = {f"m_{name.replace('+', 'p')}": name for name in VALUES}
    values = [f"'{metric}': {VALUES[name]}" for metric, name in names.items()]
    values += [f"'{name}': 0.05 * i + 0.3 * (i % 2)" for name in FUNCTIONS]
    code = "def process(doc, results):\n    i = doc['i']\n    return {" + ", ".join(values) + "}\n"
    for name, body in FUNCTIONS.items():
        code += f"def {name}(items):\n    return {body}\n"
    (folder / "utils.py").write_text(code)
    listed = [
        f"  - {{metric: {metric}, aggregation: '{name}', "
        f"higher_is_better: {str(name not in LOWER).lower()}}}"
        for metric, name in names.items()
    ]
    listed += [
        f"  - {{metric: {name}, aggregation: !function utils.{name}, higher_is_better: true}}"
        for name in FUNCTIONS
    ]
    head = HEAD.replace("FOLDER", str(folder))
    own = "doc_to_target: a\nprocess_results: !function utils.process\nmetric_list:\n"
    kind = "output_type: generate_until\ngeneration_kwargs: {until: ['\\n']}\n"
    text = head.replace("NAME", "toy_all") + kind + "doc_to_text: '{{q}}'\n" + own
    (folder / "toy_all.yaml").write_text(text + "\n".join(listed) + "\n")
    kinds = {
        "toy_cls": ("multiple_choice", "'{{q}}'", "label", MULTIPLE),
        "toy_roll": ("loglikelihood_rolling", "''", "'{{q}}'", ROLLING),
    }
    for name, (output, asked, target, metrics) in kinds.items():
        text = head.replace("NAME", name) + f"output_type: {output}\ndoc_to_text: {asked}\n"
        text += f"doc_to_target: {target}\n"
        text += "doc_to_choice: ['no', 'yes']\n" if name == "toy_cls" else ""
        text += "metric_list:\n" + "".join(f"  - {{metric: {m}}}\n" for m in metrics)
        (folder / f"{name}.yaml").write_text(text)
    with (folder / "d.jsonl").open("w") as file:
        for i in range(20):
            doc = {"i": i, "q": f"is number {i} odd?", "a": str(i), "label": i % 2}
            file.write(json.dumps(doc) + "\n")


MULTIPLE = ("acc", "acc_norm", "acc_bytes", "f1", "mcc", "brier_score")
ROLLING = ("word_perplexity", "byte_perplexity", "bits_per_byte")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("aggregations")
    task(folder)
    command = [
        *(sys.executable, "-m", "lm_eval", "--model", "dummy", "--include_path", str(folder)),
        *("--tasks", "toy_all,toy_cls,toy_roll", "--log_samples", "--output_path"),
        *(str(folder / "out"), "--seed", "1"),
    ]
    quiet = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache"), "DISABLE_MULTIPROC": "1"}
    environment = {**os.environ, **quiet}
    code = (
        "import sys, lm_eval.api.metrics as m\n"
        "m.bootstrap_stderr = lambda f, xs, iters: 0.0\n"
        "from lm_eval.__main__ import cli_evaluate\n"
        "sys.argv[0] = 'lm_eval'\ncli_evaluate()\n"
    )
    done = subprocess.run(
        [command[0], "-c", code, *command[3:]],
        env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "out"


def test_every_figure_of_the_log_is_reproduced_or_left_out_by_name(logs: Path) -> None:
    [file] = logs.rglob("results_*.json")
    theirs = json.loads(file.read_text())["results"]
    record = analyse(read([logs], Wish()))
    assert record["findings"] == [], "what is read is what the log says"
    ours: dict[tuple[str, str], Any] = {}
    for score in record["scores"]:
        [model] = score["models"]
        [own] = model["own"]
        ours[score["task"], own["name"]] = (model["figure"] or model["mean"], own, score)
    left = {e["name"]: e for e in record["account"]["left_out"] if e["kind"] == "metric"}
    seen = 0
    for name, figures in theirs.items():
        for key, value in figures.items():
            metric, _, kept = key.partition(",")
            if not kept or metric.endswith("_stderr") or metric in ("alias", "name"):
                continue
            seen += 1
            if (name, metric) in ours:
                figure, _, score = ours[name, metric]
                assert figure["value"] == pytest.approx(value, rel=1e-7), metric
                lower = metric.removeprefix("m_") in LOWER
                assert score["higher_is_better"] is not lower
            else:
                told = left[f"{name}, {metric}"]["told"]
                assert told == pytest.approx(value) or math.isnan(value), metric
    assert seen == len(VALUES) + len(FUNCTIONS) + len(MULTIPLE) + len(ROLLING)
    assert {m for t, m in ours if t == "toy_all"} == {
        "m_mean", "m_nanmean", "m_perplexity", "m_brier_score", "own_mean",
    }  # fmt: skip
    assert {m for t, m in ours if t == "toy_cls"} == {"acc", "acc_norm", "acc_bytes", "brier_score"}


def test_every_aggregation_of_the_harness_is_known() -> None:
    import lm_eval.api.metrics  # noqa: F401
    from lm_eval.api.registry import AGGREGATION_REGISTRY

    known = {*lm_eval_runs.MEANS, *lm_eval_runs.CORPUS, "perplexity", "brier_score"}
    assert set(AGGREGATION_REGISTRY) == known
    assert set(VALUES) == known - {"bypass"}


def test_every_aggregation_of_its_task_files_is_known_or_a_function() -> None:
    import lm_eval

    folder = Path(str(lm_eval.__file__)).parent / "tasks"
    lines = [
        match[1].strip().strip("\"'")
        for file in folder.rglob("*.yaml")
        for match in re.finditer(
            r"(?m)^\s*-?\s*aggregation:(.*)$", file.read_text(encoding="utf-8")
        )
    ]
    named = {line for line in lines if not line.startswith("!function")}
    known = {*lm_eval_runs.MEANS, *lm_eval_runs.CORPUS, "perplexity", "brier_score"}
    assert named <= known
    assert len(lines) > 1500
