from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from evaluators.compwob.complexity import slope
from evaluators.elastictok.context import ratio
from measurand.reporting import figures
from measurand.reporting.cells import lay_out
from measurand.reporting.document import Figure, Table
from measurand.reporting.lookup import Figures
from measurand.reporting.worth import RATES, said, worth
from measurand.results import StatisticRow
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.aggregate import improvement_probability, performance_profile
from measurand.stats.calibration import calibration_error
from measurand.stats.correlation import pearson, spearman
from measurand.stats.crossed import crossed_mean
from measurand.stats.estimate import Estimate
from measurand.stats.htmt import heterotrait_monotrait
from measurand.stats.kappa import cohen_kappa
from measurand.stats.means import bootstrap_means, cluster_mean
from measurand.stats.medians import median_difference
from measurand.stats.mtmm import convergent_discriminant
from measurand.stats.ratios import ratio_of_sums, share_of_sums, signed_ratio_of_sums
from measurand.stats.repeats import nested_correlation, nested_reliability

RNG = np.random.default_rng(5)
COVERAGE = (Path(__file__).parents[3] / "docs" / "coverage.md").read_text(encoding="utf-8")


def row_of(found: Estimate) -> dict[str, Any]:
    return statistics_table([statistic_row("s", "m", "x", {}, found)]).to_pylist()[0]


def told(found: Estimate) -> str:
    return worth(cast("StatisticRow", row_of(found))) or ""


def _forms(figure: str, n: int = 10) -> Estimate:
    traits = RNG.normal(size=(n, 4))
    found = convergent_discriminant(*(traits + RNG.normal(size=(n, 4)) for _ in range(2)))
    made: Estimate = getattr(found, figure)
    return made


def _htmt(n: int) -> Estimate:
    x = np.repeat(RNG.normal(size=(n, 2)), 4, axis=1) + 0.5 * RNG.normal(size=(n, 8))
    return heterotrait_monotrait(x, np.repeat(["a", "b"], 4))["a", "b"]


def _error(debiased: bool) -> Estimate:
    q = RNG.uniform(0.05, 0.95, 120)
    hits = (RNG.random(120) < q).astype(float)
    return calibration_error(q, hits, debiased=debiased, resamples=200)


def _kappa(items: int) -> Estimate:
    a = RNG.integers(0, 2, 60).astype(float)
    pairs = np.array([RNG.choice(items, 2, replace=False) for _ in range(60)])
    return cohen_kappa(a, np.where(RNG.random(60) < 0.8, a, 1 - a), by=pairs)


def _two(n: int) -> tuple[np.ndarray, np.ndarray]:
    x = RNG.normal(size=n)
    return x, x + RNG.normal(size=n)


def _crossed(sets: int) -> Estimate:
    x = RNG.normal(size=(sets, 24))
    first, second = np.indices(x.shape)
    return crossed_mean(x.ravel(), first.ravel(), second.ravel())


def _boot(groups: int) -> Estimate:
    x = RNG.normal(size=(groups * 5, 1))
    return bootstrap_means(x, clusters=np.repeat(np.arange(groups), 5), resamples=200)[0]


def _medians(n: int) -> Estimate:
    high = np.tile([True, False], n)
    clusters = np.repeat(np.arange(n), 2)
    return median_difference(RNG.normal(size=2 * n) + high, high, clusters=clusters, resamples=200)


def _slope() -> Estimate:
    x = np.repeat(np.arange(8.0), 10)
    return slope(pl.DataFrame({"x": x, "success": (RNG.random(80) < 0.5) * 1.0, "task": x}), "x")


def _hits(n: int, k: int) -> np.ndarray:
    return (RNG.random((n, k)) < RNG.random((n, 1))).astype(float)


def _tasks(n: int) -> Estimate:
    names = ("task", "seed", "episode")
    return nested_reliability(_hits(n, 6).ravel(), np.repeat(np.arange(n), 6), names=names)


def _clips() -> Estimate:
    clips = np.repeat(np.arange(28), 4)
    return ratio(*np.exp(RNG.normal(size=(2, 112))), clips, "ratio of mean errors")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: _forms("discriminant"), "94 to 100; 89 where"),
        (lambda: _forms("gap"), "98 to 100"),
        (lambda: _htmt(10), "94 to 99, most near 0"),
        (lambda: _error(False), "94 to 98"),
        (lambda: _error(True), "98 or 99"),
        (lambda: spearman(*_two(10)).estimate, "98"),
        (lambda: pearson(*_two(25)).estimate, "92 to 94 where values are skewed"),
        (lambda: _crossed(2), "94 to 98"),
        (lambda: _boot(5), "92"),
        (lambda: _medians(10), "98"),
        (lambda: _kappa(40), "90 to 93"),
        (lambda: ratio_of_sums(*np.exp(RNG.normal(size=(2, 10)))), "94 to 96; 96 to 100"),
        (lambda: performance_profile(RNG.normal(size=(6, 2)), np.zeros(1))[0], "94 to 98"),
        (lambda: _slope(), "96 or 97 with ten episodes each, 98 with two"),
        (lambda: nested_correlation(_hits(30, 2)), "thirty units: 95 to 97; 98 or 99"),
        (lambda: _tasks(8), "92 to 98"),
    ],
)
def test_intervals_beyond_93_to_97_say_how_often_they_hold(
    make: Callable[[], Estimate], words: str
) -> None:
    found = make()
    assert found.ci_lo is not None, found.reason
    text = told(found)
    assert text.startswith("How many of 100 such intervals hold the truth")
    assert words in text


def test_a_study_of_trainings_is_told_beside_the_method_it_widens() -> None:
    found = row_of(spearman(*_two(10)).estimate)
    found["method"] += "; widened by 5 trainings"
    text = worth(cast("StatisticRow", found))
    assert text is not None
    assert text.endswith(
        "of Spearman's correlation of ten units: 98; of a figure of one training, widened by what "
        "a study of others found: 95 to 99."
    )


def test_intervals_that_hold_as_they_say_and_figures_without_one_say_nothing() -> None:
    for found in (
        _forms("convergent"),
        spearman(*_two(30)).estimate,
        pearson(*_two(10)).estimate,
        _crossed(3),
        _boot(10),
        _medians(30),
        _kappa(400),
        cluster_mean(RNG.normal(size=30)),
        nested_reliability((RNG.normal(size=(20, 1)) + RNG.normal(size=(20, 4))).ravel(),
                           np.repeat(np.arange(20), 4)),
        share_of_sums(np.arange(1.0, 9), np.full(8, 20.0)),
        improvement_probability(*RNG.normal(size=(2, 6, 6))),
        _tasks(20),
        nested_correlation(_hits(92, 2)),
        _clips(),
        signed_ratio_of_sums(RNG.normal(size=32), np.full(32, 20.0)),
        spearman(*_two(3)).estimate,
    ):  # fmt: skip
        assert told(found) == "", found.method


def test_tables_and_pictures_say_it_once_below() -> None:
    rows = [statistic_row("s", "m", f"x{i}", {}, _forms("gap")) for i in range(3)]
    shown = Figures(statistics_table(rows))
    cells = [[f"x{i}", shown.cell("m", f"x{i}")] for i in range(3)]
    laid = lay_out(Table("Gaps", ("name", "gap"), cells, ("A note.",)))
    assert laid.notes[0] == "A note."
    assert laid.notes[1:] == tuple(said(cells))
    assert len(laid.notes) == 2
    dots = {"rows": [shown.dot(f"x{i}", "m", f"x{i}") for i in range(3)]}
    assert list(figures.twin(Figure("forest", "Gaps", "Dots.", dots)).notes)[-1] == laid.notes[1]
    plain = lay_out(Table("Means", ("name", "mean"), [["a", 1.5]]))
    assert plain.notes == ()


def test_the_words_are_those_of_the_table_of_coverage() -> None:
    for words in ("gap, widened | 50 rows, truth 0 | 0.40 | 0.983", "(.89)",
                  "gap, widened | 10 rows, truth 0.25 | 0.40 | 0.998",
                  "mean absolute r, widened | 50 rows, truth 0.25 | 0.25 | 0.943",
                  "mean absolute r, widened | 10 rows, truth 0.25 | 0.25 | 1.000",
                  "htmt, widened | 50 rows, 2 x 5 items, truth 0 | 0.00 | 0.987",
                  "htmt, widened | 50 rows, 2 x 5 items, truth 0.5 | 0.50 | 0.937",
                  "spearman | 10 clusters of 1 | 0.48 | 0.982",
                  "bootstrap mean | 5 clusters of 5 | 0.00 | 0.917",
                  "difference of medians | 10 clusters of 2 | 1.00 | 0.978",
                  "calibration error, squared | calibrated, 120 pairs of 220 items | 0.00 | 0.987",
                  "six in ten at the budget | 1.00 | 1.000", "items, log-normal | 1.00 | 0.938",
                  "threshold | 10 runs x 6 tasks | 0.56 | 0.977", "six tasks .944",
                  "slope over tasks | 5 tasks x 2 episodes | 0.58 | 0.982",
                  "slope over tasks | 5 tasks x 10 episodes | 0.58 | 0.965",
                  "92 scenarios x 2 of 0 or 1, 10% are 1, ICC 0.10 | 0.10 | 0.952",
                  "5% are 1, ICC 0.50 | 0.50 | 0.985", ".950 to .967 of 30, .985 where",
                  "alike .943 (28 clips)", "apart .935 and .941", "log-ratio by token* .945",
                  "9 tasks x 4 of 0 or 1, 50% are 1 | 0.67 | 0.978",
                  "8 tasks x 4 of 0 or 1, 25% are 1 | 0.67 | 0.921",
                  "20 trials on .86"):  # fmt: skip
        assert words in COVERAGE.replace("\n", " "), words
    assert "86 at the worst one" in RATES
