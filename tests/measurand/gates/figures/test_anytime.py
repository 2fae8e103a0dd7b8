"""Bounds that hold at every look: validity under repeated looks, and their agreement with bets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from gate_evidence import Project, bits, gate, non_inferiority, rows

from measurand.gates.figures.anytime import Line, _edge, bounds, line_of
from measurand.gates.figures.bounds import EvidenceError, Items
from measurand.sequence import ordered
from measurand.stats.sequential import above

RNG = np.random.default_rng(4)


def line(values: Any, paired: bool = True) -> Line:
    x = np.asarray(values, dtype=float)
    names = tuple(f"c{i:05d}" for i in range(len(x)))
    low, high = (-1.0, 1.0) if paired else (0.0, 1.0)
    return Line(names, x, len(x), low, high, paired)


def found(given: Line, null: float = -0.03, better: Any = "higher", **more: Any) -> Any:
    base: dict[str, Any] = {"alpha": 0.05, "confidence": 0.95, "nulls": [null]}
    return bounds(given, null=null, better=better, **{**base, **more})


def discordant(n: int, truth: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.choice([1.0, -1.0, 0.0], p=[0.05 + truth / 2, 0.05 - truth / 2, 0.9], size=n)


def test_clusters_are_means_in_order_of_their_names() -> None:
    sample = Items(np.array([1.0, 0.0, 1.0, 1.0]), np.array([1, 0, 1, 1]), names=("b", "a"))
    got = line_of(sample, 0.0, 1.0)
    assert got.names == ("a", "b")
    assert got.means.tolist() == [1.0, 0.0]
    first = got.ordered(("b",))
    assert first.names == ("b", "a")
    assert first.digest(1) != got.digest(1)
    names = tuple("abcdefgh")
    eight = Items(np.arange(8) / 8, np.arange(8), names=names)
    assert line_of(eight, 0.0, 1.0, seed=7).names == tuple(ordered(names, 7)) != names
    assert line_of(Items(np.zeros(1), np.zeros(1, int), True, names=("a",)), 0.0, 5.0).low == -5.0


@pytest.mark.parametrize("n", [60, 300, 900, 2000])
@pytest.mark.parametrize("truth", [-0.03, 0.0, 0.04])
def test_the_bound_exceeds_the_null_exactly_where_the_bets_refute_it(n: int, truth: float) -> None:
    d = discordant(n, truth)
    got = found(line(d))
    bets = above(d, -0.03, low=-1.0, high=1.0)
    assert got.p == bets.p
    assert (got.lower > -0.03) == (bets.p <= 0.05)
    other = found(line(d), better="lower")
    assert (got.upper < -0.03) == (other.p <= 0.05)
    assert got.lower < got.upper
    assert got.ci_lo <= got.lower
    assert got.upper <= got.ci_hi


def test_where_every_bet_is_lost_p_is_one() -> None:
    assert found(line([-1.0] * 20), null=-0.5).p == 1


def test_mirrored_differences_have_mirrored_bounds() -> None:
    d = discordant(800, 0.02)
    a, b = found(line(d), null=0.0), found(line(-d), null=0.0, better="lower")
    assert (a.lower, a.upper) == pytest.approx((-b.upper, -b.lower))
    assert a.p == pytest.approx(b.p)


def test_the_bounds_cover_at_every_look() -> None:
    """Over 100 sequences looked at three times, the truth leaves the bounds in at most 10%."""
    missed = 0
    for seed in range(100):
        d = discordant(600, 0.02, seed)
        inside = [found(line(d[:n]), null=0.02, nulls=[0.02]) for n in range(200, 601, 200)]
        missed += not all(x.lower <= 0.02 <= x.upper for x in inside)
    assert missed / 100 <= 0.10 + 3 * math.sqrt(0.1 * 0.9 / 100)


@pytest.mark.parametrize(
    ("values", "null"), [([0.5, 2.0], 0.0), ([0.5, 0.2], 1.0), ([0.5, 0.2], -1.5)]
)
def test_scores_and_nulls_beyond_the_range_are_named(values: list[float], null: float) -> None:
    with pytest.raises(EvidenceError) as caught:
        found(line(values), null=null)
    assert caught.value.code == "beyond_range"


def test_one_cluster_has_bounds_and_no_error() -> None:
    got = found(line([0.2]), null=0.0)
    assert (got.se, got.sd) == (None, None)
    assert got.lower < 0.2 < got.upper


def test_where_bets_both_ways_refute_every_mean_the_bounds_decide_what_they_agree_on() -> None:
    drifting = line([1.0] * 400 + [0.0] * 1600, paired=False)
    got = found(drifting, null=0.5, nulls=[0.5])
    assert got.flags == ("anytime", "crossed")
    assert got.lower < 0.5 < got.upper
    assert got.ci_lo < got.ci_hi
    assert got.p < 0.05
    alone = above(drifting.means, 0.5)
    assert alone.p == got.p


class TestFromFiles:
    def asked(self, project: Project, n: int, share: float = 0.9, **more: Any) -> Any:
        project.items(bits(n, share))
        base = project.baseline(bits(n, 0.9))
        return project.one(non_inferiority(dict(base), margin=0.03, sequential={}, **more))

    def test_a_growing_sample_is_one_question_however_often_it_is_looked_at(
        self, project: Project
    ) -> None:
        project.out = project.root / "out"
        scores = discordant(1000, 0.02, 1)
        p = []
        for n in range(200, 1001, 200):
            before = np.where(scores[:n] == 1, 0.0, 1.0)
            project.items(before + scores[:n])
            base = project.baseline(before)
            got = project.one(non_inferiority(dict(base), margin=0.03, sequential={}))
            assert (got.looks, got.level.alpha) == (1, 0.05)
            p.append(got.found.p)
        assert p == sorted(p, reverse=True)
        assert p[0] > p[-1]
        assert got.state == "pass"

    def test_items_that_come_later_are_bet_on_later(self, project: Project) -> None:
        """Names that sort before those seen already must not get between them."""
        project.out = project.root / "out"
        scores = (RNG.random(600) < 0.9).astype(float)
        late, early = rows(scores[:300]), rows(scores[300:])
        for row in late:
            row["item_id"] = row["cluster_id"] = "a" + row["item_id"]
        question = gate(limit=0.85, sequential={})
        project.results(early)
        project.one(question)
        project.results(late + early)
        grown = project.one(question)
        assert grown.looks == 1
        project.out = None
        fresh = project.one(question)
        assert grown.found.p != fresh.found.p
        order = np.concatenate([scores[300:], scores[:300]])
        assert grown.found.p == above(order, 0.85).p

    def test_another_candidate_is_another_try(self, project: Project) -> None:
        project.out = project.root / "out"
        assert self.asked(project, 400).looks == 1
        changed = self.asked(project, 400, 0.91)
        assert (changed.looks, changed.level.alpha) == (2, 0.025)
        assert self.asked(project, 400).looks == 1

    def test_without_the_option_a_second_look_costs_half_the_level(self, project: Project) -> None:
        project.out = project.root / "out"
        question = gate(limit=0.85)
        project.items(bits(300, 0.9))
        project.one(question)
        project.items(bits(600, 0.9))
        assert project.one(question).level.alpha == 0.025

    def test_clusters_count_once(self, project: Project) -> None:
        project.items(bits(1000, 0.9), cluster_size=20)
        got = project.one(gate(limit=0.5, sequential={}, min_n=0, min_clusters=0))
        found = got.found
        assert (found.n, found.clusters, found.flags) == (1000, 50, ("anytime",))
        assert "hold at every look" in found.method

    def test_scores_beyond_the_stated_range(self, project: Project) -> None:
        project.items([3.0, 4.0] * 200)
        got = project.one(gate(limit=0.5, sequential={}))
        assert (got.state, got.reason_code) == ("error", "beyond_range")
        fits = project.one(gate(limit=3.2, sequential={"low": 0, "high": 5}))
        assert fits.state == "pass"
        assert project.one(gate(limit=7.0, sequential={"low": 0, "high": 5})).reason_code == (
            "beyond_range"
        )

    def test_against_a_number(self, project: Project) -> None:
        project.items(bits(1000, 0.9))
        got = project.one(non_inferiority({"value": 0.9}, margin=0.1, sequential={}))
        assert got.state == "pass"
        assert got.found.estimate == pytest.approx(0.0)
        assert got.found.lower is not None
        assert -0.1 < got.found.lower < 0


def test_the_deviation_is_that_of_the_units_behind_the_error() -> None:
    got = found(line(discordant(400)))
    assert got.sd == pytest.approx(got.se * 20)


def test_differences_have_twice_the_range_of_their_scores() -> None:
    sample = Items(np.array([0.5, -1.0]), np.array([0, 1]), True, names=("a", "b"))
    got = line_of(sample, 1.0, 3.0)
    assert (got.low, got.high) == (-2.0, 2.0)


def test_the_error_of_a_line_is_that_of_its_clusters() -> None:
    # .2, .4 and .9: mean .5, squares .09 + .01 + .16 over 2 is .13, over 3 clusters.
    got = found(line([0.2, 0.4, 0.9]), null=0.0)
    assert got.se == pytest.approx(math.sqrt(0.13 / 3))
    assert got.sd == pytest.approx(math.sqrt(0.13))


def test_a_null_refuted_and_nothing_above_it_is_exceeded_all_the_same() -> None:
    got = _edge(lambda x: x <= 0.3, 0.0, 1.0, [0.3])
    assert 0.3 < got < 0.3 + 1e-5
    assert _edge(lambda x: x <= 0.2, 0.0, 1.0, [0.3]) == pytest.approx(0.2, abs=1e-5)
    assert _edge(lambda x: False, 0.0, 1.0, [0.3]) == 0.0


def test_the_two_sided_interval_has_half_of_its_error_at_each_end() -> None:
    got = found(line(discordant(800, 0.02)), null=0.0, nulls=[0.0], confidence=0.9)
    assert (got.ci_lo, got.ci_hi) == (got.lower, got.upper)
    wider = found(line(discordant(800, 0.02)), null=0.0, nulls=[0.0], confidence=0.99)
    assert -1 < wider.ci_lo < got.ci_lo < got.ci_hi < wider.ci_hi < 1
