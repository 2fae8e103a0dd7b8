from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from measurand import shards, times
from measurand.api.stages import Stage, _tables
from measurand.commands import stages
from measurand.commands.stages import main
from measurand.errors import InputError, ParamsError, RunnerError
from measurand.parquet import REJECTED
from measurand.tables import Column, Table
from measurand.verification import verify


def shrink(project: Path) -> None:
    """Five biographies, short forms, a respondent that needs no weights."""
    import yaml

    path = project / "params/personality.yaml"
    raw = yaml.safe_load(path.read_text())
    raw["build"]["validity"] |= {
        "instruments": ["ipip_50", "mini_ipip"], "first_form": "ipip_50", "n_bios": 5,
    }  # fmt: skip
    raw["build"]["reversed_options"] = None
    raw["evaluate"]["models"] = [{"model": "synthetic:factor", "experiments": ["validity"]}]
    raw["report"]["resamples"] = 100
    path.write_text(yaml.safe_dump(raw))


@pytest.mark.integration
def test_the_four_stages_in_a_row(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shrink(project)
    for verb in ("build", "train", "evaluate", "report"):
        assert main([verb, "personality"]) == 0
    assert verify(project / "data" / "personality" / "dataset") == []
    assert verify(project / "reports" / "personality" / "results") == []
    reports = project / "reports" / "personality"
    first = {p.name: p.read_bytes() for p in reports.iterdir() if p.is_file()}
    assert set(first) == {
        "metrics.json", "report.html", "report.json", "report.md", "scores.csv",
        "statistics.parquet",
    }  # fmt: skip
    assert (reports / "verdict" / "verdict.json").is_file()
    assert json.loads(first["metrics.json"])["synthetic:factor"]
    every, columns = json.loads(first["report.json"])["sections"][-2:]
    assert (every["title"], columns["title"]) == ("Every score", "Data dictionary")
    assert "personality.responses" in str(columns)
    assert {block["caption"] for block in every["blocks"]} >= {"alpha", "mass_mean"}

    taken = times.last(project)
    assert set(taken) == {f"{v}@personality" for v in ("build", "train", "evaluate", "report")}
    assert main(["train", "personality", "--out", "elsewhere"]) == 0
    assert times.last(project) == taken

    assert main(["report", "personality"]) == 0
    assert {p.name: p.read_bytes() for p in reports.iterdir() if p.is_file()} == first

    capsys.readouterr()
    assert main(["report", "personality", "--print"]) == 0
    shown = capsys.readouterr().out
    assert "Personality in the answers" in shown
    assert "report.html" in shown


def test_a_stage_before_its_data_says_what_to_run(project: Path) -> None:
    with pytest.raises(InputError, match="measurand build personality"):
        main(["evaluate", "personality"])
    with pytest.raises(InputError, match="measurand evaluate personality"):
        main(["report", "personality"])
    with pytest.raises(InputError, match="measurand report"):
        main(["report", "personality", "--print"])


def test_a_folder_with_foreign_files_is_left_alone(project: Path) -> None:
    thesis = project / "mine" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work")
    with pytest.raises(InputError, match=r"thesis\.txt"):
        main(["build", "personality", "--out", "mine"])
    assert thesis.read_text() == "years of work"


def test_bad_arguments_are_named(project: Path) -> None:
    with pytest.raises(RunnerError):
        main(["build", "personality", "--runner", "DaskRunner"])
    with pytest.raises(InputError, match="after --"):
        main(["report", "personality", "--", "--fast"])
    with pytest.raises(ParamsError, match=r"none\.yaml"):
        main(["build", "personality", "--params", "none.yaml"])
    main(["train", "personality"])
    assert not (project / "data/personality/dataset").exists()
    (project / "data/personality/dataset").mkdir()
    with pytest.raises(InputError, match="--limit 0"):
        main(["evaluate", "personality", "--limit", "0"])


def test_what_a_build_left_out_is_counted_on_the_screen(tmp_path: Path) -> None:
    spec = Table("t", "1.0.0", ("a",), (Column("a", pa.string(), "a"),), doc="rows")
    rows = pa.Table.from_pylist([{"a": "x"}], schema=spec.schema())
    reasons = ["short", "odd", "short"]
    rejected = REJECTED.from_columns(
        {"key": ["1", "2", "3"], "reason": reasons, "detail": [""] * 3}
    )
    shards.write_dataset(tmp_path / "some", spec, rows, rejected=rejected)
    shards.write_dataset(tmp_path / "whole", spec, rows)
    tables = list(_tables(tmp_path))
    built = Stage({"stage": "build", "system": "toy", "tables": tables}, tmp_path, 0.0)
    assert list(stages.left_out(built)) == ["  some: 1 rows, 3 left out: 2 short, 1 odd"]
