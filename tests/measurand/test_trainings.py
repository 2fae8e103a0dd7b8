from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest

from measurand import project, shards, trainings
from measurand.params import Strict
from measurand.results import StatisticRow
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate, Scope
from measurand.tables import Column
from measurand.tables import Table as Declared
from measurand.trainings import Study
from measurand.verification import verify


class Train(Strict):
    seed: int = 1
    processes: int = 2
    steps: int = 5


class Report(Strict):
    resamples: int = 100


class Params(Strict):
    train: Train = Train()
    report: Report = Report()


@pytest.fixture
def system(tmp_path: Path) -> project.System:
    for name in (
        "pipelines/toy/train.py",
        "evaluators/toy/evaluate/__init__.py",
        "evaluators/toy/report.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    found = project.System("toy", tmp_path)
    points(found, 1)
    return found


def points(system: project.System, value: int, x: float = 0.5) -> None:
    rows = pa.table({"point": pa.array([value], pa.int64()), "x": pa.array([x])})
    columns = (Column("point", pa.int64(), "which"), Column("x", pa.float64(), "where"))
    table = Declared("toy.points", "1.0.0", ("point",), columns, "Points.")
    shards.write_dataset(system.dataset / "points", table, rows)


def row(
    value: float | None, scope: Scope | None = "training", metric: str = "accuracy"
) -> StatisticRow:
    found = (
        Estimate(None, reason="no items", scope=scope)
        if value is None
        else Estimate(value, se=0.05, ci_lo=value - 0.1, ci_hi=value + 0.1,
                      lower=value - 0.08, upper=value + 0.08, scope=scope)
    )  # fmt: skip
    return statistic_row("toy", "net", metric, {"k": "1"}, found)


def tables(*values: float | None) -> list[tuple[int, pa.Table]]:
    rest = [row(0.5, None, "leaks"), row(0.9, "training", "steady")]
    return [(at, statistics_table([row(value), *rest])) for at, value in enumerate(values)]


def test_a_study_is_kept_and_widens_what_was_trained(system: project.System) -> None:
    params = Params()
    assert trainings.read(system, params) is None
    assert trainings.write(system, params, tables(0.5, 0.7, 0.6), {"git": None}) == 6
    assert verify(system.studies) == []
    study = trainings.read(system, params)
    assert study is not None
    assert study.changed == ()
    assert study.figures["net", "accuracy", "k=1"] == (0.5, 0.7, 0.6)
    assert study.ends["net", "accuracy", "k=1"][1] == pytest.approx((0.6, 0.8))
    wide = study.widen(row(0.5))
    assert wide["scope"] == "method"
    assert wide["estimate"] == 0.5
    # Student's t with two degrees, times a deviation of 0.1, in quadrature with 0.1.
    assert wide["ci_hi"] == pytest.approx(0.5 + (0.1**2 + (4.302653 * 0.1) ** 2) ** 0.5)
    assert wide["method"].endswith("widened by 3 trainings")
    for other in (row(0.5, None), row(0.5, "method"), row(0.5, metric="new"), row(None)):
        assert study.widen(other) == other


def test_a_figure_that_some_trainings_do_not_have_is_none_of_the_method(
    system: project.System,
) -> None:
    trainings.write(system, Params(), tables(0.5, None, 0.6), {})
    study = trainings.read(system, Params())
    assert study is not None
    found = study.widen(row(0.5))
    assert (found["estimate"], found["ci_lo"], found["lower"]) == (0.5, None, None)
    assert found["reason"] == "no interval: undefined in 1 of 3 trainings"


def test_other_parameters_are_not_used(system: project.System) -> None:
    trainings.write(system, Params(), tables(0.5, 0.7), {})
    assert trainings.read(system, Params(train=Train(steps=6))) is None
    for same in (Params(report=Report(resamples=200)), Params(train=Train(processes=8))):
        study = trainings.read(system, same)
        assert study is not None
        assert study.changed == ()


def _trained_by_other_code(system: project.System) -> None:
    (system.root / "pipelines" / "toy" / "train.py").write_text("x = 2\n")


def _other_data(system: project.System) -> None:
    points(system, 2)


def _other_last_bits(system: project.System) -> None:
    points(system, 1, 0.5 + 1e-12)


def _measured_by_other_code(system: project.System) -> None:
    (system.root / "evaluators" / "toy" / "report.py").write_text("x = 2\n")


def _other_words(system: project.System) -> None:
    (system.root / "pipelines" / "toy" / "train.py").write_text("# A remark.\nx = 1\n")


@pytest.mark.parametrize(
    ("change", "changed", "told"),
    [
        (_trained_by_other_code, ("training code",), "2 trainings of other training code"),
        (_other_data, ("data",), "2 trainings of other data"),
        (_measured_by_other_code, ("measuring code",), "2 trainings"),
        (_other_words, (), "2 trainings"),
        (_other_last_bits, (), "2 trainings"),
    ],
)
def test_other_data_and_code_are_told(
    system: project.System, change: Any, changed: tuple[str, ...], told: str
) -> None:
    trainings.write(system, Params(), tables(0.5, 0.7), {})
    change(system)
    study = trainings.read(system, Params())
    assert study is not None
    assert study.changed == changed
    wide = study.widen(row(0.5))
    assert wide["scope"] == "method"
    assert wide["method"].endswith(told)


def test_changed_code_that_makes_the_first_training_again_is_no_other(
    system: project.System,
) -> None:
    trainings.write(system, Params(), tables(0.5, 0.7), {})
    _trained_by_other_code(system)
    study = trainings.read(system, Params())
    assert study is not None
    assert study.changed == ("training code",)
    made = [row(0.5004), row(0.9, "training", "steady"), row(0.1, None, "leaks")]
    held = study.held(made, lambda _: "trained")
    assert (held.changed, held.remade) == ((), 2)
    assert held.widen(row(0.5))["method"].endswith("by 2 trainings")
    # Of another seed, of other code, undefined today: each is another training.
    for other in (row(0.7), row(0.52), row(None)):
        assert study.held([other, made[1]], lambda _: "trained") == study
    # What is sampled is another text each time, and alone it shows nothing.
    some = study.held([row(0.7), made[1]], lambda r: 0.0 if r["metric"] == "steady" else "sampled")
    assert some.remade == 1
    assert study.held(made, lambda _: "sampled") == study
    assert study.held([row(0.5, metric="new")], lambda _: "trained") == study


def test_other_data_stay_other_data(system: project.System) -> None:
    trainings.write(system, Params(), tables(0.5, 0.7), {})
    _other_data(system)
    study = trainings.read(system, Params())
    assert study is not None
    assert study.held([row(0.5)], lambda _: "trained") == study
    _measured_by_other_code(system)
    study = trainings.read(system, Params())
    assert study is not None
    assert study.held([row(0.5)], lambda _: "trained").changed == ("data",)


def test_code_that_trains_decides_no_identity_of_what_measures(system: project.System) -> None:
    before = trainings.codes(system)
    _measured_by_other_code(system)
    after = trainings.codes(system)
    assert after["training code"] == before["training code"]
    assert after["measuring code"] != before["measuring code"]


def test_repeated_trainings_are_means_with_intervals_of_the_method() -> None:
    each = [table for _, table in tables(0.5, 0.7, 0.6)]
    assert trainings.over_trainings(each[:1]) is each[0]
    found = {r["metric"]: r for r in trainings.over_trainings(each).to_pylist()}
    assert found["leaks"] == each[0].to_pylist()[1]
    one = found["accuracy"]
    assert (one["estimate"], one["scope"]) == (pytest.approx(0.6), "method")
    # Items: 0.1 to each side; trainings: t(2) times 0.1 over the root of three.
    assert one["ci_lo"] == pytest.approx(0.6 - (0.1**2 + (4.302653 * 0.1 / 3**0.5) ** 2) ** 0.5)
    assert found["steady"]["ci_hi"] == pytest.approx(1.0)
    gone = trainings.over_trainings([table for _, table in tables(0.5, None)]).to_pylist()[0]
    assert (gone["estimate"], gone["ci_lo"]) == (0.5, None)
    assert gone["reason"] == "no interval: undefined in 1 of 2 trainings"


def test_a_count_gets_its_interval_from_the_trainings() -> None:
    each = []
    for value in (7.0, 9.0):
        found = Estimate(value, reason="no interval: no sample", scope="training")
        each.append(statistics_table([statistic_row("toy", "net", "codes", {}, found)]))
    [row_] = trainings.over_trainings(each).to_pylist()
    assert row_["ci_hi"] == pytest.approx(8 + 12.706205 * 2**0.5 / 2**0.5)
    assert row_["reason"] is None


@pytest.mark.parametrize(
    ("least", "most"), [(0.0, 1.0), (None, 0.75), (None, None), (-0.0001, 1e30)]
)
def test_what_is_impossible_is_cut(least: float | None, most: float | None) -> None:
    study = Study(2, {("net", "accuracy", "k=1"): (0.1, 0.9)})
    wide = study.widen(cast(StatisticRow, {**row(0.5), "least": least, "most": most}))
    assert wide["ci_lo"] == least if least is not None else cast(float, wide["ci_lo"]) < 0
    assert wide["ci_hi"] == most if most in (0.75, 1.0) else cast(float, wide["ci_hi"]) > 1
    assert (wide["trainings"], wide["se_trainings"]) == (2, pytest.approx(0.8 / 2**0.5))
    assert wide["mde"] is not None


def test_a_ratio_is_widened_by_how_its_trainings_multiply_it() -> None:
    study = Study(2, {("net", "accuracy", "k=1"): (0.5, 5.0)})
    plain = study.widen(row(0.5))
    ratio = study.widen(cast(StatisticRow, {**row(0.5), "least": 0.0}))
    assert cast(float, plain["ci_lo"]) < 0 < cast(float, ratio["ci_lo"])
    both = [
        statistics_table([statistic_row("toy", "net", "saving", {}, Estimate(
            value, ci_lo=value / 2, ci_hi=value * 2, scope="training", least=0.0))])
        for value in (1.0, 100.0)
    ]  # fmt: skip
    [found] = trainings.over_trainings(both).to_pylist()
    assert 0 < found["ci_lo"] < found["estimate"] == pytest.approx(50.5)


def _codes(value: float, ends: tuple[float, float] | None = None) -> pa.Table:
    found = Estimate(value, reason="no interval: no sample", scope="training")
    if ends is not None:
        found = Estimate(value, ci_lo=ends[0], ci_hi=ends[1], scope="training")
    return statistics_table([statistic_row("toy", "net", "codes", {}, found)])


def test_no_interval_of_no_width_and_none_of_some_trainings_alone() -> None:
    [same] = trainings.over_trainings([_codes(7.0), _codes(7.0)]).to_pylist()
    assert (same["estimate"], same["ci_lo"]) == (7.0, None)
    assert same["reason"] == "no interval: the same in every training"
    [mixed] = trainings.over_trainings([_codes(7.0), _codes(9.0, (8.0, 10.0))]).to_pylist()
    assert (mixed["estimate"], mixed["ci_lo"], mixed["scope"]) == (8.0, None, "training")
    assert mixed["reason"] == "no interval: no interval over items in 1 of 2 trainings"
