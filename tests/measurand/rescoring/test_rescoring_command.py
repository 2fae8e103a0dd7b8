from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

import measurand as api
from measurand.cli import main as measurand

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "rescore-answers.md"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lines = [
        {"item_id": f"i{k}", "model": "m", "answer": f"The answer is {k % 5}." if k % 9 else "?",
         "target": str(k % 5), "value": float(k % 2)}
        for k in range(60)
    ]  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "answers.jsonl").write_text(text)
    (tmp_path / "mine.py").write_text("def last(text):\n    return text.split()[-1].strip('.')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_the_commands_of_the_page_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = re.findall(r"(?m)^\$ (measurand rescore .*?)(?: +#.*)?$", PAGE.read_text("utf-8"))
    assert len(lines) == 3
    for line in lines:
        assert measurand(shlex.split(line)[1:]) == 0
        assert "What the parser changes" in capsys.readouterr().out


def test_saved_rows_are_read_by_the_other_verbs(here: Path) -> None:
    line = r"rescore answers.jsonl --pattern '\d' --save new.csv --format json --out r.json"
    assert measurand(shlex.split(line)) == 0
    record = json.loads((here / "r.json").read_text("utf-8"))
    mean = api.analyse("new.csv").means[0].mean
    assert mean.estimate == record["models"][0]["new"]["of_read"]["value"]
    assert record["models"][0]["new"]["n_unread"] == 7
    assert api.analyse("new.csv").record["scores"][0]["models"][0]["lost"] == {"model_error": 7}


def test_wrong_arguments_are_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert measurand(["rescore", "answers.jsonl", "--pattern", "x", "--map", "coffee=answer"]) == 3
    assert "bad_argument" in capsys.readouterr().err
    assert measurand(["rescore", "answers.jsonl"]) == 3
