from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from measurand.cli import main
from measurand.comparison.rerun import AGAIN, claim, class_of, compare, document, runs
from measurand.errors import InputError
from measurand.params import read
from measurand.parquet import write_shard
from measurand.reporting.document import Table
from measurand.results import STATISTICS
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate, Scope
from schemas.compwob.params import Params

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
    system: str = "toy",
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
        rows.append(statistic_row(system, "m", name, {}, found))
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
    found = {f["metric"]: (f["class"], f["kind"]) for f in record["systems"]["toy"]["figures"]}
    assert found == {
        "accuracy": ("inside", "trained anew"),
        "brier": ("outside", "trained anew"),
        "alpha": ("rounding", "not declared"),
        "leaks": ("no interval", "not declared"),
        "saving": ("one undefined", "trained anew"),
    }
    assert not record["changed"]
    assert record["version"] == 1
    assert class_of(None, None) == "equal"


@pytest.mark.parametrize(
    ("other", "ends", "expected"),
    [
        (100.05, (99.0, 101.0), "rounding"),
        (100.05, (99.99, 100.01), "outside"),
        (100.05, (None, None), "rounding"),
        (100.05, (100.2, 100.4), "rounding"),  # a corrected interval beside its own figure
        (100.25, (100.2, 100.4), "inside"),
        (100.00000001, (100.0, 100.0), "rounding"),
    ],
)
def test_an_interval_narrower_than_rounding_decides(
    other: float, ends: tuple[float | None, float | None], expected: str
) -> None:
    a = {"estimate": 100.0, "ci_lo": ends[0], "ci_hi": ends[1]}
    assert class_of(a, {**a, "estimate": other}) == expected


def test_about_one_in_six_of_independent_runs_lie_outside() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 4000, 60))
    mean, half = x[0].mean(1), 1.96 * x[0].std(1, ddof=1) / 60**0.5
    outside = abs(x[1].mean(1) - mean) > half
    assert outside.mean() == pytest.approx(AGAIN, abs=0.02)
    assert pytest.approx(2 * norm.sf(1.96 / 2**0.5), abs=5e-4) == AGAIN


def test_what_moved_further_than_a_system_declares_is_shown(tmp_path: Path) -> None:
    a = report(tmp_path / "a", system="personality")
    b = report(tmp_path / "b", system="personality", alpha=0.93, leaks=1e-4)
    record = compare(runs(str(a), ()), runs(str(b), ()))
    figures = {f["metric"]: f for f in record["systems"]["personality"]["figures"]}
    assert figures["alpha"]["kind"] == "within 0.01"
    assert [name for name, f in figures.items() if not f["as_declared"]] == ["alpha"]
    table = document(record, "a", "b").sections[0].blocks[1]
    assert isinstance(table, Table)
    assert {row[0]: row[-1] for row in table.rows} == {"within 0.01": 1, "trained anew": 0}


def test_a_sentence_with_other_numbers_claims_the_same() -> None:
    one, two = "It saves 2.22 times [1.27, 4.02].", "It saves 1.47 times [0.98, 2.87]."
    assert claim(one) == claim(two)
    assert claim(one) != claim("It saves 1.47 times [0.98, 2.87]: it may save nothing.")
    assert claim("It beats fixed16 by 3%.") != claim("It beats fixed64 by 3%.")
    assert claim("It beats fixed16 by 3.5%, n = 1,200.") == claim("It beats fixed16 by 4%, n = 9.")
    assert claim("rho \u22120.20 [\u22120.31, 0.02]") == claim("rho 0.01 [-0.2, +0.2]")


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


def test_a_parameter_that_there_was_none_of_yet_has_its_default(tmp_path: Path) -> None:
    written = read(Path("params/compwob.yaml"), Params).model_dump(mode="json")
    older = json.loads(json.dumps(written))
    older["evaluate"].pop("order_rule")
    sides = [
        report(tmp_path / side, system="compwob", parameters=some)
        for side, some in (("a", older), ("b", written))
    ]
    record = compare(*(runs(str(side), ()) for side in sides))
    assert record["systems"]["compwob"]["since"] == [
        {"side": "a", "parameter": "evaluate.order_rule", "taken_as": "strict"}
    ]
    assert "A knew no evaluate.order_rule: taken as 'strict'" in str(document(record, "a", "b"))


def test_other_parameters_are_no_rerun(tmp_path: Path) -> None:
    a = report(tmp_path / "a")
    b = report(tmp_path / "b", parameters={"train": {"seed": 1, "steps": 6}})
    with pytest.raises(InputError, match=r"train\.steps differs") as told:
        compare(runs(str(a), ()), runs(str(b), ()))
    assert told.value.code == "other_parameters"
    with pytest.raises(InputError, match=r"train\.momentum differs"):
        compare(
            runs(str(a), ()),
            runs(
                str(report(tmp_path / "c", parameters={"train": {"steps": 5, "momentum": 0}})), ()
            ),
        )
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no report"):
        runs(str(tmp_path / "empty"), ())


def test_a_project_is_compared_system_by_system(tmp_path: Path) -> None:
    for name in ("one", "two"):
        report(tmp_path / "a" / "reports" / name, system=name)
        report(tmp_path / "b" / "deep" / name, system=name)
    a, b = (runs(str(tmp_path / side), ()) for side in "ab")
    assert list(compare(a, b)["systems"]) == ["one", "two"]
    assert list(runs(str(tmp_path / "a"), ["two"])) == ["two"]
    one = tmp_path / "a" / "reports" / "one"
    assert list(compare(runs(str(one), ()), b)["systems"]) == ["one"]
    for path, systems in ((one, ["two"]), (one / "report.json", ())):
        with pytest.raises(InputError, match="holds no report") as told:
            runs(str(path), systems)
        assert told.value.code == "no_side"
    report(tmp_path / "b" / "other", system="two")
    with pytest.raises(InputError, match="two reports of two"):
        runs(str(tmp_path / "b"), ())


def test_a_revision_is_read_from_git() -> None:
    found = runs("HEAD", ["personality"])
    assert found["personality"].statistics
    with pytest.raises(InputError, match="holds no report"):
        runs("no-such-revision", ["personality"])
