from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import pytest
from plan_inputs import gate_file, pilot

from measurand.cli import main as measurand

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "plan-a-sample.md"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    gate_file(tmp_path)
    columns = pilot()
    with (tmp_path / "pilot.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_of_the_page_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = re.findall(r"(?m)^\$ (measurand plan .*?)(?: +#.*)?$", PAGE.read_text("utf-8"))
    assert len(lines) == 4
    for line in lines:
        assert measurand(shlex.split(line)[1:]) == 0
        assert "have a chance of" in capsys.readouterr().out


def test_the_json_is_that_of_the_function(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import measurand as api

    line = "plan --gate gates.yaml --pilot pilot.csv --truth .6 --format json --out plan.json"
    assert measurand(line.split()) == 0
    written = (here / "plan.json").read_text("utf-8")
    assert written == api.plan("gates.yaml", "pilot.csv", truth=0.6).to_json()
    assert json.loads(written)["schema"] == "measurand.plan/1.0.0"


def test_wrong_arguments_are_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "plan --gate gates.yaml --pilot pilot.csv --price coffee=1"
    assert measurand(line.split()) == 3
    assert "bad_argument" in capsys.readouterr().err
