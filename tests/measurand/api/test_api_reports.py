"""Reports as values, and a system from parameters to report in one call."""

from __future__ import annotations

from pathlib import Path

import pytest
from api_project import files, project

import measurand
from measurand import cli

__all__ = ["project"]
ROOT = Path(__file__).parents[3]


@pytest.mark.integration
def test_one_call_writes_what_the_command_writes(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """About ten seconds: the small system twice."""
    stages: list[str] = []
    own = project / "params/personality.yaml"
    found = measurand.run(
        "personality",
        params=own,
        out="a",
        limit=40,
        on_stage=lambda stage: stages.append(stage.record["stage"]),
    )
    assert capsys.readouterr() == ("", "")
    assert stages == ["build", "train", "evaluate"]
    assert found.folder == Path("a/report")
    assert found.verdict is None
    assert cli.main(["run", "personality", "--params", str(own), "--out", "b", "--limit=40"]) == 0
    printed = capsys.readouterr().out
    assert printed.index("build personality: b/data/dataset") < printed.index("evaluate person")
    assert found.render() in printed
    # A report holds the hash of its costs, which hold seconds.
    for folder in ("data", "results"):
        assert files(project / "a" / folder) == files(project / "b" / folder) != {}
    statistics = [(project / side / "report/statistics.parquet").read_bytes() for side in "ab"]
    assert statistics[0] == statistics[1]


def test_a_report_that_is_there_is_read() -> None:
    found = measurand.Report(ROOT / "reports/personality")
    assert found.to_json() == (ROOT / "reports/personality/report.json").read_text()
    assert found.findings[0] in found.render("md").replace("\\", "")
    assert found.plot("forest")._repr_svg_().startswith("<svg")
    assert found.to_polars().height == len(found.rows())


def test_no_report_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(measurand.InputError, match="run `measurand report`"):
        measurand.Report(tmp_path)


def test_a_folder_of_another_system_is_refused_as_the_command_refuses_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "a").mkdir()
    (project / "a/run.json").write_text('{"system": "many_shot"}')
    assert cli.main(["run", "personality", "--out", "a"]) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(measurand.InputError) as refused:
        measurand.run("personality", out="a")
    assert told == f"measurand run: another_system: {refused.value}"
