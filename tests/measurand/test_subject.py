from __future__ import annotations

import pyarrow as pa

from measurand.stats.estimate import Estimate
from measurand.subject import Subject, frame, in_order, measured

ONE = Subject("s", "m", 7, 100)


def test_seed_words_know_the_seed_and_no_model() -> None:
    assert ONE.words("a", "b") == ("s", 7, "a", "b")
    assert Subject("s", "other", 7, 5).words() == ONE.words()


def test_scores_bear_the_reliability_that_follows_them() -> None:
    figures = {"mean": Estimate(1.0), "again": Estimate(2.0)}
    rows = list(ONE.scored({"k": "4"}, figures, "alpha", Estimate(0.5)))
    told = [(r["metric"], r["slice"], r["estimate"], r["reliability"]) for r in rows]
    assert told == [
        ("mean", "k=4", 1.0, 0.5),
        ("again", "k=4", 2.0, 0.5),
        ("alpha", "k=4,of=mean", 0.5, None),
    ]
    assert [r["metric"] for r in ONE.scored({}, figures, None, Estimate(0.5))] == ["mean", "again"]


def test_the_listed_come_first_and_the_rest_is_sorted() -> None:
    assert in_order({"c", "a", "z", "b"}, ["z", "x", "b", "z"]) == ["z", "b", "a", "c"]


def test_a_table_is_a_frame() -> None:
    assert frame(pa.table({"x": [1, None]}))["x"].to_list() == [1, None]


def test_reports_are_about_what_is_no_control_or_about_controls_where_nothing_else_ran() -> None:
    class Player(Subject):
        scripts = ("random",)

    names = ("oracle:solver", "random", "hf:m", "synthetic:shaped", "oracles")
    everyone = [Player("s", name, 7, 100) for name in names]
    assert [one.model for one in measured(everyone)] == ["hf:m", "oracles"]
    assert measured(everyone[:2]) == everyone[:2]
    assert not Subject("s", "random", 7, 100).is_control
