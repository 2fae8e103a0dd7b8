from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from evaluators.agi_levels.gather import placements
from evaluators.agi_levels.placing import Placement, Result, place
from measurand.stats.percentiles import among_with_items
from pipelines.agi_levels import shipped
from schemas.agi_levels.norms import Norm, Task
from schemas.agi_levels.params import Rules

RULES = Rules()
WORDS = (200, "test")
NORM: TypeAdapter[Norm] = TypeAdapter(Norm)
Made = Callable[..., dict[str, Any]]


def one(made: Made, result: Result, **norm: Any) -> Placement:
    return place(result, NORM.validate_python(made(**norm)), RULES, WORDS)


def scored(score: float, **task: Any) -> Result:
    return Result("m", Task(id="t", **task), score=score)


def below(k: int, n: int) -> dict[str, Any]:
    return {"counts": {0.0: k, 2.0: n - k} if n > k else {0.0: k}}


@pytest.mark.parametrize(
    ("k", "n", "level", "possible"),
    [(47, 50, 2, 3), (50, 50, 3, 4), (300, 300, 4, 4), (180, 200, 2, 3), (30, 50, None, 2)],
)
def test_people_decide(norms_file: Made, k: int, n: int, level: int | None, possible: int) -> None:
    found = one(norms_file, scored(1.0), **below(k, n))
    assert (found.level, found.possible) == (level, possible)
    assert found.n == n
    assert "score_without_error" in found.flags


def test_too_few_people_show_no_more(norms_file: Made) -> None:
    """28 people, all below: P(>= .9) is .98, and the floor of 29 forbids Expert."""
    found = one(norms_file, scored(1.0), **below(28, 28))
    assert found.p[1] > 0.95
    assert found.level == 2
    assert "norm_below_floor" in found.flags


def test_items_of_the_model_widen_the_place(norms_file: Made) -> None:
    items = tuple(map(str, range(200)))
    values = np.repeat([1.0, 0.0], [144, 56])
    result = Result("m", Task(id="t"), items, values, items)
    found = one(norms_file, result, kind="moments", mean=0.6, sd=0.12, n=200)
    assert (found.level, found.possible) == (2, 3)
    assert (found.place.ci_lo, found.place.ci_hi) == pytest.approx((0.67, 0.94), abs=0.01)
    assert "normal_assumed" in found.flags
    far = one(norms_file, scored(0.95), kind="moments", mean=0.6, sd=0.12, n=200, bounded=True)
    assert "extrapolated" in far.flags
    assert far.level is None


def test_one_score_four_groups() -> None:
    """Only the interval of the 90th would have to clear .90 for Expert; it does not."""
    norms, _ = shipped.read("bar_exam")
    result = Result("m", Task(id="uniform_bar_examination"), score=298.0)
    found = {n.id: place(result, n, RULES, WORDS) for n in norms}
    levels = {key: (p.level, p.possible) for key, p in found.items()}
    assert levels == {
        "bar/february": (2, 3),
        "bar/july": (2, 2),
        "bar/first_time": (2, 2),
        "bar/passed": (None, None),
    }
    assert found["bar/february"].words.startswith("at least Competent, possibly Expert")


def test_a_table_of_unknown_size_claims_nothing(norms_file: Made) -> None:
    found = one(norms_file, scored(298), kind="table", rows={298: 90})
    assert found.level is None
    assert "size_unknown" in found.flags
    many = one(norms_file, scored(298), kind="table", rows={298: 70}, n=400)
    assert many.level == 2


@pytest.mark.parametrize(
    "norm",
    [
        {"kind": "mean_only", "mean": 0.1},
        {"kind": "time", "minutes": {"a": 3}},
        {"kind": "relative"},
    ],
)
def test_means_times_and_ranks_carry_no_level(norms_file: Made, norm: dict[str, Any]) -> None:
    found = one(norms_file, scored(1.0), **norm)
    assert (found.level, found.possible, found.p, found.place.value) == (None, None, (), None)
    assert "no level" in found.words


def test_a_mean_says_above_or_below_as_far_as_the_items_tell(norms_file: Made) -> None:
    items = tuple(map(str, range(40)))
    for share, side in ((1.0, "above"), (0.0, "below"), (0.5, "not told apart")):
        values = np.repeat([1.0, 0.0], [int(40 * share), 40 - int(40 * share)])
        result = Result("m", Task(id="t"), items, values, items)
        assert one(norms_file, result, kind="mean_only", mean=0.5).words.startswith(side)


def test_shared_items_are_resampled_together(norms_file: Made) -> None:
    norms, _ = shipped.read("psych")
    [norm] = [n for n in norms if n.id == "lsat/section_6"]
    own = np.array([1.0, 1.0, 0.0, 1.0, 1.0])
    result = Result("m", Task(id=norm.task), ("Q1", "Q2", "Q3", "Q4", "Q5"), own, tuple("12345"))
    found = place(result, norm, RULES, WORDS)
    people = np.repeat(
        [[float(c) for c in p] for p in norm.patterns], list(norm.patterns.values()), axis=0
    )
    joint = among_with_items(own, people, resamples=200, seed_words=("test",))
    assert found.p == joint.at_least((0.5, 0.9, 0.99))
    # All right on five items: the next ones may be wrong.
    every = Result(
        "m", Task(id=norm.task), ("Q1", "Q2", "Q3", "Q4", "Q5"), np.ones(5), result.clusters
    )
    assert place(every, norm, RULES, WORDS).place.ci_lo < 0.4
    part = Result("m", Task(id=norm.task), ("Q1", "Q2"), own[:2], ("1", "2"))
    assert "version_break" in place(part, norm, RULES, WORDS).flags


def test_remarks(norms_file: Made) -> None:
    group = {"name": "g", "definition": "d", "reference": "other", "tools": "calculator"}
    found = one(
        norms_file,
        scored(2.0, tools="none", contaminated=True, version="2"),
        group=group,
        task_version="1",
        synthetic=True,
        counts={0.0: 10, 2.0: 10},
        maximum=2,
    )
    assert set(found.flags) >= {
        "tools_mismatch", "contaminated", "version_break", "not_skilled_adults", "synthetic",
        "ceiling",
    }  # fmt: skip


def test_people_at_the_top_leave_no_room_for_virtuosos(norms_file: Made) -> None:
    """1% at the maximum: strictly below is never .99."""
    counts = {"counts": {0.0: 4950, 10.0: 50}, "maximum": 10}
    found = one(norms_file, scored(9.0), **counts)
    assert found.p[2] < 0.95
    top = one(norms_file, scored(10.0), **counts)
    assert top.p[2] > 0.95
    assert top.level == 3
    assert "ceiling" in top.flags
    assert "ceiling_caps" not in top.flags


def test_superhuman_needs_a_reason_outside_of_the_sample(norms_file: Made) -> None:
    people = {"counts": {0.0: 400}}
    assert one(norms_file, scored(1.0), **people).level == 4
    assert one(norms_file, scored(1.0, superhuman_basis="exact solver"), **people).level == 5
    some = {"counts": {0.0: 40, 2.0: 5}, "maximum": 9}
    assert one(norms_file, scored(1.0, superhuman_basis="exact solver"), **some).level == 2


def test_emerging_stands_against_unskilled_adults(norms_file: Made) -> None:
    skilled = norms_file(**below(0, 60))
    group = {"name": "novices", "definition": "d", "reference": "unskilled"}
    novices = norms_file(**below(55, 60), id="u", group=group)
    norms = [NORM.validate_python(n) for n in (skilled, novices)]
    found = {p.norm: p for p in placements([scored(1.0)], norms, RULES, 200, ("x",))}
    assert (found["u"].level, found["u"].words) == (1, "Emerging (against novices)")
    assert found["n"].level == 1
    alone = placements([scored(1.0)], norms[:1], RULES, 200, ("x",))[0]
    assert alone.level is None
    assert "group_unskilled_missing" in alone.flags
    weak = NORM.validate_python(norms_file(**below(5, 60), id="u", group=group))
    both = {p.norm: p for p in placements([scored(1.0)], [norms[0], weak], RULES, 200, ("x",))}
    assert (both["n"].level, both["u"].level) == (None, None)
    assert both["u"].words == "not shown to be Emerging (against novices)"
    assert "group_unskilled_missing" not in both["n"].flags


def test_scales_that_differ_are_a_row_and_no_percentile(norms_file: Made) -> None:
    items = tuple("abcd")
    rates = Result("m", Task(id="t"), items, np.array([1.0, 0.0, 1.0, 1.0]), items)
    for norm in (
        {"counts": {200.0: 10, 800.0: 10}},
        {"kind": "moments", "mean": 500, "sd": 100, "n": 90},
        {"kind": "table", "rows": {200: 10, 800: 99}},
    ):
        found = one(norms_file, rates, **norm)
        assert found.place.value is None
        assert "another scale" in found.words
    assert one(norms_file, rates, counts={0.0: 10, 2.0: 10}).place.value == 0.5
    signed = Result("m", Task(id="t"), items, np.array([-1.0, 1.0, 1.0, 1.0]), items)
    assert one(norms_file, signed, counts={2.0: 10, 3.0: 10}).place.value == 0
    beyond = one(norms_file, scored(900.0), counts={200.0: 10, 800.0: 10}, maximum=800)
    assert beyond.level is None
    assert "beyond the best possible" in beyond.words
    assert one(norms_file, scored(700.0), counts={200.0: 10, 800.0: 10}).place.value == 0.5


def test_places_among_true_scores_stand_beside(norms_file: Made) -> None:
    plain = {"kind": "moments", "mean": 0.6, "sd": 0.12, "n": 200}
    assert one(norms_file, scored(0.75), **plain).among_true is None
    found = one(norms_file, scored(0.75), **plain, reliability=0.8)
    assert found.among_true is not None
    assert found.among_true.value == pytest.approx(0.91881, abs=1e-4)  # Phi(1.25 / sqrt .8)
    assert found.place.value == pytest.approx(0.89435, abs=1e-4)


@pytest.mark.parametrize(
    ("norm", "why"),
    [
        ({"kind": "time", "minutes": {"a": 3}}, "minutes of people give a horizon"),
        ({"kind": "relative"}, "a rank among models"),
    ],
)
def test_what_gives_no_percentile_is_named(
    norms_file: Made, norm: dict[str, Any], why: str
) -> None:
    found = one(norms_file, scored(1.0), **norm)
    assert found.words == f"no level: {why}"
    assert found.place.reason == f"{why}, no percentile"


def test_runs_have_the_share_of_the_variance_that_they_make(norms_file: Made) -> None:
    rng = np.random.default_rng(5)
    items = tuple(map(str, range(80)))
    own = rng.normal(0.6, 0.1, 80)
    runs = np.stack([own + shift + rng.normal(0, 0.02, 80) for shift in (-0.02, 0.0, 0.02)], 1)
    result = Result("m", Task(id="t"), items, runs.mean(1), items, runs)
    found = one(norms_file, result, kind="moments", mean=0.6, sd=0.12, n=20000)
    assert result.run_se is not None
    drawn = runs.mean(1).var(ddof=1) / 80
    assert found.runs == pytest.approx(result.run_se**2 / (result.run_se**2 + drawn), abs=0.03)
    assert 0.2 < found.runs < 0.8
    # Where nothing varies any more there is nothing to be a share of.
    assert one(norms_file, result, kind="moments", mean=0.1, sd=1e-3, n=20000).runs == 0.0
    alone = Result("m", Task(id="t"), items, runs.mean(1), items)
    assert one(norms_file, alone, kind="moments", mean=0.6, sd=0.12, n=20000).runs is None


def test_where_items_alone_are_drawn_no_variance_is_of_the_runs() -> None:
    norms, _ = shipped.read("psych")
    [norm] = [n for n in norms if n.id == "lsat/section_6"]
    runs = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    asked = ("Q1", "Q2", "Q3", "Q4", "Q5")
    result = Result("m", Task(id=norm.task), asked, runs.mean(1), tuple("12345"), runs)
    assert (result.run_se or 0) > 0
    assert place(result, norm, RULES, WORDS).runs == 0.0
