from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from measurand.cli import main
from measurand.comparison.rerun import claim, class_of, compare, runs
from measurand.errors import InputError
from measurand.parquet import write_shard
from measurand.results import STATISTICS
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate, Scope

FIGURES: dict[str, tuple[float | None, Scope | None]] = {
    "accuracy": (0.5, "training"),
    "brier": (0.2, "training"),
    "alpha": (0.9, None),
    "leaks": (0.0, None),
    "saving": (2.0, "training"),
}


def report(
    folder: Path,
    *,
    state: str = "pass",
    finding: str = "It saves 2.00 [1.50, 2.50] times.",
    parameters: dict[str, Any] | None = None,
    **changed: float | None,
) -> Path:
    rows = []
    for name, (value, scope) in FIGURES.items():
        value = changed.get(name, value)
        found = Estimate(
            value,
            ci_lo=None if value is None or name == "leaks" else value - 0.1,
            ci_hi=None if value is None or name == "leaks" else value + 0.1,
            reason="nothing" if value is None else None,
            scope=scope,
        )
        rows.append(statistic_row("toy", "m", name, {}, found))
    folder.mkdir(parents=True)
    write_shard(STATISTICS, statistics_table(rows), folder / "statistics.parquet")
    content = {
        "opening": {"findings": [finding]},
        "verdict": {"state": state, "gates": [{"name": "g", "state": state}]},
        "provenance": {"parameters": parameters or {"train": {"seed": 1, "steps": 5}}},
    }
    (folder / "report.json").write_text(json.dumps(content))
    return folder


def test_figures_are_put_by_how_far_they_moved(tmp_path: Path) -> None:
    a = report(tmp_path / "a")
    b = report(tmp_path / "b", accuracy=0.55, brier=0.4, alpha=0.9001, leaks=1.0, saving=None)
    record = compare(runs(str(a), ()), runs(str(b), ()))
    found = {f["metric"]: (f["class"], f["kind"]) for f in record["systems"][""]["figures"]}
    assert found == {
        "accuracy": ("inside", "trained, these weights"),
        "brier": ("outside", "trained, these weights"),
        "alpha": ("rounding", "computed"),
        "leaks": ("no interval", "computed"),
        "saving": ("one undefined", "trained, these weights"),
    }
    assert not record["changed"]
    assert class_of(None, None) == "equal"


def test_a_sentence_with_other_numbers_claims_the_same() -> None:
    one, two = "It saves 2.22 times [1.27, 4.02].", "It saves 1.47 times [0.98, 2.87]."
    assert claim(one) == claim(two)
    assert claim(one) != claim("It saves 1.47 times [0.98, 2.87]: it may save nothing.")


def test_what_a_reader_takes_away_decides_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = report(tmp_path / "a")
    other = {"train": {"seed": 2, "steps": 5}}
    same = report(tmp_path / "same", finding="It saves 1.9 [1.2, 2.4] times.", parameters=other)
    assert main(["compare", str(a), str(same), "--as", "rerun"]) == 0
    assert "say the same" in capsys.readouterr().out
    verdict = report(tmp_path / "verdict", state="fail")
    assert main(["compare", str(a), str(verdict), "--as", "rerun"]) == 1
    assert "all gates: pass became fail" in capsys.readouterr().out
    words = report(tmp_path / "words", finding="It may save nothing.")
    assert main(["compare", str(a), str(words), "--as", "rerun", "--format", "md"]) == 1
    text = capsys.readouterr().out
    assert text.index("It may save nothing") < text.index("How far figures moved")
    assert main(["compare", str(a), str(words), "--as", "rerun", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["changed"] is True


def test_other_parameters_are_no_rerun(tmp_path: Path) -> None:
    a = report(tmp_path / "a")
    b = report(tmp_path / "b", parameters={"train": {"seed": 1, "steps": 6}})
    with pytest.raises(InputError, match=r"train\.steps differs") as told:
        compare(runs(str(a), ()), runs(str(b), ()))
    assert told.value.code == "other_parameters"
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no report"):
        runs(str(tmp_path / "empty"), ())


def test_a_project_is_compared_system_by_system(tmp_path: Path) -> None:
    for name in ("one", "two"):
        report(tmp_path / "a" / "reports" / name)
        report(tmp_path / "b" / "reports" / name)
    a, b = (runs(str(tmp_path / side), ()) for side in "ab")
    assert list(compare(a, b)["systems"]) == ["one", "two"]
    assert list(runs(str(tmp_path / "a"), ["two"])) == ["two"]


def test_a_revision_is_read_from_git() -> None:
    found = runs("HEAD", ["personality"])
    assert found["personality"].statistics
    with pytest.raises(InputError, match="holds no report"):
        runs("no-such-revision", ["personality"])
