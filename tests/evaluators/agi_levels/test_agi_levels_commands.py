from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from evaluators.agi_levels.commands import main
from measurand.errors import InputError, ParamsError
from schemas.agi_levels.card import FILE

Made = Callable[..., dict[str, Any]]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    path = tmp_path / "runs.csv"
    lines = [f"i{k},{int(k % 3 > 0)},m,quiz" for k in range(60)]
    path.write_text("\n".join(["item_id,value,model,metric", *lines]), encoding="utf-8")
    return path


def file(tmp_path: Path, name: str, content: dict[str, Any]) -> str:
    path = tmp_path / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def test_a_table_and_a_norm_make_a_card(
    tmp_path: Path, runs: Path, norms_file: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    norm = norms_file(task="quiz", kind="moments", mean=0.4, sd=0.1, n=200)
    norms = file(tmp_path, "norms", {"norms": [norm]})
    out = tmp_path / "card"
    given = ["card", "--runs", str(runs), "--norms", norms, "psych", "--out", str(out)]
    assert main(given) == 0
    said = capsys.readouterr().out
    assert "m | quiz | n: at least" in said
    assert "not assessable (coverage)" in said
    packed = json.loads((out / "card.json").read_text(encoding="utf-8"))
    jsonschema.validate(packed, json.loads(FILE.read_text(encoding="utf-8")))
    first = (out / "card.json").read_bytes()
    assert main([*given[:-1], str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "card.json").read_bytes() == first


def test_tasks_and_autonomy_are_read(tmp_path: Path, runs: Path, norms_file: Made) -> None:
    norms = file(tmp_path, "norms", {"norms": [norms_file(task="quiz", counts={0.1: 300})]})
    tasks = {"id": "quiz", "families": ["learning"], "headline": "n", "tools": "none"}
    declared = {"deployment": "mail", "level": 1, "justification": "asked for"}
    out = tmp_path / "card"
    shared = ["card", "--runs", str(runs), "--norms", norms, "--out", str(out)]
    main([
        *shared,
        "--tasks", file(tmp_path, "tasks", {"tasks": [tasks, {"id": "other"}]}),
        "--autonomy", file(tmp_path, "autonomy", {"deployments": [declared]}),
    ])  # fmt: skip
    packed = json.loads((out / "card.json").read_text(encoding="utf-8"))
    family = packed["general"][0]["families"]["learning"]
    assert [round(family[level], 2) for level in "234"] == [1.0, 1.0, 0.99]
    assert packed["autonomy"][0]["deployment"] == "mail"
    assert "task other of --tasks has no run" in packed["notes"]
    lost = file(tmp_path, "lost", {"tasks": [{**tasks, "headline": "gone"}]})
    with pytest.raises(InputError) as caught:
        main([*shared, "--tasks", lost])
    assert caught.value.code == "no_norm"


def test_faults_of_files_are_named(tmp_path: Path, runs: Path, norms_file: Made) -> None:
    bad = file(tmp_path, "bad", {"norms": [norms_file(kind="moments", mean=1, sd=-1, n=9)]})
    with pytest.raises(ParamsError, match="sd"):
        main(["card", "--runs", str(runs), "--norms", bad, "--out", str(tmp_path / "o")])
    with pytest.raises(InputError) as caught:
        main(
            ["card", "--runs", str(runs), "--norms", "psych", "psych", "--out", str(tmp_path / "o")]
        )
    assert caught.value.code == "norm_twice"
    with pytest.raises(ParamsError, match="no such parameter file"):
        main(["card", "--runs", str(runs), "--norms", "skills", "--out", str(tmp_path / "o")])


def test_norms_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["norms"]) == 0
    said = capsys.readouterr().out
    assert "sat_act/sat_verbal" in said
    assert "GPL-2.0-or-later" in said
    assert "299 for Virtuoso" in said


def test_rules_are_the_users(
    tmp_path: Path, runs: Path, norms_file: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    norms = file(tmp_path, "norms", {"norms": [norms_file(task="quiz", counts={0.1: 300})]})
    tasks = file(tmp_path, "tasks", {"tasks": [{"id": "quiz", "families": ["learning"]}]})
    rules = file(tmp_path, "rules", {"compulsory": ["learning"], "min_tasks": 1, "min_families": 1})
    shared = ["card", "--runs", str(runs), "--norms", norms, "--tasks", tasks]
    shared += ["--out", str(tmp_path / "card")]
    main([*shared, "--rules", rules])
    assert "general level by coverage" in capsys.readouterr().out
    packed = json.loads((tmp_path / "card/card.json").read_text(encoding="utf-8"))
    assert packed["rules"]["min_tasks"] == 1
    assert packed["general"][0]["level"] == {"0.5": 4, "0.8": 4, "0.95": 4}
    bad = file(tmp_path, "bad", {"claim": 0.2})
    with pytest.raises(ParamsError, match="claim"):
        main([*shared, "--rules", bad])


@pytest.mark.integration
def test_any_number_of_workers_makes_the_same_bytes(tmp_path: Path, norms_file: Made) -> None:
    """Every kind of norm, and people's items, whose resampling has a seed."""
    lines = [f"i{k},{int((k * j) % 3 > 0)},m,t{j}" for k in range(30) for j in range(1, 9)]
    lines += [f"Q{k},{k % 2},m,lsat_section_6" for k in range(1, 6)]
    runs = tmp_path / "runs.csv"
    runs.write_text("\n".join(["item_id,value,model,metric", *lines]), encoding="utf-8")
    kinds: list[dict[str, Any]] = [
        {"counts": {0.1: 30, 0.7: 20}},
        {"kind": "moments", "mean": 0.4, "sd": 0.1, "n": 200},
        {"kind": "table", "rows": {0.1: 10, 0.9: 80}, "n": 50},
        {"kind": "mean_only", "mean": 0.3},
    ]
    some = [norms_file(id=f"n{j}", task=f"t{j}", **kinds[j % 4]) for j in range(1, 9)]
    norms = file(tmp_path, "norms", {"norms": some})
    made = []
    for workers in ("1", "4"):
        out = tmp_path / workers
        main(["card", "--runs", str(runs), "--norms", norms, "psych", "--out", str(out),
              "--workers", workers])  # fmt: skip
        made.append({p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()})
    assert len(made[0]) > 12
    assert made[0] == made[1]
    with pytest.raises(InputError) as caught:
        main(["card", "--runs", str(runs), "--norms", norms, "--out", str(tmp_path / "o"),
              "--workers", "0"])  # fmt: skip
    assert caught.value.code == "bad_workers"
