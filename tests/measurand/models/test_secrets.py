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
