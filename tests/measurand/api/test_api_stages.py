"""Stages as functions: the files of the command, nothing printed, what was written as a value."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from api_project import files, make, project

import measurand
from measurand import cli, times
from measurand.api.stages import Stage, why

__all__ = ["project"]


@pytest.mark.integration
def test_functions_write_what_the_command_writes(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """About ten seconds: the small system twice."""
    told: list[tuple] = []

    def tell(*what: object) -> None:
        told.append(what)

    built = measurand.build("personality", progress=tell)
    trained = measurand.train("personality", progress=tell)
    evaluated = measurand.evaluate("personality", progress=tell)
    report = measurand.report("personality", progress=tell)
    assert capsys.readouterr() == ("", "")
    assert told
    assert set(times.last(project)) == {
        f"{verb}@personality" for verb in ("build", "train", "evaluate", "report")
    }
    assert built.folder == project / "data/personality/dataset"
    assert built.record["folder"] == "data/personality/dataset"
    assert sum(row["rows"] for row in built.rows()) > 100
    assert "prompts" in built.render()
    assert trained.record["trained"] is False
    assert evaluated.record["tables"]
    assert any("loading synthetic:factor" in line for line in evaluated.notes)
    assert report.to_json() == (project / "reports/personality/report.json").read_text()
    assert report.findings
    assert report.verdict["state"] in ("pass", "fail", "inconclusive", "error")
    assert report.to_arrow().num_rows == len(report.rows()) > 10
    assert "<svg" in report._repr_html_()

    other = make(project.parent / "by_command")
    monkeypatch.chdir(other)
    for verb in ("build", "train", "evaluate"):
        assert cli.main([verb, "personality"]) == 0
    for folder in ("data", "reports/personality/results"):
        assert files(project / folder) == files(other / folder) != {}
    # Costs hold seconds, and a report the hash of them: both are made from the same ones.
    shutil.rmtree(other / "reports")
    shutil.copytree(project / "reports/personality/results", other / "reports/personality/results")
    assert cli.main(["report", "personality"]) == 0
    assert report.render() in capsys.readouterr().out
    assert files(project / "reports") == files(other / "reports") != {}


def test_the_environment_names_the_runner(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEASURAND_RUNNER", "DaskRunner")
    with pytest.raises(measurand.MeasurandError, match="loses rows silently"):
        measurand.build("personality")
    measurand.build("personality", runner="FnApiRunner")


@pytest.mark.integration
def test_what_workers_were_asked_stands_in_the_provenance(project: Path) -> None:
    """About ten seconds: the small system, with workers and without."""
    file = project / "reports/personality/results/provenance.json"
    for runner, asked in (("FnApiRunner:processes=2", 1), ("FnApiRunner", 0)):
        measurand.build("personality", runner=runner)
        measurand.evaluate("personality")
        found = json.loads(file.read_text()).get("workers", [])
        assert len(found) == asked
        for one in found:
            sources = {"measurand", "pipelines.personality", "schemas.personality"}
            assert set(one["sources"]) >= sources
            assert one["packages"]["pyarrow"]


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("build", {"runner": "DaskRunner"}),
        ("build", {"params": "none.yaml"}),
        ("build", {"out": "mine"}),
        ("train", {"out": "params.yaml"}),
        ("evaluate", {}),
        ("evaluate", {"limit": 0}),
        ("report", {}),
        ("report", {"results": "none"}),
    ],
)
def test_errors_are_the_commands(
    verb: str, options: dict, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "mine").mkdir()
    (project / "mine/thesis.txt").touch()
    argv = [f"--{name}={value}" for name, value in options.items()]
    assert cli.main([verb, "personality", *argv]) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(measurand.MeasurandError) as refused:
        getattr(measurand, verb)("personality", **options)
    assert told == f"measurand {verb}: {refused.value.code}: {refused.value}"
    assert capsys.readouterr() == ("", "")


def test_reasons_stand_with_their_counts(tmp_path: Path) -> None:
    rejected = {"odd": 1, "short": 1200}
    assert why(rejected) == "1,200 short, 1 odd"
    table = {"table": "pairs", "rows": 7, "rejected": rejected}
    found = Stage(
        {"stage": "build", "system": "toy", "folder": "d", "tables": [table]}, tmp_path, 1.0
    )
    assert found.rows() == [{"table": "pairs", "rows": 7, "left_out": 1201}]
    assert "1,200 short, 1 odd" in found.render("md")


def test_a_system_whose_items_are_not_asked_in_order_cannot_end_early(project: Path) -> None:
    (project / "data/personality/dataset").mkdir(parents=True)
    with pytest.raises(measurand.InputError, match="personality cannot end early") as caught:
        measurand.evaluate("personality", until="gates/personality.yaml")
    assert caught.value.code == "no_sequence"
