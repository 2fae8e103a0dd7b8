from __future__ import annotations

from typing import Any

import pytest
from gate_evidence import gate_result

from measurand.gates.telling.explanations import explain
from measurand.gates.telling.sentences import describe, figures
from measurand.gates.verdict import GateResult


def result(**more: Any) -> GateResult:
    base: dict[str, Any] = {
        "id": "g", "state": "pass", "reason_code": "limit_met", "sentence": "", "model": "m",
        "test": "threshold", "metric": "accuracy", "direction": "higher", "source": "items",
        "estimate": 0.9, "lower": 0.88, "upper": 0.92, "limit": 0.85, "alpha": 0.05, "power": 0.8,
        "n": 600, "clusters": 60, "sd": 0.3, "min_n": 200, "min_clusters": 10,
    }  # fmt: skip
    return gate_result(**{**base, **more})


def difference(**more: Any) -> GateResult:
    base = {"test": "non_inferiority", "limit": None, "margin": 0.02, "baseline": "main (abc)",
            "baseline_estimate": 0.904, "estimate": -0.004, "lower": -0.012, "upper": 0.004,
            "reason_code": "not_worse"}  # fmt: skip
    return result(**{**base, **more})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            result(),
            "g [m] passes: accuracy is 0.9, with 95% confidence at least 0.88; the limit is at "
            "least 0.85. (600 items in 60 clusters.)",
        ),
        (
            result(state="fail", limit=0.95),
            "g [m] fails: accuracy is 0.9, with 95% confidence at most 0.92; the limit is at least "
            "0.95. (600 items in 60 clusters.)",
        ),
        (
            result(direction="lower", limit=0.95),
            "g [m] passes: accuracy is 0.9, with 95% confidence at most 0.92; the limit is at most "
            "0.95. (600 items in 60 clusters.)",
        ),
        (
            result(state="inconclusive", limit=0.89, n_needed=1600, clusters_needed=160, looks=2),
            "g [m] is undecided: accuracy is 0.9, with 95% confidence at least 0.88 and at most "
            "0.92; the limit is at least 0.89. (600 items in 60 clusters.) About 1000 more items "
            "(100 more clusters) would decide, were the truth as measured (power 80%). This is "
            "look 2 at one question, so alpha is divided by 2.",
        ),
        (
            result(state="inconclusive", limit=0.89, trainings=5, trainings_needed=34),
            "g [m] is undecided: accuracy is 0.9, with 95% confidence at least 0.88 and at most "
            "0.92; the limit is at least 0.89. (600 items in 60 clusters.) The mean of about 34 "
            "trainings over the same rows would decide, were the truth as measured (power 80%).",
        ),
        (
            result(state="inconclusive", limit=0.89, trainings_needed=9, n_needed=4000),
            "g [m] is undecided: accuracy is 0.9, with 95% confidence at least 0.88 and at most "
            "0.92; the limit is at least 0.89. (600 items in 60 clusters.) The mean of about 9 "
            "trainings over about 4000 rows would decide, were the truth as measured (power 80%).",
        ),
        (
            result(state="inconclusive", limit=0.9, clusters=600),
            "g [m] is undecided: accuracy is 0.9, with 95% confidence at least 0.88 and at most "
            "0.92; the limit is at least 0.9. (600 items in 600 clusters.) It lies so near the "
            "limit that no realistic sample would decide.",
        ),
        (
            result(state="inconclusive", reason_code="underpowered", n=50, clusters=5,
                   n_needed=200, clusters_needed=20),
            "g [m] is undecided: accuracy is 0.9, with 95% confidence at least 0.88 and at most "
            "0.92; the limit is at least 0.85. 50 items in 5 clusters are fewer than the least "
            "sample of 200 in 10 clusters. About 150 more items (15 more clusters) would decide, "
            "were the truth as measured (power 80%).",
        ),
        (
            difference(),
            "g [m] passes: accuracy is 0.004 lower than the baseline (main (abc), which has "
            "0.904), with 95% confidence at worst 0.012 lower; 0.02 lower would be too much. "
            "(600 items in 60 clusters.)",
        ),
        (
            difference(state="fail", estimate=0.04, lower=0.03, upper=0.05, direction="lower"),
            "g [m] fails: accuracy is 0.04 higher than the baseline (main (abc), which has "
            "0.904), with 95% confidence at best 0.03 higher; 0.02 higher would be too much. "
            "(600 items in 60 clusters.)",
        ),
        (
            difference(test="equivalence", reason_code="equivalent"),
            "g [m] passes: accuracy is 0.004 lower than the baseline (main (abc), which has "
            "0.904), with 95% confidence between 0.012 lower and 0.004 higher (each side alone); "
            "0.02 either way would be too much. (600 items in 60 clusters.)",
        ),
        (
            difference(test="superiority", margin=None, state="inconclusive",
                       reason_code="better_uncorrected", estimate=0.02, lower=-0.001, upper=0.04,
                       p=0.03, p_adjusted=0.09, correction="Holm's correction over 3 gates",
                       alpha=0.05 / 3, n_needed=900, clusters_needed=90),
            "g [m] is undecided: accuracy is 0.02 higher than the baseline (main (abc), which has "
            "0.904), with 98.33% confidence between 0.001 lower and 0.04 higher; it must be shown "
            "to be higher. (600 items in 60 clusters.) p is 0.03, 0.09 after Holm's correction "
            "over 3 gates. Alone it would have shown a gain; among so many it does not. About 300 "
            "more items (30 more clusters) would decide, were the truth as measured (power 80%).",
        ),
        (
            difference(test="superiority", margin=None, reason_code="better", direction="lower",
                       estimate=-0.02, lower=-0.03, upper=-0.01),
            "g [m] passes: accuracy is 0.02 lower than the baseline (main (abc), which has "
            "0.904), with 95% confidence at worst 0.01 lower; it must be shown to be lower. "
            "(600 items in 60 clusters.)",
        ),
        (
            difference(test="regression", margin=None, reason_code="no_regression_shown",
                       mde=0.0123),
            "g [m] passes: accuracy is 0.004 lower than the baseline (main (abc), which has "
            "0.904), with 95% confidence between 0.012 lower and 0.004 higher. No loss is shown, "
            "which is weak evidence that there is none; a loss of 0.0123 would have been seen "
            "(power 80%). (600 items in 60 clusters.)",
        ),
        (
            difference(test="regression", margin=None, state="fail", reason_code="regressed",
                       estimate=-0.02, lower=-0.03, upper=-0.01),
            "g [m] fails: accuracy is 0.02 lower than the baseline (main (abc), which has "
            "0.904), with 95% confidence at best 0.01 lower; a loss is shown only where it is "
            "sure to be lower. (600 items in 60 clusters.)",
        ),
        (
            difference(test="exact_equal", margin=None, state="fail", reason_code="unequal",
                       estimate=1.0, lower=1.0, upper=1.0, counts=(("unequal", 3),),
                       flags=("exact",)),
            "g [m] fails: accuracy differs from the baseline (main (abc)) on 3 items, by at most "
            "1. (600 items in 60 clusters.)",
        ),
        (
            difference(test="exact_equal", margin=None, reason_code="equal", estimate=0.0,
                       lower=0.0, upper=0.0, flags=("exact",)),
            "g [m] passes: accuracy is exactly that of the baseline (main (abc)). "
            "(600 items in 60 clusters.)",
        ),
        (
            difference(flags=("anytime",), looks=2, alpha=0.025),
            "g [m] passes: accuracy is 0.004 lower than the baseline (main (abc), which has "
            "0.904), with 97.5% confidence at worst 0.012 lower; 0.02 lower would be too much. "
            "(600 items in 60 clusters.) This is candidate 2 for one sequence of bets, so alpha "
            "is divided by 2.",
        ),
        (
            result(state="error", reason_code="empty_slice", detail="no rows (mend slice)"),
            "g [m] could not be put: no rows (mend slice)",
        ),
        (
            result(state="inconclusive", estimate=None, reason_code="undefined", detail="constant"),
            "g [m] is undecided: accuracy is undefined (constant).",
        ),
        (
            result(state="inconclusive", estimate=None, reason_code="undefined", detail="constant",
                   n=6, clusters=2, min_n=10, min_clusters=10),
            "g [m] is undecided: accuracy is undefined (constant). 6 items in 2 clusters are fewer "
            "than the least sample of 10 in 10 clusters.",
        ),
        (
            result(state="inconclusive", estimate=None, reason_code="undefined", n=10, clusters=10,
                   min_n=10, min_clusters=10),
            "g [m] is undecided: accuracy is undefined.",
        ),
        (
            result(state="inconclusive", limit=0.89, n_needed=600, clusters_needed=60),
            "g [m] is undecided: accuracy is 0.9, with 95% confidence at least 0.88 and at most "
            "0.92; the limit is at least 0.89. (600 items in 60 clusters.)",
        ),
        (
            result(state="inconclusive", limit=0.89, n=None, clusters=None, n_needed=70),
            "g [m] is undecided: accuracy is 0.9, with 95% confidence at least 0.88 and at most "
            "0.92; the limit is at least 0.89. About 70 more items would decide, were the truth "
            "as measured (power 80%).",
        ),
    ],
)  # fmt: skip
def test_a_result_reads_as_plain_words(given: GateResult, sentence: str) -> None:
    assert describe(given) == sentence


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((0.69999996, 0.7), ["0.69999996", "0.7"]),
        ((0.7, 0.7), ["0.7", "0.7"]),
        ((1.0, None), ["1", "undefined"]),
        ((-0.0,), ["0"]),
        ((1e300, 1e-300), ["1e+300", "1e-300"]),
        ((0.1 + 0.2, 0.3), ["0.3", "0.3"]),
        ((None,), ["undefined"]),
    ],
)
def test_distinct_figures_never_look_equal(values: tuple[float, ...], texts: list[str]) -> None:
    assert figures(*values) == texts


def test_the_explanation_holds_rule_and_figures() -> None:
    lines = explain(difference(mde=0.015, p=0.0123, counts=(("rows", 600),), flags=("rescaled",)))
    text = "\n".join(lines)
    for part in ("exactly the margin is no pass", "p: 0.0123", "detectable effect: 0.015",
                 "rows 600", "rescaled", "least sample: 200 in 10 clusters"):  # fmt: skip
        assert part in text
    assert not any("None" in line for line in lines)
