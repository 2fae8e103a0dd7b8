"""Labels beside a judge's scores: whose they are, what they say, what is refused."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from measurand.analysis.people import Ask, Labels, match, record
from measurand.analysis.scores import Score, scores
from measurand.errors import InputError
from measurand.interop.account import Account
from measurand.interop.rows import NOBODY, Collector, Log, Wish, finish
from measurand.stats.corrected import corrected_mean


def _scores(
    rows: list[tuple[str, str, str, int, float]],
    *,
    cluster: int = 1,
    part: bool = False,
    say: str = "",
) -> list[Score]:
    """Scores of (model, metric, item, repeat, value)."""
    found = Collector()
    for model, metric, item, repeat, value in rows:
        number = int(item[1:])
        document = hashlib.sha256(f"{say}{item}".encode()).hexdigest() if say else None
        found.add(
            *(model, metric, item, repeat, f"p{number // cluster}", value, "ok", None),
            *(f"side={'ab'[number % 2]}" if part else "", NOBODY, document),
        )
    log = Log("toy", found.table(), "", "", Account())
    return list(scores(finish([log], "toy", Wish(), Account())))


def _world(n: int = 400, labelled: int = 80, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < 0.7).astype(float)
    judged = np.where(rng.random(n) < 0.85, truth, 1 - truth)
    return judged, np.where(rng.permutation(n) < labelled, truth, np.nan)


def _rows(values: np.ndarray, model: str = "judge", metric: str = "ok") -> list:
    return [
        (model, metric, f"q{i:04d}", 0, float(v)) for i, v in enumerate(values) if not np.isnan(v)
    ]


def test_the_record_is_the_statistic_on_the_joined_rows() -> None:
    f, y = _world()
    judged, people = _scores(_rows(f)), _scores(_rows(y, "human"))
    found = record(judged, match(judged, people), Ask(width=0.1, next=7))
    one = found["scores"][0]
    expected = corrected_mean(f, y)
    assert one["corrected"]["value"] == pytest.approx(expected.mean.value)
    assert one["corrected"]["ci_lo"] == pytest.approx(expected.mean.ci_lo)
    assert (one["labelled"], one["items"]) == (80, 400)
    known = ~np.isnan(y)
    assert one["agreement"] == pytest.approx((f == y)[known].mean())
    assert one["needed"]["more"] == one["needed"]["labels"] - 80 > 0
    assert len(set(found["next"])) == 7
    assert not set(found["next"]) & {f"q{i:04d}" for i in np.flatnonzero(known)}
    assert found["findings"] == []


def test_rows_in_another_order_give_the_same_record() -> None:
    f, y = _world()
    judged, people = _scores(_rows(f)), _scores(_rows(y, "human"))
    turned = _scores(_rows(f)[::-1]), _scores(_rows(y, "human")[::-1])
    ask = Ask(width=0.1, next=5)
    assert record(judged, match(judged, people), ask) == record(turned[0], match(*turned), ask)


def test_items_to_label_next_do_not_depend_on_scores() -> None:
    f, y = _world()
    people = _scores(_rows(y, "human"))
    for values in (f, 1 - f):
        judged = _scores(_rows(values))
        found = record(judged, match(judged, people), Ask(next=40))["next"]
        assert found == record(judged, match(judged, people), Ask(next=60))["next"][:40]
        picked = np.array([f[int(i[1:])] for i in found])
        assert abs(picked.mean() - f.mean()) < 0.25


def test_labels_that_were_chosen_by_score_are_noticed() -> None:
    f, _ = _world()
    chosen = np.where((f == 0) & (np.arange(400) < 300), 0.0, np.nan)
    judged, people = _scores(_rows(f)), _scores(_rows(chosen, "human"))
    found = record(judged, match(judged, people), Ask())
    assert "do not look like a random draw" in found["findings"][0]


def test_two_models_are_compared_as_people_would() -> None:
    f, y = _world()
    g, z = _world(seed=2)
    judged = _scores([*_rows(f, "a"), *_rows(g, "b")])
    people = _scores([*_rows(np.where(np.isnan(z), np.nan, y), "a"), *_rows(z, "b")])
    pair = record(judged, match(judged, people), Ask())["pairs"][0]
    both = np.where(np.isnan(y), np.nan, y - z)
    assert (pair["a"], pair["b"]) == ("a", "b")
    assert pair["difference"]["value"] == pytest.approx(corrected_mean(f - g, both).mean.value)
    wins = corrected_mean((1 + np.sign(f - g)) / 2, (1 + np.sign(both)) / 2).mean
    assert pair["wins"]["value"] == pytest.approx(wins.value)


def test_slices_show_where_the_judge_is_biased_and_serve_as_strata() -> None:
    f, y = _world(600, 200)
    f = np.where(np.arange(600) % 2, f, 1.0)
    judged, people = _scores(_rows(f), part=True), _scores(_rows(y, "human"))
    found = record(judged, match(judged, people), Ask(stratified=True))["scores"][0]
    bias = {part["slice"]: part["bias"]["value"] for part in found["slices"]}
    assert bias["side=a"] > 0.2 > abs(bias["side=b"])
    sides = np.arange(600) % 2
    assert found["corrected"]["value"] == pytest.approx(
        corrected_mean(f, y, strata=sides).mean.value
    )
    with pytest.raises(InputError, match="without slices"):
        record(_scores(_rows(f)), match(judged, people), Ask(stratified=True))


def test_repeats_of_the_judge_that_differ_are_counted() -> None:
    f, y = _world(100, 40)
    again = np.where(np.arange(100) < 25, 1 - f, f)
    rows = _rows(f) + [
        (m, k, i, 1, float(v)) for (m, k, i, _, _), v in zip(_rows(f), again, strict=True)
    ]
    judged = _scores(rows)
    found = record(judged, match(judged, _scores(_rows(y, "human"))), Ask())["scores"][0]
    assert found["flips"] == 0.25
    assert found["corrected"]["value"] == pytest.approx(
        corrected_mean((f + again) / 2, y).mean.value
    )


def test_labels_of_nothing_judged_are_told() -> None:
    f, y = _world()
    more = [*_rows(y, "human"), ("human", "ok", "q9001", 0, 1.0)]
    judged = _scores(_rows(f))
    found = match(judged, _scores(more))
    assert "1 labels of items that were not judged (q9001)" in found.lost[0]
    assert record(judged, found, Ask())["scores"][0]["labelled"] == 80


@pytest.mark.parametrize(
    ("judged", "people", "why"),
    [
        ([("a", "ok", "q1", 0, 1.0)], [("h", "ok", "q2", 0, 1.0)], "no label belongs"),
        (
            [("a", "ok", "q1", 0, 1.0), ("b", "ok", "q1", 0, 1.0)],
            [("h", "ok", "q1", 0, 1.0)],
            "labels of h for models a, b",
        ),
        (
            [("a", "ok", "q1", 0, 1.0), ("a", "em", "q1", 0, 1.0)],
            [("a", "rating", "q1", 0, 1.0)],
            "labels of rating for scores em, ok",
        ),
    ],
)
def test_labels_that_cannot_be_placed_are_refused(judged: list, people: list, why: str) -> None:
    with pytest.raises(InputError, match=why) as refused:
        match(_scores(judged), _scores(people))
    assert refused.value.code == "labels_unmatched"
    assert refused.value.hint


def test_one_id_that_is_two_documents_is_refused() -> None:
    f, y = _world(20, 10)
    with pytest.raises(InputError, match="another document") as refused:
        match(_scores(_rows(f), say="x"), _scores(_rows(y, "human"), say="y"))
    assert refused.value.code == "item_changed"
    assert match(_scores(_rows(f), say="x"), _scores(_rows(y, "human"), say="x")).values


def test_clusters_widen_the_interval() -> None:
    rng = np.random.default_rng(4)
    group = np.repeat(rng.random(80), 5)
    truth = (rng.random(400) < group).astype(float)
    f = np.where(rng.random(400) < 0.9, truth, 1 - truth)
    y = np.where(np.isin(np.arange(400) // 5, rng.permutation(80)[:30]), truth, np.nan)
    widths = []
    for size in (1, 5):
        judged = _scores(_rows(f), cluster=size)
        found = record(judged, match(judged, _scores(_rows(y, "h"))), Ask())["scores"][0]
        widths.append(found["corrected"]["ci_hi"] - found["corrected"]["ci_lo"])
    assert widths[1] > widths[0]
    assert Labels().lost == []
