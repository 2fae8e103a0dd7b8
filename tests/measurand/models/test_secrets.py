"""A key in the environment occurs nowhere: no file, no output, no message, in no form."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import toy_server
from toy_server import ToyServer

import measurand

KEY = "sk-p+roj/é=&%1'2\"3".replace("é", "e")
FORMS = {
    KEY,
    quote(KEY, safe=""),
    quote(KEY, safe="").lower(),
    quote_plus(KEY),
    json.dumps(KEY)[1:-1],
    repr(KEY)[1:-1],
    base64.b64encode(KEY.encode()).decode(),
}
PARAMS = """
build:
  tokenizer: hf:{folder}
  tasks:
    - id: capitals
      source: {{kind: file, path: "{csv}", question: country, answer: capital, licence: CC0-1.0}}
      train: 12
      test: 4
      layout: {{question: Country, answer: Capital}}
      curves:
        - {{shots: [0, 2], seeds: 1}}
"""


def echoing(path: str, body: dict[str, Any], n: int) -> Any:
    """A server that shows the key, in one form after another, wherever it can."""
    told = " ".join(sorted(FORMS))
    kinds = [
        None,
        {"message": {"content": f"Lima {told}"}, "finish_reason": "stop"},
        toy_server.status(500, f"upstream said {told}"),
        toy_server.status(400, f"header {told}"),
        toy_server.body(json.dumps({"error": {"message": told, "code": 400}}).encode()),
        toy_server.status(429, told, Retry_After="0"),
    ]
    return kinds[n % len(kinds)] if n > 16 else None


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["answers", "unauthorized", "moved"])
def test_a_key_is_in_no_file_and_no_output(
    kind: str, toy: ToyServer, toy_model_folder: Path, tmp_path: Path
) -> None:
    # A project of its own: journals lie in the project whatever --out says.
    for name in ("params", "gates"):
        shutil.copytree(name, tmp_path / name)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(name, tmp_path / name)
    rows = [f"Land{i},City{i}" for i in range(24)]
    (tmp_path / "mine.csv").write_text("\n".join(["country,capital", *rows]))
    params = PARAMS.format(folder=toy_model_folder, csv=tmp_path / "mine.csv")
    (tmp_path / "mine.yaml").write_text(params)
    told = " ".join(sorted(FORMS))
    toy.fault = {
        "answers": echoing,
        "unauthorized": lambda path, body, n: toy_server.status(401, f"bad key {told}"),
        "moved": lambda path, body, n: toy_server.status(307, told, Location=f"/x?key={told}"),
    }[kind]
    spec = f"{toy.spec}?retries=1&backoff=0.01&concurrency=2"
    command = [
        "run",
        "many_shot",
        "--params",
        str(tmp_path / "mine.yaml"),
        "--out",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "measurand.cli", *command, "--model", spec],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(Path.cwd()),
            "OPENAI_API_KEY": f" {KEY}\r\n",
            "MEASURAND_API_KEY": "",
        },
        capture_output=True,
        check=False,
    )
    assert toy.headers[-1]["Authorization"] == f"Bearer {KEY}"
    shown = done.stdout + done.stderr
    assert b"Traceback" not in shown, shown.decode()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    answered = any(path.suffix == ".jsonl" for path in files)
    assert answered == (kind == "answers"), shown.decode()
    for form in FORMS:
        assert form.encode() not in shown
        assert not [path for path in files if form.encode() in path.read_bytes()]


SECRETS = {
    "MEASURAND_API_KEY": KEY,
    "OPENAI_API_KEY": "sk-other+/=&%2",
    "HF_TOKEN": "hf_token+/=&%3",
    "AWS_ACCESS_KEY_ID": "AKIA+id/=&%4",
    "AWS_SECRET_ACCESS_KEY": "aws+/=&%5",
    "AWS_SESSION_TOKEN": "session+/=&%6",
}
PAIRS = """
build:
  policy: hf:{folder}
  max_tokens: 64
  sets:
    - id: eggs
      source: {{kind: file, path: "{pairs}", prompt: prompt, first: chosen, second: rejected,
               licence: CC0-1.0}}
      prompt: "Answer:"
      train: 8
      dev: 2
      test: 2
  judges:
    - id: judge
      model: "{spec}"
      wordings: {{plain: "{{prompt}} A: {{first}} B: {{second}} The better is"}}
train:
  trainable: {{kind: lora, rank: 2, alpha: 4, layers: null}}
  runs:
    - {{id: hard, method: dpo, set: eggs, beta: 0.1, seeds: 1, steps: 1}}
"""
STORE = "s3://bucket/place?endpoint_override={host}&scheme=http"
VERBS: dict[str, list[str]] = {
    "judges of a build": ["build", "soft_labels", "--params", "pairs.yaml", "--out", "out"],
    "evaluate": ["evaluate", "many_shot", "--params", "mine.yaml", "--data", "data", "--out", "x",
                 "--journal", "j", "--model", "{spec}"],
    "no such model": ["run", "many_shot", "--params", "mine.yaml", "--out", "out",
                      "--model", "{url}#none"],
    "no server": ["run", "many_shot", "--params", "mine.yaml", "--out", "out",
                  "--model", "openai:http://127.0.0.1:1/v1#m?retries=0"],
    "key in the string": ["evaluate", "many_shot", "--params", "mine.yaml", "--data", "data",
                          "--out", "x", "--model", "{url}#m?body={{\"api_key\":\"x\"}}"],
    "doctor": ["doctor"],
    "status": ["status"],
    "publish to a hub": ["publish", "many_shot", "--data", "data/dataset", "--to", "hub:me/x"],
    "verify in a store": ["verify", STORE],
    "build into a store": ["build", "many_shot", "--params", "mine.yaml", "--out", STORE],
    "publish to a store": ["publish", "many_shot", "--data", "data/dataset", "--to", STORE],
}  # fmt: skip


def forms_of(key: str) -> set[str]:
    quoted = {quote(key), quote(key, safe=""), quote(key, safe="").lower(), quote_plus(key)}
    coded = base64.b64encode(key.encode()).decode()
    return {key, *quoted, json.dumps(key)[1:-1], repr(key)[1:-1], ascii(key)[1:-1], coded}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory, toy_model_folder: Path) -> Path:
    """``mine.yaml`` of a task, and its dataset below ``data``."""
    folder = tmp_path_factory.mktemp("given")
    rows = [f"Land{i},City{i}" for i in range(24)]
    (folder / "mine.csv").write_text("\n".join(["country,capital", *rows]))
    params = folder / "mine.yaml"
    params.write_text(PARAMS.format(folder=toy_model_folder, csv=folder / "mine.csv"))
    measurand.build("many_shot", params=params, out=folder / "data/dataset", journal=folder / "j")
    return folder


@pytest.mark.integration
@pytest.mark.parametrize("what", VERBS)
def test_no_verb_that_talks_to_others_shows_a_key(
    what: str, toy: ToyServer, toy_model_folder: Path, given: Path, tmp_path: Path
) -> None:
    """Models, judges, hubs and stores: a server that is sent a key shows it back wherever it can.

    4 s each.
    """
    for name in ("params", "gates"):
        shutil.copytree(name, tmp_path / name)
    for name in ("params.yaml", "dvc.yaml", given / "mine.yaml"):
        shutil.copy(name, tmp_path)
    if "--data" in VERBS[what]:
        shutil.copytree(given / "data", tmp_path / "data")
    pairs = [{"prompt": f"q{i}?", "chosen": f"yes {i}", "rejected": f"no {i}"} for i in range(24)]
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, pairs)))
    spec = f"{toy.spec}?retries=1&backoff=0.01&concurrency=2"
    own = {"pairs": tmp_path / "pairs.jsonl", "spec": spec}
    (tmp_path / "pairs.yaml").write_text(PAIRS.format(folder=toy_model_folder, **own))
    told = " ".join(sorted(forms_of(KEY)))
    toy.fault = lambda path, body, n: toy_server.status(500, told) if n % 5 == 4 else None
    host = toy.url.split("://")[1].removesuffix("/v1")
    address = {"spec": spec, "url": f"openai:{toy.url}", "host": host}
    settings = {**SECRETS, "HF_ENDPOINT": f"http://{host}", "HF_HUB_OFFLINE": "0"}

    def run(*words: str) -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "measurand.cli", *(word.format(**address) for word in words)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), **settings},
            capture_output=True,
            check=False,
        )
        return done.stdout + done.stderr

    shown = run(*VERBS[what])
    assert b"Traceback" not in shown, shown.decode()
    assert shown
    if "{spec}" in VERBS[what] or what == "judges of a build":
        assert {h["Authorization"] for h in toy.headers} == {f"Bearer {KEY}"}
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for name, key in SECRETS.items():
        for form in forms_of(key):
            assert form.encode() not in shown, name
            assert not any(form.encode() in content for content in files), name
