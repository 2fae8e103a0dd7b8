from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import measurand
from measurand.analysis import findings
from measurand.stats.means import required_n


def score(rates: dict[str, float], n: int = 200, **more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    data = {
        "item_id": [f"i{k}" for k in range(n)] * len(rates),
        "model": [m for m in rates for _ in range(n)],
        "value": [float(x) for r in rates.values() for x in rng.random(n) < r],
        "metric": ["acc"] * n * len(rates),
    }
    found: dict[str, Any] = measurand.analyse(data).record["scores"][0]
    return found | more


def test_a_difference_that_is_shown() -> None:
    said = findings.sentence(score({"a": 0.9, "b": 0.4}))
    assert said.startswith("acc: a is better; +0.")
    said = findings.sentence(score({"a": 0.9, "b": 0.4, "c": 0.3}))
    assert "better than all 2 others" in said


def test_where_less_is_better_the_other_one_is() -> None:
    said = findings.sentence(score({"a": 0.9, "b": 0.4}, higher_is_better=False))
    assert said.startswith("acc: b is better; -0.")


def test_one_that_is_not_shown_says_what_it_would_take() -> None:
    one = score({"a": 0.62, "b": 0.55, "c": 0.1})
    said = findings.sentence(one)
    assert "not shown to be better" in said
    assert "better than c" in said
    found = next(p for p in one["pairs"] if "c" not in (p["a"], p["b"]))["difference"]
    needed = required_n(found["se"] * 200**0.5, found["value"], alpha=0.05 / 3)
    told = re.search(r"some ([\d,]+) items", said)
    assert told is not None
    assert int(told[1].replace(",", "")) == pytest.approx(needed, abs=1)
    assert "(now 200)" in said


def test_equal_models_are_level() -> None:
    data = {"item_id": [*"abcd"] * 2, "model": ["x"] * 4 + ["y"] * 4, "value": [1, 0, 1, 0] * 2}
    one = measurand.analyse(data).record["scores"][0]
    assert findings.sentence(one) == "value: x and y are level: +0 [-0.602, 0.602] from y."


def test_a_mean_of_other_items_is_no_lead() -> None:
    data = {"item_id": [*"abc", *"acd"], "model": [*"xxx", *"yyy"], "value": [0, 1, 0, 0, 0, 0]}
    said = findings.sentence(measurand.analyse(data).record["scores"][0])
    assert said.startswith("value: x has the better mean, but not on the 2 items that both have")


def test_many_scores_are_counted_and_single_models_left_out() -> None:
    one = score({"a": 0.9, "b": 0.4})
    lines = list(findings.sentences([one] * 9 + [score({"a": 0.5})]))
    assert len(lines) == findings.MOST + 1
    assert lines[-1].startswith("3 more scores")


def test_the_page_begins_with_it() -> None:
    data = {
        "item_id": [*"abcd"] * 2,
        "model": ["x"] * 4 + ["y"] * 4,
        "value": [1, 0, 1, 1] + [0] * 4,
    }
    text = measurand.analyse(data).render("text")
    assert text.index("In short") < text.index("Every score")
