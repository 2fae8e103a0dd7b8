"""Commands of the pages, run as printed on small files; only models of weights are respondents."""

from __future__ import annotations

import glob
import json
import random
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_docs_commands import COMMANDS, ROOT, _block
from webagent_pages import write_pages

from measurand.cli import main

sys.path.insert(0, str(ROOT / "tests/measurand/interop"))
from harness_logs import eval_file, lm_eval_file, right

pytestmark = pytest.mark.integration
ELSEWHERE = {
    "measurand agi_levels": "tests/evaluators/agi_levels/test_agi_levels_commands.py",
    "measurand driving_sim import": "tests/evaluators/driving_sim/test_driving_sim_importing.py",
    "measurand driving_sim play": "tests/evaluators/driving_sim/test_driving_sim_commands.py",
    "measurand build personality --runner": "tests/measurand/beam: runners",
    "measurand evaluate personality --runner": "tests/measurand/dealing: workers",
    "measurand evaluate many_shot --model vllm:": "tests/measurand/dealing: workers",
    'measurand evaluate many_shot --model "openai:': "tests/measurand/models: several servers",
    "measurand evaluate many_shot --until": "tests/evaluators/many_shot/test_many_shot_until.py",
    "measurand doctor --runner": "tests/measurand/beam/test_beam_diagnosis.py",
    "measurand plan": "tests/measurand/planning/test_planning_command.py",
    "measurand rescore": "tests/measurand/rescoring/test_rescoring_command.py",
    "measurand webagent": "tests/evaluators/webagent/test_webagent_commands.py",
    "measurand items": "tests/measurand/shortening/test_shortening_command.py",
    "measurand elastictok encode": "tests/evaluators/elastictok/test_elastictok_commands.py",
    "measurand run elastictok": "tests/evaluators/elastictok: it trains",
    "measurand value_functions uci": "tests/evaluators/value_functions: a game",
    "measurand run guided_evolution": "tests/evaluators/guided_evolution: it searches",
    "measurand run value_functions": "tests/evaluators/value_functions: it trains",
    "measurand run soft_labels": "tests/evaluators/soft_labels: it trains",
    "measurand run many_shot": "test_docs_commands.py",
    "measurand reliability answers.csv": "test_docs_commands.py",
    "HF_TOKEN=": "tests/measurand/publishing/test_publishing_hub.py: a hub",
}
"""Beginnings of commands that other tests run, and which."""
STORE = "s3://"
"""In a command that tests/measurand/stores/test_staging.py runs, with a server."""


def printed(page: str, verb: str) -> list[list[str]]:
    """Words of a page's commands of one verb, in order."""
    found = [line for name, line in COMMANDS if name.endswith(page)]
    lines = [line for line in found if line.startswith(f"measurand {verb}")]
    assert lines, f"{page} has no command {verb}"
    return [words for line in lines if (words := shlex.split(line, comments=True)[1:])]


def run(words: list[str], *, ok: tuple[int, ...] = (0,), model: str = "synthetic:factor") -> None:
    """Run a command, patterns of names filled in, a respondent in place of weights."""
    shown = [one for word in words for one in sorted(glob.glob(word)) or [word]]
    if "--model" in shown:
        shown[shown.index("--model") + 1] = model
    assert main(shown) in ok, words


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one system with its smallest parameters."""
    for name in ("params.yaml", "dvc.yaml", "params", "gates"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


TABLE = "item_id,question,value,em,f1\n" + "".join(
    f"{i},q{i},{i % 3 > 0:d},{i % 3 > 0:d},{i % 5 / 5}\n" for i in range(20)
)


GATES = """\
version: 1
results: reports/many_shot
defaults: {min_n: 20, min_clusters: 5}
gates:
  - {id: good, metric: value, test: threshold, limit: 0.1, interval: t}
"""


def test_analyse_other_results(here: Path) -> None:
    passages = [
        {"metadata": {"passage": f"p{i // 4}"}, **s} for i, s in enumerate(right(*"CICC" * 4))
    ]
    (here / "logs").mkdir()
    eval_file(here / "logs" / "a.eval", passages)
    lines = [{"acc": float(i % 3 > 0)} for i in range(20)]
    lm_eval_file(here / "runs" / "lm_eval", lines, results={})
    (here / "scores.csv").write_text(TABLE)
    ours = ["reports/many_shot"]
    for words in printed("analyse-other-results.md", "analyse"):
        if words[1:] == ours:
            # Results of this project, whichever system's.
            assert main(["analyse", "scores.csv", "--save", "reports/many_shot/items"]) == 0
        run(words)
    assert (here / "page.html").is_file()
    (here / "gates" / "personality.yaml").write_text(GATES)
    for words in printed("gate-in-ci.md", "gate"):
        run(words)


def test_bring_your_own_data(here: Path) -> None:
    rows = [f"t{i},{1 + i % 5},{1 + (i + (i % 3 == 0)) % 5}" for i in range(30)]
    (here / "ratings.csv").write_text("text,J0,J1\n" + "\n".join(rows) + "\n")
    single = [f"t{i},J{j},{1 + (i + (i % 4 == j)) % 5}" for i in range(30) for j in range(2)]
    (here / "long.csv").write_text("text,judge,score\n" + "\n".join(single) + "\n")
    people = [f"p{i},{1 + i % 5},{1 + (i + (i % 3 == 0)) % 5}" for i in range(30)]
    (here / "bfi.csv").write_text("id,A1,A2\n" + "\n".join(people) + "\n")
    for words in printed("bring-your-own-data.md", "agreement"):
        run(words)
    key = "item,scale,keyed,minimum,maximum\nA1,A,1,1,5\nA2,A,1,1,5\n"
    (here / "key.csv").write_text(key)
    (here / "answers.csv").write_text((here / "bfi.csv").read_text())
    for words in printed("bring-your-own-data.md", "reliability"):
        run(words)


def test_compare_two_runs(here: Path) -> None:
    for name in ("before", "after"):
        (here / f"{name}.csv").write_text(TABLE)
        lines = [{"acc": float(i % 3 > 0)} for i in range(20)]
        lm_eval_file(here / "runs" / name, lines, results={})
    shutil.copytree(ROOT / "reports", here / "reports")
    shutil.copytree(ROOT / "reports", here / "other" / "reports")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["commit", "-qm", "one"],
        ["tag", "v1.0"],
        ["commit", "-q", "--allow-empty", "-m", "two"],
    ):
        subprocess.run([*git, *command], check=True, cwd=here, timeout=60)
    for words in printed("compare-two-runs.md", "compare"):
        run(words)


def test_a_judge_is_corrected(here: Path) -> None:
    rng = random.Random(1)
    judged, labels = ["item_id,value,passage,lang"], ["item_id,value,question,right"]
    for i in range(200):
        true = int(rng.random() < 0.7)
        said = true if rng.random() < 0.85 else 1 - true
        judged.append(f"q{i},{said},p{i // 4},{'de' if i % 2 else 'en'}")
        if rng.random() < 0.4:
            labels.append(f"q{i},{true},q{i},{true}")
    (here / "judged.csv").write_text("\n".join(judged))
    (here / "labels.csv").write_text("\n".join(labels))
    for words in printed("correct-a-judge.md", "analyse"):
        run(words)


def test_a_model_of_your_own_and_a_changed_parameter(here: Path) -> None:
    params = here / "params" / "personality.yaml"
    asked = yaml.safe_load(params.read_text())
    models = asked["evaluate"]["models"]
    asked["evaluate"]["models"] = [m for m in models if m["model"] == "synthetic:factor"]
    asked["report"]["resamples"] = 100
    params.write_text(yaml.safe_dump(asked))
    page = "bring-your-own-model.md"
    for words in printed(page, "build"):
        run(words)
    for words in printed(page, "evaluate"):
        run([*words, "--limit", "64"] if "--limit" not in words else words)
    for words in printed(page, "report"):
        run(words, ok=(0, 1, 2))
    assert json.loads((here / "runs/mine/metrics.json").read_text())
    page = "change-a-parameter.md"
    shutil.copy(params, here / "mine.yaml")
    for words in printed(page, "run"):
        run(words, ok=(0, 1, 2))
    for words in printed(page, "status"):
        run(words, ok=(0, 1))


def test_a_corpus_of_pages(here: Path) -> None:
    write_pages(here / "my" / "pages", 60)
    (here / "pages.yaml").write_text(_block("docs/how-to/make-a-corpus-of-pages.md", "yaml"))
    for words in printed("make-a-corpus-of-pages.md", "build"):
        run(words)
    assert (here / "pages-corpus" / "examples" / "manifest.json").is_file()


def test_publish_and_verify_a_dataset(here: Path, toy_model_folder: Path) -> None:
    rows = "".join(f"Country {i} of {i * 37 % 101},City {i}\n" for i in range(120))
    (here / "capitals.csv").write_text("country,capital\n" + rows)
    asked = yaml.safe_load(_block("docs/how-to/bring-your-own-task.md", "yaml"))
    asked["build"]["tokenizer"] = f"hf:{toy_model_folder}"
    asked["build"]["tasks"][0] |= {"train": 30, "test": 10}
    asked["build"]["tasks"][0]["curves"] = [{"shots": [0, 4], "seeds": 2}]
    (here / "mine.yaml").write_text(yaml.safe_dump(asked))
    assert (
        main(["build", "many_shot", "--params", "mine.yaml", "--out", "data/many_shot/dataset"])
        == 0
    )
    for words in printed("publish-a-dataset.md", "publish"):
        run(words)
    for words in printed("share-data-on-s3.md", "verify"):
        if STORE not in words[-1]:
            run(words)


def test_every_command_of_a_page_is_run_by_some_test() -> None:
    ran = {
        "analyse-other-results.md": ("analyse",),
        "bring-your-own-data.md": ("agreement", "reliability"),
        "compare-two-runs.md": ("compare",),
        "correct-a-judge.md": ("analyse",),
        "bring-your-own-model.md": ("build", "evaluate", "report", "doctor"),
        "make-a-corpus-of-pages.md": ("build",),
        "change-a-parameter.md": ("run", "status", "compare"),
        "publish-a-dataset.md": ("publish",),
        "share-data-on-s3.md": ("verify",),
        "see-what-is-stale.md": ("status",),
        "gate-in-ci.md": ("gate",),
    }
    for page, line in COMMANDS:
        if not line.startswith("measurand ") or any(line.startswith(known) for known in ELSEWHERE):
            continue
        if STORE in line:
            continue
        verb = line.split()[1]
        assert verb in ran.get(page.rsplit("/", 1)[-1], ()), f"{page}: {line}"
