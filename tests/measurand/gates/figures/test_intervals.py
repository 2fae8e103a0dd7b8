"""The intervals that a gate file may name, against their own packages and published figures."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
import scipy.stats
from gate_evidence import Project, bits, non_inferiority, rows, write_items
from statsmodels.stats.weightstats import ttost_paired

from measurand.gates.figures.bounds import EvidenceError, Items
from measurand.gates.figures.intervals import RARE, RESAMPLES, measure
from measurand.stats.equivalence import equivalence
from measurand.stats.means import cluster_mean, paired_difference
from measurand.stats.rates import jeffreys, newcombe, newcombe_paired
from measurand.stats.resample import unexpanded

Better = Literal["higher", "lower"]
RNG = np.random.default_rng(8)


def items(values: Any, clusters: Any = None, **more: Any) -> Items:
    x = np.asarray(values, dtype=float)
    return Items(x, np.arange(len(x)) if clusters is None else np.asarray(clusters), **more)


def paired(both: int, now: int, before: int, neither: int) -> Items:
    sizes = (both, now, before, neither)
    level = np.repeat([1.0, 0.0, 1.0, 0.0], sizes)
    return items(np.repeat([0.0, 1.0, -1.0, 0.0], sizes), paired=True, level=level)


def bounds(sample: Items, **more: Any) -> Any:
    base: dict[str, Any] = {"alpha": 0.05, "confidence": 0.95, "interval": "auto", "null": 0.0,
                            "better": "higher"}  # fmt: skip
    return measure(sample, **{**base, **more})


def test_newcombe_of_pairs_is_the_published_one() -> None:
    """Newcombe (1998), table III: 36, 12, 2 and 0 of 50 give .0569 to .3404."""
    found = bounds(paired(36, 12, 2, 0), interval="newcombe")
    assert (found.ci_lo, found.ci_hi) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    assert (found.n, found.clusters) == (50, 50)
    one_sided = newcombe_paired(36, 12, 2, 0)
    assert (found.lower, found.upper) == pytest.approx((one_sided.lower, one_sided.upper))


def test_two_samples_of_rates_get_newcombes_interval() -> None:
    a, b = items(bits(80, 0.7)), items(bits(60, 0.5))
    found = bounds(a, other=b)
    theirs = newcombe(56, 80, 30, 60)
    assert (found.ci_lo, found.ci_hi) == pytest.approx((theirs.ci_lo, theirs.ci_hi))
    assert (found.n, found.clusters, found.flags) == (60, 60, ("unpaired",))


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_two_samples_of_scores_get_welchs_interval(alpha: float) -> None:
    a, b = RNG.normal(0.3, 1, 50), RNG.normal(0, 2, 80)
    found = bounds(items(a), other=items(b), alpha=alpha)
    test = scipy.stats.ttest_ind(a, b, equal_var=False, alternative="greater")
    low = test.confidence_interval(1 - alpha).low
    assert found.lower == pytest.approx(low)
    assert found.p == pytest.approx(test.pvalue, rel=1e-6)


def test_jeffreys_bounds_and_their_p() -> None:
    sample = items(bits(200, 0.9))
    found = bounds(sample, interval="jeffreys", null=0.85)
    theirs = jeffreys(180, 200)
    assert (found.ci_lo, found.lower) == pytest.approx((theirs.ci_lo, theirs.lower))
    edge = bounds(sample, interval="jeffreys", null=theirs.lower)
    assert edge.p == pytest.approx(0.05)
    none = bounds(items([0.0] * 50), interval="jeffreys", null=1e-9)
    assert none.p == 1.0


@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize(
    ("interval", "sample", "other"),
    [
        ("newcombe", paired(300, 30, 22, 80), None),
        ("newcombe", items(bits(300, 0.8)), items(bits(250, 0.77))),
        ("t", items(RNG.normal(0, 1, 90)), items(RNG.normal(0, 1, 60))),
    ],
)
def test_p_is_at_most_alpha_exactly_where_the_bound_is_beyond_the_null(
    interval: str, sample: Items, other: Items | None, better: Better
) -> None:
    for alpha in (0.3, 0.05, 0.01):
        found = bounds(sample, interval=interval, other=other, alpha=alpha, better=better)
        edge = found.lower if better == "higher" else found.upper
        for nudge in (-1e-6, 1e-6):
            asked = bounds(
                sample,
                interval=interval,
                other=other,
                alpha=alpha,
                null=edge + nudge,
                better=better,
            )
            beyond = nudge < 0 if better == "higher" else nudge > 0
            assert (asked.p <= alpha) == beyond


def test_the_bootstrap_is_scipys_to_monte_carlo_error() -> None:
    x = RNG.exponential(size=120)
    found = bounds(items(x), interval="bootstrap", null=0.8, seed_words=("a",))
    theirs = scipy.stats.bootstrap(
        (x,), np.mean, n_resamples=20_000, method="percentile", confidence_level=0.90,
        rng=np.random.default_rng(1),
    )  # fmt: skip
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert found.lower == pytest.approx(theirs.confidence_interval.low, abs=0.03 * width)
    assert found.upper == pytest.approx(theirs.confidence_interval.high, abs=0.03 * width)
    share = (theirs.bootstrap_distribution <= 0.8).mean()
    assert found.p == pytest.approx(share, abs=0.005)
    again = bounds(items(x), interval="bootstrap", null=0.8, seed_words=("a",))
    assert (again.lower, again.seed) == (found.lower, found.seed)
    assert bounds(items(x), interval="bootstrap", seed_words=("b",)).lower != found.lower
    # Beyond a null that no resample reaches lies the observed mean alone.
    sure = bounds(items(x), interval="bootstrap", null=-1.0, seed_words=("a",))
    assert sure.p == unexpanded(1 / (1 + RESAMPLES), 120)


def test_the_bootstrap_draws_clusters_whole() -> None:
    effects = np.repeat(RNG.normal(0, 1, 40), 10)
    found = bounds(items(effects, np.arange(400) // 10), interval="bootstrap")
    clustered = cluster_mean(effects, np.arange(400) // 10)
    assert found.se == pytest.approx(clustered.se, rel=0.05)
    assert found.clusters == 40
    few = bounds(items(effects[:40], np.arange(40) // 10), interval="bootstrap")
    assert (few.lower, few.upper) == (None, None)
    assert few.reason is not None


def test_no_resample_lies_beyond_a_tiny_level() -> None:
    found = bounds(items(RNG.normal(size=50)), interval="bootstrap", alpha=1e-4)
    assert (found.lower, found.p) == (None, None)
    assert "resamples cannot give" in found.reason


@pytest.mark.parametrize(
    ("sample", "refused"),
    [
        (items([1.0] * 991 + [0.0] * (RARE - 1)), True),
        (items([1.0] * 990 + [0.0] * RARE), False),
        (items([1.0] * 500 + [0.0] * 500, np.arange(1000) // 200), True),
        (items([0.0] * 995 + [1.0] * 3 + [-1.0] * 2, paired=True), True),
        (items([0.0] * 980 + [1.0] * 10 + [-1.0] * 10, paired=True), False),
        (items([0.3] * 50), True),
        (items([0.3] * 49 + [0.4]), False),
    ],
)
def test_bootstrap_near_0_or_1_is_refused(sample: Items, refused: bool) -> None:
    if not refused:
        assert bounds(sample, interval="bootstrap").lower is not None
        return
    with pytest.raises(EvidenceError) as caught:
        bounds(sample, interval="bootstrap")
    assert caught.value.code == "bootstrap_at_edge"


@pytest.mark.parametrize(
    ("sample", "other", "code"),
    [
        (items([0.5, 0.0], paired=True, level=np.array([0.0, 1.0])), None, "not_binary"),
        (items([0.0, 1.0], [0, 0], paired=True, level=np.zeros(2)), None, "clustered_proportion"),
        (items([0.5, 0.0]), items([0.0, 1.0]), "not_binary"),
        (items([1.0, 0.0], [0, 0]), items([0.0, 1.0]), "clustered_proportion"),
    ],
)
def test_newcombe_is_for_right_and_wrong_of_independent_items(
    sample: Items, other: Items | None, code: str
) -> None:
    with pytest.raises(EvidenceError) as caught:
        bounds(sample, other=other, interval="newcombe")
    assert caught.value.code == code


def test_no_discordant_pair_still_has_a_width() -> None:
    found = bounds(paired(400, 0, 0, 100), interval="newcombe", null=-0.02)
    assert found.estimate == 0
    assert -0.02 < found.lower < 0 < found.upper < 0.02
    assert found.p == pytest.approx(bounds(paired(400, 0, 0, 100), interval="newcombe", null=0.02,
                                           better="lower").p)  # fmt: skip


def test_named_in_a_gate_file(project: Project) -> None:
    project.items(bits(600, 0.9))
    base = project.baseline(bits(600, 0.89))
    for interval, words in (("newcombe", "newcombe"), ("bootstrap", "percentile bootstrap")):
        got = project.one(non_inferiority(dict(base), interval=interval))
        assert (got.state, got.reason_code) == ("pass", "not_worse")
        assert words in got.found.method
    assert got.found.resamples == 10_000
    assert got.found.seed is not None


def test_independent_samples_need_no_common_item(project: Project) -> None:
    project.items(bits(2000, 0.9))
    others = rows(bits(1500, 0.9))
    for row in others:
        row["item_id"] = "x" + row["item_id"]
        row["cluster_id"] = "x" + row["cluster_id"]
    write_items(project.root / "base", others, parents={"toy": "e" * 64})
    free = {"require_same_hash": False}
    paired_ = project.one(non_inferiority({"file": "base"}), dataset=free)
    assert paired_.reason_code == "low_overlap"
    got = project.one(non_inferiority({"file": "base"}, paired=False), dataset=free)
    assert (got.state, got.found.flags, got.found.n) == ("pass", ("unpaired",), 1500)
    assert got.found.estimate == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("margin", [0.01, 0.03, 0.1])
def test_p_of_an_equivalence_gate_is_statsmodels_tost(project: Project, margin: float) -> None:
    a, b = RNG.normal(0.5, 0.2, 250), RNG.normal(0.5, 0.2, 250)
    project.items(a.tolist())
    base = project.baseline(b.tolist())
    got = project.one(non_inferiority(base, margin, test="equivalence"))
    theirs = ttost_paired(a, b, -margin, margin)[0]
    assert got.found.p == pytest.approx(theirs, rel=1e-9)
    assert (got.state == "pass") == (theirs < 0.05)
    clustered = equivalence(paired_difference(a, b, np.arange(250) // 5), margin)
    project.items(a.tolist(), cluster_size=5)
    base = project.baseline(b.tolist(), cluster_size=5)
    got = project.one(non_inferiority(base, margin, test="equivalence"))
    assert got.found.p == pytest.approx(clustered, rel=1e-9)


def test_an_error_that_an_interval_does_not_name_is_its_half_width_in_sigmas() -> None:
    found = bounds(paired(36, 12, 2, 0), interval="newcombe", alpha=0.025)
    assert (found.lower, found.upper) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    assert found.se == pytest.approx((0.3404 - 0.0569) / (2 * 1.959964), abs=5e-5)
    assert found.sd == pytest.approx(found.se * 50**0.5)


def test_means_that_overflow_are_named() -> None:
    big = items([1.7e308, 1.7e308, 1e308])
    with pytest.raises(EvidenceError) as caught, np.errstate(all="ignore"):
        bounds(big, other=items([0.0, 1.0, 2.0]))
    assert caught.value.code == "overflow"


def test_resamples_at_the_null_count_against_it() -> None:
    # 50 of 100 right, null .5: P(X <= 50) of a binomial is .540, P(X < 50) is .460.
    found = bounds(items([1.0, 0.0] * 50), interval="bootstrap", null=0.5, seed_words=("tie",))
    assert scipy.stats.binom.cdf(50, 100, 0.5) == pytest.approx(0.540, abs=5e-4)
    assert found.p == pytest.approx(0.540, abs=0.015)
