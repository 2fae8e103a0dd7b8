from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from api_inputs import items

import measurand
from measurand import cli

SCORES = {"item_id": [*"abcdef"], "value": [0.2, 0.9, 0.4, 0.7, 0.6, 0.5], "metric": ["score"] * 6}


def gates(folder: Path, head: str = "results: none") -> Path:
    path = folder / "gates.yaml"
    gate = "{id: a, metric: score, test: threshold, limit: .4, min_n: 2, min_clusters: 2}"
    path.write_text(f"version: 1\n{head}\ngates: [{gate}]\n", encoding="utf-8")
    return path


def test_a_frame_and_the_rows_that_were_kept_of_it_give_one_plan(tmp_path: Path) -> None:
    measurand.analyse(SCORES, save=tmp_path / "rows")
    of_frame = measurand.plan(gates(tmp_path), SCORES, truth=0.6)
    of_rows = measurand.plan(gates(tmp_path), tmp_path / "rows", truth=0.6)
    assert of_frame.record["gates"] == of_rows.record["gates"]
    [row] = of_frame.rows()
    assert row["clusters"] == row["items"] == row["calls"]
    assert of_frame.to_arrow().num_rows == 1


def test_another_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(measurand.MeasurandError) as error:
        measurand.plan(gates(tmp_path, "system: chess"), SCORES)
    assert error.value.code == "other_system"


@pytest.mark.parametrize("seed", range(10))
def test_the_functions_json_is_the_commands(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(items(seed), strict=False).write_csv("t.csv")
    file = gates(tmp_path)
    file.write_text(file.read_text().replace("score", "value"))
    cluster = {"cluster": "passage"} if seed % 2 else {}
    options: dict[str, Any] = {"truth": 0.5 + seed / 50, **cluster}
    argv = [f"--{name}={value}" for name, value in options.items()]
    words = ["plan", "--gate", "gates.yaml", "--pilot", "t.csv", "--format", "json"]
    assert cli.main([*words, *argv]) == 0
    printed = capsys.readouterr().out
    assert measurand.plan("gates.yaml", "t.csv", **options).to_json() == printed
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "options",
    [
        {"truth": float("inf")},
        {"power": 2.0},
        {"width": -1.0},
        {"budget": ["coffee=3"]},
        {"price": ["call"]},
        {"most": ["items=x"]},
        {"budget": ["calls"]},
        {"map": ["nothing=x"]},
        {"cluster": "site"},
        {"values": ["nothing"]},
    ],
    ids=lambda options: next(iter(options)),
)
def test_errors_are_the_commands(
    options: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(items(1), strict=False).write_csv("t.csv")
    gates(tmp_path)
    argv = []
    for name, value in options.items():
        argv += [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
    assert cli.main(["plan", "--gate", "gates.yaml", "--pilot", "t.csv", *argv]) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(measurand.MeasurandError) as refused:
        measurand.plan("gates.yaml", "t.csv", **options)
    assert told == f"measurand plan: {refused.value.code}: {refused.value}"
    assert refused.value.hint
