from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gate_evidence import Project, bits, gate, gate_file, non_inferiority, statistic

from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.gatefile import validate
from measurand.gates.reading.sources import Sources, open_sources

GOOD = bits(300, 0.9)


def opened(project: Project, *gates: dict[str, Any], **more: Any) -> Sources:
    return open_sources(validate(gate_file(*gates, **more)), project.root, None, None)


def test_evidence_is_read_once_and_so_is_a_failure(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.items(GOOD)
    sources = opened(project, gate())
    assert sources.items() is sources.items()
    for _ in range(2):
        with pytest.raises(EvidenceError, match="no statistics"):
            sources.statistics()
    project.statistics(statistic())
    with pytest.raises(EvidenceError, match="no statistics"):
        sources.statistics()


def test_a_path_that_the_system_refuses_is_an_error_case(project: Project) -> None:
    long = "ä" * 200
    assert project.one(gate(), results=long).reason_code == "missing_metric"
    project.items(GOOD)
    compared = project.one(non_inferiority({"file": long}))
    assert compared.reason_code == "baseline_unresolved"


def test_where_evidence_lies(project: Project) -> None:
    by_system = opened(project, gate())
    assert by_system.statistics_file == project.root / "reports" / "toy" / "statistics.parquet"
    by_path = opened(project, gate(), results="mine")
    assert by_path.statistics_file == project.root / "mine" / "statistics.parquet"
    spec = validate(gate_file(gate()))
    given = open_sources(spec, project.root, Path("r"), Path("s.parquet"))
    assert (given.items_folder, given.statistics_file) == (Path("r"), Path("s.parquet"))
