from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gate_evidence import Project, bits, gate, gate_file, non_inferiority, statistic

from measurand.gates import run_gates
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


@pytest.mark.parametrize("below", [True, False])
def test_a_message_does_not_say_where_on_this_machine_evidence_lies(
    project: Project, tmp_path_factory: pytest.TempPathFactory, below: bool
) -> None:
    out = (project.root if below else tmp_path_factory.mktemp("private")) / "mine"
    out.mkdir()
    table = project.statistics(statistic()).rename(out / "statistics.parquet")
    asked = {**gate(), "from": "statistics", "metric": "another"}
    file = project.write(gate_file(asked))
    paths = [(out / "results", table), (out / "nothing", out / "none.parquet")]
    for results, statistics in paths:
        verdict = run_gates(file, root=project.root, results=results, statistics=statistics)
        said = verdict.to_json()
        assert verdict.gates[0].state == "error"
        assert "mine/" in said
        assert not any(part in said for part in (str(tmp_path_factory.getbasetemp()), "private"))


def test_a_project_may_lie_at_the_root_of_the_disk(project: Project) -> None:
    sources = replace(opened(project, gate()), root=Path("/"))
    with pytest.raises(EvidenceError, match="no results there"):
        sources.items()


def test_a_warning_is_noted_once(project: Project) -> None:
    sources = opened(project, gate())
    for text in ("one", "another", "one"):
        sources.warn(text)
    assert sources.warnings == ["one", "another"]


def test_a_baseline_and_labels_lie_below_the_root(project: Project) -> None:
    project.items(GOOD)
    spec = validate(gate_file(non_inferiority(project.baseline(GOOD))))
    sources = open_sources(spec, project.root, None, None)
    asked = spec.gates[0].baseline
    assert asked is not None
    found, name = sources.baseline(asked)
    assert name == found.where == "base"
    (project.root / "labels.csv").write_text("item_id,value\ni00001,0.25\n")
    assert sources.labels("labels.csv", "accuracy", "m") == {"i00001": 0.25}


def missing(root: Path, results: Path, statistics: Path) -> list[str]:
    """What is said of results and statistics that are not there."""
    sources = open_sources(validate(gate_file(gate())), root, results, statistics)
    said = []
    for read in (sources.items, sources.statistics):
        with pytest.raises(EvidenceError) as caught:
            read()
        said.append(str(caught.value.args[0]))
    return said


def test_paths_are_shown_from_the_nearest_folder_that_was_given(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project.root / "root"
    out = project.root / "out"
    assert missing(root, out / "a" / "results", out / "s.parquet") == [
        "a/results: no results there",
        "out/s.parquet: no statistics there",
    ]
    assert missing(root, root / "b" / "a" / "results", root / "b" / "a" / "s.parquet") == [
        "b/a/results: no results there",
        "b/a/s.parquet: no statistics there",
    ]
    monkeypatch.chdir(project.root)
    assert missing(Path("."), Path("v1./results"), Path("v1./s.parquet")) == [
        "v1./results: no results there",
        "v1./s.parquet: no statistics there",
    ]
