from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from measurand.commands.run import main
from measurand.verification import verify


@pytest.fixture
def own(project: Path) -> Path:
    """Parameters of one's own, not those in force."""
    raw = yaml.safe_load((project / "params/personality.yaml").read_text())
    raw["build"]["validity"] |= {
        "instruments": ["ipip_50", "mini_ipip"], "first_form": "ipip_50", "n_bios": 5,
    }  # fmt: skip
    raw["build"]["reversed_options"] = None
    raw["evaluate"]["models"] = [{"model": "synthetic:factor", "experiments": ["validity"]}]
    raw["report"]["resamples"] = 100
    path = project / "mine.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


@pytest.mark.integration
def test_one_command_from_parameters_to_report(
    project: Path, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["personality", "--params", str(own), "--out", "trial"]) == 0
    assert verify(project / "trial/data/dataset") == []
    report = project / "trial/report"
    assert (report / "report.html").is_file()
    assert "report: trial/report/report.html" in capsys.readouterr().out
    # The system's gates speak about the system's parameters.
    assert not (report / "verdict").exists()
    # Nothing of the project's own was touched.
    assert not (project / "data").exists()
    assert not (project / "reports").exists()
    assert not (project / "journal").exists()
    calls = {p.name: p.read_bytes() for p in (project / "trial/journal").glob("*.jsonl")}
    assert len(calls) == 1
    assert all(calls.values())

    first = (report / "report.json").read_bytes()
    assert main(["personality", "--params", str(own), "--out", "trial"]) == 0
    assert (report / "report.json").read_bytes() == first

    # It goes on in its folder, wherever that lies: no call is made again.
    (project / "trial").rename(project / "moved")
    shutil.rmtree(project / "moved/results")
    assert main(["personality", "--params", str(own), "--out", "moved"]) == 0
    assert {p.name: p.read_bytes() for p in (project / "moved/journal").glob("*.jsonl")} == calls
    assert not (project / "trial").exists()
    report = project / "moved/report"

    gates = str(project / "gates/personality.yaml")
    assert main(["personality", "--params", str(own), "--out", "moved", "--gates", gates]) == 0
    assert (report / "verdict/verdict.json").is_file()
