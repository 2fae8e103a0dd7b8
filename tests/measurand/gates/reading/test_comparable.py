"""Two runs are compared only where a difference means the model."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from gate_evidence import (
    Project,
    bits,
    gate,
    non_inferiority,
    results_table,
    rows,
    statistic,
    write_items,
)
from pyarrow import parquet

GOOD = bits(600, 0.9)


def baseline(project: Project, **more: Any) -> dict[str, str]:
    write_items(project.root / "base", rows(GOOD), **more)
    return {"file": "base"}


def test_another_dataset(project: Project) -> None:
    project.items(GOOD)
    base = baseline(project, parents={"toy": "e" * 64})
    got = project.one(non_inferiority(base))
    assert (got.state, got.reason_code) == ("error", "dataset_changed")
    block = {"name": "toy", "require_same_hash": True}
    assert project.one(non_inferiority(base), dataset=block).reason_code == "dataset_changed"
    free = project.one(non_inferiority(base), dataset=block | {"require_same_hash": False})
    assert free.state == "pass"


def test_only_the_named_dataset_counts(project: Project) -> None:
    project.items(GOOD)
    base = baseline(project, parents={"toy": "d" * 64, "model": "x"})
    assert project.one(non_inferiority(base)).reason_code == "dataset_changed"
    assert project.one(non_inferiority(base), dataset={"name": "toy"}).state == "pass"
    unknown = project.one(non_inferiority(base), dataset={"name": "other"})
    assert unknown.reason_code == "dataset_unknown"


def test_common_items_of_two_datasets(project: Project) -> None:
    project.items(GOOD[:580])
    base = baseline(project, parents={"toy": "e" * 64})
    free = {"name": "toy", "require_same_hash": False}
    got = project.one(non_inferiority(base), dataset=free)
    assert got.state == "pass"
    counts = dict(got.counts)
    assert (counts["items"], counts["baseline_items"], counts["pairs"]) == (580, 600, 580)
    project.items(GOOD[:569])
    assert project.one(non_inferiority(base), dataset=free).reason_code == "low_overlap"


def test_equal_hash_but_other_ids(project: Project) -> None:
    project.items(GOOD[:599])
    assert project.one(non_inferiority(baseline(project))).reason_code == "id_mismatch"


def test_duplicate_ids(project: Project) -> None:
    twice = results_table([*rows(GOOD), rows(GOOD)[0]])
    folder = project.folder / "results" / "items"
    folder.mkdir(parents=True)
    parquet.write_table(twice, folder / "a.parquet")
    assert project.one(gate()).reason_code == "id_mismatch"


@pytest.mark.parametrize(
    ("candidate", "before", "code"),
    [
        ({"instrument": {"judge": "a"}}, {"instrument": {"judge": "a"}}, "not_worse"),
        ({"instrument": {"judge": "a"}}, {"instrument": {"judge": "b"}}, "instrument_changed"),
        ({"instrument": {"judge": "a"}}, {}, "not_worse"),
        ({"partial": True}, {}, "partial_run"),
        ({}, {"partial": True}, "partial_run"),
    ],
)
def test_what_the_manifests_say(
    project: Project, candidate: dict[str, Any], before: dict[str, Any], code: str
) -> None:
    project.results(rows(bits(600, 0.91)), params=candidate)
    verdict = project.verdict(non_inferiority(baseline(project, params=before)))
    assert verdict.gates[0].reason_code == code
    assert any("instrument" in w for w in verdict.warnings) == (
        code == "not_worse" and candidate != before
    )


def test_a_partial_run_is_refused_for_statistics_too(project: Project) -> None:
    project.results(rows(GOOD), params={"partial": True})
    project.statistics(statistic())
    assert project.one(gate(metric="alpha", **{"from": "statistics"})).reason_code == "partial_run"


def test_plain_files_pair_by_ids_alone(project: Project) -> None:
    project.items(GOOD)
    parquet.write_table(results_table(rows(bits(600, 0.89))), project.root / "old.parquet")
    asked = non_inferiority({"file": "old.parquet"})
    assert project.one(asked).state == "pass"
    assert project.one(asked, dataset={}).reason_code == "dataset_unknown"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda t: t.append_column("new", pa.nulls(len(t), pa.string())), "not_worse"),
        (lambda t: t.drop_columns(["seed"]), "schema_drift"),
        (lambda t: t.set_column(11, "seed", pa.nulls(len(t), pa.string())), "schema_drift"),
    ],
)
def test_schema_drift(project: Project, change: Any, code: str) -> None:
    table = results_table(rows(bits(600, 0.91)))
    folder = project.root / "plain"
    folder.mkdir()
    parquet.write_table(change(table), folder / "new.parquet")
    parquet.write_table(results_table(rows(GOOD)), project.root / "old.parquet")
    asked = non_inferiority({"file": "old.parquet"})
    verdict = project.verdict(asked, results="plain")
    assert verdict.gates[0].reason_code == code
    assert (len(verdict.warnings) > 1) == (code == "not_worse")


def test_uneven_losses(project: Project) -> None:
    write_items(project.folder / "results" / "items", rows([*GOOD[:-5], *[None] * 5]))
    base = baseline(project)
    assert project.one(non_inferiority(base)).reason_code == "nan_value"
    lenient = project.one(non_inferiority(base, nan="drop", max_drop=0.005))
    assert lenient.reason_code == "too_many_dropped"
    assert project.one(non_inferiority(base, nan="drop")).state == "pass"


def test_infrastructure_errors_of_either_side(project: Project) -> None:
    lost = rows(GOOD)
    for row in lost[:6]:
        row |= {"status": "infra_error", "value": None}
    project.results(lost)
    base = baseline(project)
    assert project.one(non_inferiority(base)).reason_code == "infra_errors"
    got = project.one(non_inferiority(base, max_infra_errors=0.01))
    assert (got.state, got.found.n) == ("pass", 594)
    write_items(project.root / "base", lost)
    project.items(GOOD)
    wrong = project.one(non_inferiority(base))
    assert wrong.reason_code == "infra_errors"
    assert "baseline: " in wrong.sentence


@pytest.mark.parametrize("source", ["items", "statistics"])
def test_results_of_another_system_are_refused(project: Project, source: str) -> None:
    project.items(GOOD)
    project.statistics(statistic())
    asked = gate() if source == "items" else gate(metric="alpha", **{"from": "statistics"})
    assert project.one(asked).state != "error"
    got = project.one(asked, system="toi", results="reports/toy")
    assert (got.state, got.reason_code) == ("error", "other_system")
    assert "system toy, not toi" in got.sentence
    assert "`system: toy`" in got.sentence


def test_a_dataset_that_nothing_was_made_from_is_refused(project: Project) -> None:
    project.items(GOOD)
    got = project.one(gate(), dataset={"name": "toi"})
    assert (got.state, got.reason_code) == ("error", "dataset_unknown")
    assert "known: toy" in got.sentence
    assert project.one(gate(), dataset={"name": "toy"}).state == "pass"


def test_plain_files_say_nothing_of_their_dataset(project: Project) -> None:
    path = project.root / "plain.parquet"
    parquet.write_table(results_table(rows(GOOD)), path)
    got = project.one(gate(), results="plain.parquet", dataset={"name": "toi"})
    assert got.state == "pass"
