"""One rule for what an interval allows to say."""

from __future__ import annotations

import pytest

from measurand.reporting.evidence import evidence, evidence_of, say, size, units
from measurand.results import StatisticRow
from measurand.statistics import statistic_row
from measurand.stats.estimate import Estimate, undefined

WORDS = {"above": "rises by {size}", "below": "falls by {size}", "unsure": "changes by {size}"}


def row(
    value: float, low: float | None, high: float | None, n: int = 50, clusters: int | None = None
) -> StatisticRow:
    found = Estimate(value, ci_lo=low, ci_hi=high, n=n, n_clusters=clusters, reason="r")
    return statistic_row("s", "m", "x", {}, found)


@pytest.mark.parametrize(
    ("figure", "against", "word"),
    [
        ((0.3, 0.1, 0.5, 50), 0.0, "above"),
        ((-0.3, -0.5, -0.1, 50), 0.0, "below"),
        ((0.3, -0.1, 0.5, 50), 0.0, "undecided"),
        ((-0.3, -0.5, 0.1, 50), 0.0, "undecided"),
        ((0.3, 0.0, 0.5, 50), 0.0, "undecided"),
        ((0.0, 0.0, 0.0, 50), 0.0, "undecided"),
        ((0.9, 0.8, 1.0, 4), 0.0, "few"),
        ((0.9, 0.8, 1.0, 5), 0.0, "above"),
        ((0.9, 0.8, 1.0, None), 0.0, "above"),
        ((0.9, None, None, 50), 0.0, "few"),
        ((None, None, None, 50), 0.0, "undefined"),
        ((0.9, 0.8, 0.95, 50), 1.0, "below"),
        ((3.0, 0.9, 4.0, 50), 1.0, "undecided"),
    ],
)
def test_the_interval_decides_and_never_the_estimate(
    figure: tuple[float | None, float | None, float | None, int | None], against: float, word: str
) -> None:
    assert evidence(*figure, against=against) == word


def test_clusters_count_and_not_their_rows() -> None:
    few = row(0.8, 0.7, 0.9, n=1000, clusters=2)
    assert (units(few), evidence_of(few)) == (2, "few")
    assert evidence_of(row(0.8, 0.7, 0.9, n=1000)) == "above"
    assert evidence_of(None) == "undefined"


def test_sentences_say_how_much_and_how_sure() -> None:
    assert say(row(0.3, 0.1, 0.5), **WORDS) == "rises by 0.30 [0.10, 0.50]"
    assert say(row(-0.3, -0.5, -0.1), **WORDS) == "falls by 0.30 [0.10, 0.50]"
    unsure = say(row(0.3, -0.1, 0.5), **WORDS)
    assert unsure == "changes by +0.30 [-0.10, +0.50]: this sample cannot tell whether at all"
    few = say(row(0.0, 0.0, 0.0, clusters=3), **WORDS)
    assert few == "changes by +0.00 without an interval: this sample is too small to tell (n = 3)"
    none = statistic_row("s", "m", "x", {}, undefined("no pairs"))
    assert say(none, **WORDS) == "changes by an undefined size (no pairs)"


def test_a_ratio_is_no_difference() -> None:
    assert say(row(0.5, 0.4, 0.6), against=1.0, **WORDS) == "falls by 0.50 [0.40, 0.60]"


def test_sizes_without_interval_say_so() -> None:
    assert size(row(0.5, None, None), form=".0%") == "50% without an interval"
    assert size(row(-0.5, -0.6, -0.4), "+", -1) == "+0.50 [+0.40, +0.60]"


def test_a_method_is_not_found_in_one_training() -> None:
    one = row(0.3, 0.1, 0.5) | {"scope": "training"}
    many = row(0.3, 0.1, 0.5) | {"scope": "method"}
    untrained = row(0.3, 0.1, 0.5)
    asked = [(one, "training"), (one, None), (many, "method"), (untrained, "method")]
    assert {evidence_of(r, scope=s) for r, s in asked} == {"above"}  # type: ignore[arg-type]
    assert evidence_of(one, scope="method") == "one"  # type: ignore[arg-type]
    said = say(one, **WORDS, scope="method")  # type: ignore[arg-type]
    assert said == "changes by +0.30 [+0.10, +0.50]: one training; not a finding about the method"
    assert say(one, **WORDS) == "rises by 0.30 [0.10, 0.50]"  # type: ignore[arg-type]
